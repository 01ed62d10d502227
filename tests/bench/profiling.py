"""Where the embedded engine spends its time: `python -m tests.bench.profiling`."""

from __future__ import annotations

import argparse
import cProfile
import pstats
from collections.abc import Sequence
from pathlib import Path

from msra.engines.embedded import EmbeddedReading
from msra.engines.interface import Options
from tests.bench.__main__ import default_folder
from tests.bench.cases import CASES, captures_of, ensure

PROFILED = "ab"


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=default_folder())
    parser.add_argument("--scale", type=float, default=1)
    parser.add_argument("--lines", type=int, default=30)
    options = parser.parse_args(argv)
    for case in CASES:
        if case.name in PROFILED:
            ensure(case, options.folder, options.scale)
            (capture,) = captures_of(case, options.folder, options.scale).whole
            print(f"({case.name}) {case.title}")
            profile = cProfile.Profile()
            profile.runcall(_read, capture)
            pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(options.lines)


def _read(capture: Path) -> None:
    for _ in EmbeddedReading(capture, Options()).events():
        pass


if __name__ == "__main__":
    main()
