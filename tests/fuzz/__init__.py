"""Fuzzing: everything that takes bytes from a capture, on bytes that no honest peer sends.

    make fuzz MINUTES=30                               all of it
    make fuzz-readme MINUTES=300                       the same, and its figures into the README
    python -m tests.fuzz --minutes 5 --only message    some of it

The decoders in Python are fuzzed guided by coverage (atheris): oracles.py and captures.py say what must hold, seeds.py
what it starts from, mutations.py how it is changed. For the plugin, sessions.py mutates many sessions at a time,
plugin.py has each Wireshark dissect them, and agreement.py compares what it finds with what the package finds.

What breaks something is written to tests/regressions/; test_fuzz.py and test_plugin.py read all of it again.
"""

from __future__ import annotations

from pathlib import Path

REGRESSIONS = Path(__file__).parents[1] / "regressions"
SECONDS = 10
"""An input that takes longer hangs."""
LARGEST = 1 << 17
"""Bytes of an input."""
