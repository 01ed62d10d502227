"""Fuzzing: every decoder that takes bytes from a capture, on bytes that no honest peer sends.

    make fuzz MINUTES=30                        all oracles in turn, guided by coverage (atheris)
    python -m tests.fuzz --minutes 5 message    some of them

oracles.py and captures.py say what must hold, seeds.py what it starts from, mutations.py how it is changed; what
breaks an oracle is written to tests/regressions/, and test_fuzz.py reads all of it again.
"""

from __future__ import annotations

from pathlib import Path

REGRESSIONS = Path(__file__).parents[1] / "regressions"
SECONDS = 10
"""An input that takes longer hangs."""
LARGEST = 1 << 17
"""Bytes of an input."""
