"""Captures that wait: pipes with names, so that a test decides when somebody has read how much."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from msra.jobs.sources import Source
from tests.conformance.expected import PCAPS

GOOD = PCAPS / "v2_err61_passwords_dont_match.pcapng"
OTHER = PCAPS / "v2_ok_49230.pcap"
PATIENCE = 120


def source(path: Path) -> Source:
    """As find_sources would give it for a regular file; a pipe is left to any process, too."""
    return Source(str(path), path, size=path.stat().st_size)


def pipe(folder: Path) -> Path:
    """A capture that is not there before somebody writes it."""
    path = folder / "pipe.pcapng"
    os.mkfifo(path)
    return path


@contextmanager
def being_read(path: Path) -> Iterator[BinaryIO]:
    """The other end of a pipe, once somebody has opened it and has read the first half of a capture."""
    content = GOOD.read_bytes()
    with path.open("wb", buffering=0) as stream:
        stream.write(content[: len(content) // 2])
        yield stream


def feed(path: Path) -> None:
    """Write a whole capture into a pipe."""
    path.write_bytes(GOOD.read_bytes())


def until(happened: Callable[[], object]) -> None:
    """Wait for something that must happen soon."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Whether a process has ended, with all of its threads; one that nobody has waited for yet has, too."""
    process = Path(f"/proc/{pid}")
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state == "Z" and len(list((process / "task").iterdir())) == 1
    except OSError:
        return True


def opened_by(pid: int) -> list[Path]:
    """The files that a process has open; needs /proc."""
    found = []
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            found.append(link.readlink())
    return found


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have; needs /proc."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found + [below for child in found for below in descendants(child)]
