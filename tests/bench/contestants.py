"""The programs that are measured, as commands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.bench.measure import Command

ROOT = Path(__file__).parents[2]
FIELDS = (
    "frame.number", "frame.time_epoch", "ip.src", "ip.dst", "tcp.stream", "msra.type", "msra.channel_name",
    "msra.result", "msra.result_name",
)  # fmt: skip
_RUN = "import sys; from msra.commands import analyze_pcap; sys.exit(analyze_pcap())"


@dataclass(frozen=True, slots=True)
class Contestant:
    """`commands` is given the captures and a TLS key log, if there is one."""

    name: str
    commands: Callable[[Sequence[Path], Path | None], list[Command]]
    slow: bool = False
    """It is measured with a part of the captures."""
    starts_tshark: bool = False
    """For each of them: it is slow if they are many."""
    jobs: int = 0
    """It reads so many files at the same time, if this `analyze-pcap` can."""

    def reads_part(self, files: int) -> bool:
        """Whether a part of so many captures has to do."""
        return self.slow or (self.starts_tshark and files > 1)

    def can_read(self, files: int) -> bool:
        """Whether it makes sense for so many."""
        return not self.jobs or (files > 1 and has_jobs())


def _analyze(*options: str) -> Callable[[Sequence[Path], Path | None], list[Command]]:
    def commands(captures: Sequence[Path], keylog: Path | None) -> list[Command]:
        keys = ["--keylog", str(keylog)] if keylog else []
        return [[sys.executable, "-c", _RUN, "-f", "jsonl", *options, *keys, *map(str, captures)]]

    return commands


def _tshark(captures: Sequence[Path], keylog: Path | None) -> list[Command]:
    """Reads one file at a time."""
    command = ["tshark", "-n", "-X", f"lua_script:{ROOT / 'dissector' / 'msra.lua'}", "-Y", "msra", "-T", "fields"]
    command += ["-o", f"tls.keylog_file:{keylog}"] if keylog else []
    command += [part for field in FIELDS for part in ("-e", field)]
    return [[*command, "-r", str(path)] for path in captures]


def _reader(name: str) -> Callable[[Sequence[Path], Path | None], list[Command]]:
    def commands(captures: Sequence[Path], keylog: Path | None) -> list[Command]:
        program = Path(__file__).with_name("readers.py")
        return [[sys.executable, str(program), name, str(keylog or ""), *map(str, captures)]]

    return commands


@cache
def has_jobs() -> bool:
    """Whether this `analyze-pcap` reads several captures at the same time."""
    done = subprocess.run([sys.executable, "-c", _RUN, "--help"], capture_output=True, text=True, check=True)
    return any(line.split()[:1] == ["-j"] for line in done.stdout.splitlines())


READING, WALK, TSHARK = "reading the file", "walking its records (mmap)", "tshark, plugin and fields"


def contestants() -> list[Contestant]:
    """All of them, the physical limits first."""
    found = [Contestant(READING, _reader("read")), Contestant(WALK, _reader("walk"))]
    one_by_one = ("-j", "1") if has_jobs() else ()
    for engine, name, tshark in (("embedded", "embedded", False), ("auto", "auto (tshark)", True)):
        one, two = (_analyze("--engine", engine, *options) for options in (one_by_one, ("-j", "2")))
        found.append(Contestant(f"`analyze-pcap`, {name}", one, starts_tshark=tshark))
        found.append(Contestant(f"`analyze-pcap -j 2`, {name}", two, starts_tshark=tshark, jobs=2))
    found.append(Contestant(TSHARK, _tshark, starts_tshark=True))
    found.append(Contestant("pyshark, plugin", _reader("pyshark"), slow=True))
    return [*found, Contestant("Scapy, `PcapReader`", _reader("scapy"), slow=True)]
