"""Captures that take much more than they are: they are read in little memory, and the limit shows in the report.

Each is read by a process of its own, which may not take more memory. Limits are made smaller, so that small captures
reach them; that the same captures do not fit without the limits is a test, too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.bounds import captures

ROOT = Path(__file__).parents[2]
NONE = 1 << 60

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory of a process")


@dataclass(frozen=True)
class Bound:
    """A capture, the limits that hold it, and what the report says; `proof`: without them it takes too much."""

    capture: str
    limits: dict[str, int] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    note: str = ""
    proof: bool = True
    megabytes: int = 48
    """Memory that reading may take beyond what the program itself does: well between what it takes with and without."""

    def __str__(self) -> str:
        return self.capture


BOUNDS = (
    Bound("messages", {"MAX_REPORT_OF_A_CONNECTION": 8 << 20}, ("left_out",)),
    Bound("orders", {"MAX_REPORT_OF_A_CONNECTION": 4 << 20, "MAX_DECODED": 20_000}, ("left_out",)),
    Bound("small_messages", {"MAX_REPORT": 4 << 20}, ("left_out",), megabytes=20),
    Bound("facts", {"MAX_STORY": 1_000}, ("left_out",), megabytes=20),
    Bound("channels", {"MAX_UNFINISHED": 16 << 20}, ("incomplete_message",)),
    Bound("unfinished", {"MAX_UNFINISHED_IN_ALL": 8 << 20}, ("incomplete_message",)),
    Bound("histories", {"MAX_HISTORIES": 16 << 20}),
    Bound("connections", {"MAX_SESSIONS": 500, "MAX_WAITING": 100}, note="RDP connections, which", megabytes=22),
    Bound("attributes", {"MAX_XML_ATTRIBUTES": 1_000}, megabytes=56),
    Bound("dynamic_channels", gaps=("incomplete_message",), proof=False),
    Bound("claims", gaps=("incomplete_message", "bad_header"), proof=False),
    Bound("gzip_bomb", proof=False),
    Bound("zstd_bomb", proof=False),
)


def read(path: Path, limits: dict[str, int], megabytes: int) -> dict[str, Any] | None:
    """What a process with little memory finds; None if that was not enough."""
    command = [sys.executable, "-m", "tests.bounds.reader", str(path), str(megabytes), json.dumps(limits)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode and "MemoryError" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def made(bound: Bound, tmp_path: Path) -> Path:
    path = tmp_path / "hostile.pcap"
    path.write_bytes(captures.file(bound.capture))
    return path


@pytest.mark.parametrize("bound", BOUNDS, ids=str)
def test_memory_is_bounded(made: Path, bound: Bound) -> None:
    found = read(made, bound.limits, bound.megabytes)
    assert found is not None, "it takes too much memory"
    assert found["error"] is None
    assert set(bound.gaps) <= set(found["gaps"]), found
    assert any(bound.note in note for note in found["notes"]) if bound.note else not found["notes"]
    assert found["last"] == 41, "the session behind is read"


@pytest.mark.parametrize("bound", [bound for bound in BOUNDS if bound.proof], ids=str)
def test_without_the_limit_it_is_not(made: Path, bound: Bound) -> None:
    assert read(made, dict.fromkeys(bound.limits, NONE), bound.megabytes) is None
