"""Fuzzing: the command behind `make fuzz`. Half of the time is for the decoders, half for the plugin in Wireshark."""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.table import put_into
from tests.dissector.tshark import Sandbox
from tests.fuzz import LARGEST, REGRESSIONS, SECONDS
from tests.fuzz.figures import START, Figures, to_markdown
from tests.fuzz.oracles import ORACLES
from tests.fuzz.plugin import check, reduced
from tests.fuzz.seeds import seeds
from tests.fuzz.sessions import LEVELS, batch

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / ".build" / "fuzz"
"""What was found to reach new code, kept for the next run."""
MEGABYTES = 2048
PLUGIN = "plugin"


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


def run_plugin(tshark: str, seconds: float) -> tuple[int, list[Path]]:
    """Fuzz the plugin in this tshark; returns how many sessions it dissected, and the captures that broke it."""
    os.environ["MSRA_TSHARK"] = tshark
    until, tried, found = time.monotonic() + seconds, 0, []
    first = time.time_ns()  # other batches in each run
    with Sandbox() as sandbox:
        for seed in itertools.count(first):
            made = batch([*LEVELS][seed % len(LEVELS)], seed)
            try:
                check(sandbox, made.capture(seed), seed)
            except AssertionError as error:
                print(f"{made.level} {seed}: {error}"[:4000], file=sys.stderr)
                found.append(keep(PLUGIN, reduced(sandbox, made, seed)))
            tried += len(made.sessions)
            if time.monotonic() > until:
                break
    return tried, found


def keep(oracle: str, data: bytes) -> Path:
    """Write what broke an oracle where the tests find it."""
    path = REGRESSIONS / f"{oracle}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def tshark_of(word: str) -> tuple[str, str]:
    """The title and path of a tshark: a program, or a Debian release that tests/wireshark-version sets up."""
    path = subprocess.run(["which", word], capture_output=True, text=True, check=False).stdout.strip()
    if not path:
        setup = [str(ROOT / "tests" / "wireshark-version"), word]
        path = subprocess.run(setup, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    version, lua = (re.search(pattern, " ".join(said.split())) for pattern in (r"\d+\.\d+\.\d+", r"Lua \d+\.\d+"))
    return f"plugin in Wireshark {version[0] if version else '?'} ({lua[0] if lua else 'no Lua'})", path


def fuzz_decoders(oracles: Sequence[str], seconds: float) -> Figures:
    """All of them in turn."""
    broken, total = 0, 0
    for oracle in oracles:
        tried, found = run(oracle, max(int(seconds / len(oracles)), 1))
        total += tried
        print(f"{oracle}: {tried:,} inputs" + (f", broken by {found}" if found else ""), flush=True)
        broken += bool(found)
    return Figures(f"decoders and readers in Python ({len(oracles)} oracles)", "inputs", total, seconds, broken)


def fuzz_plugin(tshark: str, seconds: float) -> Figures:
    """The plugin in one tshark."""
    title, path = tshark_of(tshark)
    tried, found = run_plugin(path, seconds)
    print(f"{title}: {tried:,} sessions" + (f", broken by {[*map(str, found)]}" if found else ""), flush=True)
    return Figures(title, "sessions", tried, seconds, len(found))


def main() -> int:
    """The command line; the exit status is 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="for all together")
    parser.add_argument("--tshark", nargs="*", default=["tshark"], help="programs, or Debian releases: trixie, sid")
    parser.add_argument("--readme", type=Path, help="write the figures into this file, too")
    parser.add_argument(
        "--only", nargs="*", default=[PLUGIN, *ORACLES], metavar="oracle", help=f"{PLUGIN}, a decoder's"
    )
    options = parser.parse_args()
    oracles = [oracle for oracle in options.only if oracle != PLUGIN]
    tsharks = options.tshark if PLUGIN in options.only else []
    seconds = options.minutes * 60 / (bool(oracles) + bool(tsharks))
    figures = [fuzz_plugin(tshark, seconds / len(tsharks)) for tshark in tsharks]
    if oracles:
        figures.insert(0, fuzz_decoders(oracles, seconds))
    print(table := to_markdown(figures))
    if options.readme:
        options.readme.write_text(put_into(options.readme.read_text("utf-8"), table, START), "utf-8")
    return 1 if any(one.broken for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
