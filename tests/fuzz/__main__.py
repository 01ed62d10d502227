"""Fuzzing guided by coverage: the command behind `make fuzz`."""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz import LARGEST, REGRESSIONS, SECONDS
from tests.fuzz.oracles import ORACLES
from tests.fuzz.seeds import seeds

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / ".build" / "fuzz"
"""What was found to reach new code, kept for the next run."""
MEGABYTES = 2048


def run(oracle: str, seconds: int) -> tuple[int, Path | None]:
    """Fuzz in a process of its own; returns how many inputs it tried, and what broke the oracle, if anything."""
    corpus = CORPUS / oracle
    corpus.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder, "seeds")
        first.mkdir()
        for number, data in enumerate(seeds()[oracle]):
            Path(first, str(number)).write_bytes(data)
        found = Path(folder, "found")
        found.mkdir()
        options = [
            f"-max_total_time={seconds}", f"-max_len={LARGEST}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}",
            f"-artifact_prefix={found}/", "-print_final_stats=1", "-len_control=0",
        ]  # fmt: skip
        command = [sys.executable, "-m", "tests.fuzz.fuzzer", oracle, *options, str(corpus), str(first)]
        finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
        artifacts = sorted(found.iterdir())
        if finished.returncode and not artifacts:
            sys.exit(f"{oracle}: the fuzzer failed\n{finished.stderr[-4000:]}")
        tried = re.search(r"stat::number_of_executed_units:\s*(\d+)", finished.stderr)
        if not artifacts:
            return int(tried[1]) if tried else 0, None
        print(finished.stderr[-4000:] if not tried else finished.stdout[-4000:], file=sys.stderr)
        return int(tried[1]) if tried else 0, keep(oracle, artifacts[0].read_bytes())


def keep(oracle: str, data: bytes) -> Path:
    """Write what broke an oracle where the tests find it."""
    path = REGRESSIONS / f"{oracle}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def main() -> int:
    """The command line; the exit status is 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="for all oracles together")
    parser.add_argument("oracles", nargs="*", default=[*ORACLES], metavar="oracle", help=", ".join(ORACLES))
    options = parser.parse_args()
    broken, total = [], 0
    for oracle in options.oracles:
        tried, found = run(oracle, max(int(options.minutes * 60 / len(options.oracles)), 1))
        total += tried
        print(f"{oracle}: {tried:,} inputs" + (f", broken by {found}" if found else ""), flush=True)
        broken += [found] if found else []
    print(f"{total:,} inputs, {len(broken)} oracles broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
