"""How fast: `python -m tests.bench` measures all programs with all captures, and prints the tables."""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from tests.bench.cases import CASES, Captures, Case, captures_of, ensure
from tests.bench.contestants import ROOT, Contestant, contestants
from tests.bench.measure import BenchError, Cost, cost_of_all, median_of
from tests.bench.table import Result, put_into, to_markdown

FOLDER_VARIABLE = "MSRA_BENCH_FOLDER"
LONG = 6.0
"""Seconds after which a contestant gets no further run of a case."""


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add(
        "--folder",
        type=Path,
        default=default_folder(),
        help=f"for the captures (${FOLDER_VARIABLE}; default: %(default)s)",
    )
    add("--runs", type=int, default=5)
    add("--scale", type=float, default=1, help="the size of the captures: 0.01 to try it out")
    add("--readme", type=Path, help="write the tables into this file, too")
    options = parser.parse_args(argv)
    try:
        tables = run(options.folder, options.scale, options.runs)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    print(tables)
    if options.readme:
        options.readme.write_text(put_into(options.readme.read_text("utf-8"), tables), "utf-8")
    return 0


def run(folder: Path, scale: float, runs: int) -> str:
    """Measure everything; returns the tables."""
    programs, results, titles = contestants(), {}, {}
    here = machine()
    for case in CASES:
        ensure(case, folder, scale)
        captures = captures_of(case, folder, scale)
        captures.read()
        titles[case.name] = _title(case, captures, scale)
        for program, result in measured(programs, captures, runs):
            print(f"{case.name}: {program.name}: {result.cost.wall:.2f} s", file=sys.stderr)
            results[program.name, case.name] = result
    return to_markdown(here, titles, [program.name for program in programs], results)


def measured(programs: Sequence[Contestant], captures: Captures, runs: int) -> list[tuple[Contestant, Result]]:
    """All programs in turn, several times: whatever else the machine does meets all of them."""
    costs: dict[Contestant, list[Cost]] = {one: [] for one in programs if one.can_read(len(captures.whole))}
    for _ in range(runs):
        for program, so_far in costs.items():
            if sum(cost.wall for cost in so_far) < LONG:
                so_far.append(_cost(program, captures))
    return [
        (
            program,
            Result(median_of(so_far), len(so_far), captures.parts if program.reads_part(len(captures.whole)) else 1),
        )
        for program, so_far in costs.items()
    ]


def _cost(program: Contestant, captures: Captures) -> Cost:
    if not program.reads_part(len(captures.whole)):
        return cost_of_all(program.commands(captures.whole, captures.keylog))
    start, part = (
        cost_of_all(program.commands(paths, captures.keylog)) for paths in ([captures.nothing], captures.part)
    )
    return start.and_then(part, captures.parts)


def machine() -> str:
    """What the numbers depend on."""
    model = re.search(r"^model name\s*: (.+)$", _text("/proc/cpuinfo"), re.MULTILINE)
    listing = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout
    tshark = re.search(r"\d+\.\d+\.\d+", listing)
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scapy", "pyshark"))
    return (
        f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f} "
        f"before the start), {platform.system()}, Python {platform.python_version()}, "
        f"tshark {tshark[0] if tshark else '?'}, {packages}; captures in the "
        "disk cache."
    )


def _title(case: Case, captures: Captures, scale: float) -> str:
    return f"{case.title} ({captures.size / 1e6:,.1f} MB)" + (f", at scale {scale:g}" if scale != 1 else "")


def default_folder() -> Path:
    """Outside the repository."""
    return Path(os.environ.get(FOLDER_VARIABLE) or Path(tempfile.gettempdir()) / "msra-bench")


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8")
    except OSError:
        return ""


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
