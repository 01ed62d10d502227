"""The scan loses nothing: what is read with it is, to the last event, what following every connection gives."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from msra.capture import buffer, scan, selection
from msra.engines.embedded import EmbeddedReading
from msra.engines.interface import Options
from msra.engines.tcp_walk import TcpWalk
from msra.events import ConnectFailed, Event, Message
from tests.bench import captures
from tests.conformance.expected import PCAPS, load
from tests.mixes import capture

SEEDS = range(60)
CAPTURES = sorted(path for path in PCAPS.iterdir() if ".pcap" in path.name)
Result = tuple[list[Event], int, list[str]]


def read(path: Path | None, options: Options, full: bool) -> Result:
    reading = EmbeddedReading(path, options, full=full)
    events = list(reading.events())
    return events, reading.packets, sorted(reading.notes)


@pytest.fixture(params=["large blocks", "small blocks", "nothing kept"])
def blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every run of records is scanned, however short it is; and files are read in blocks of several sizes."""
    monkeypatch.setattr(scan, "_FEW", 4)
    monkeypatch.setattr(selection, "SMALL", 0)
    monkeypatch.setattr(selection, "SMALL_PACKED", 0)
    if request.param != "large blocks":
        monkeypatch.setattr(buffer, "BLOCK", 5_000)
    if request.param == "nothing kept":
        monkeypatch.setattr(scan, "MAX_SCAN_KEPT", 0)
    return str(request.param)


@pytest.mark.usefixtures("blocks")
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_real_captures(path: Path) -> None:
    keys = {capture.file: capture.keys for capture in load()}.get(path.name, {})
    options = [Options(), Options(decode_as=frozenset({49230, 80}))]
    options += [Options(keylog=PCAPS / name) for key, name in keys.items() if key == "keylog"]
    options += [Options(rdp_keys=(PCAPS / name,)) for key, name in keys.items() if key == "rdp_key"]
    for option in options:
        assert read(path, option, False) == read(path, option, True)


@pytest.mark.parametrize("seed", SEEDS)
def test_mixes(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "SMALL", 0)
    path = tmp_path / "mix"
    path.write_bytes(capture(seed))
    expected = read(path, Options(), True)
    for few, block in ((4, 1 << 22), (20, 4_000)):
        monkeypatch.setattr(scan, "_FEW", few)
        monkeypatch.setattr(buffer, "BLOCK", block)
        assert read(path, Options(), False) == expected


def test_the_mixes_are_worth_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They hold messages, connects that failed, notes, and connections that are left out."""
    monkeypatch.setattr(selection, "SMALL", 0)
    events: list[Event] = []
    notes: set[str] = set()
    followed = {True: 0, False: 0}
    for seed in range(20):
        path = tmp_path / "mix"
        path.write_bytes(capture(seed))
        found, _, said = read(path, Options(), True)
        events += found
        notes.update(said)
        for full in followed:
            followed[full] += sum(1 for _ in TcpWalk(path, ports={3389}, full=full).items())
    assert sum(isinstance(event, Message) for event in events) > 50
    assert sum(isinstance(event, ConnectFailed) for event in events) > 5
    assert notes
    assert followed[False] < followed[True]


@pytest.mark.parametrize("packing", ["gzip", "small gzip", "pipe"])
def test_what_can_be_read_only_in_order(packing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection without RDP is dropped after its first 256 KiB, and followed again when its ports are reused."""
    path = tmp_path / "capture"
    captures.write(path, packets=20_000, sessions=6)
    expected = read(path, Options(), True)
    assert any(isinstance(event, Message) for event in expected[0])
    if packing != "pipe":
        path.write_bytes(gzip.compress(path.read_bytes(), 1))
        monkeypatch.setattr(selection, "SMALL_PACKED", 1 << 30 if packing == "small gzip" else 0)
        assert read(path, Options(), False) == expected
    else:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
        assert read(None, Options(), False) == expected


def test_most_of_a_large_capture_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    captures.write(path, packets=20_000, sessions=6)
    walk = TcpWalk(path, ports={3389})
    followed = {item.connection.number for item in walk.items()}
    full = {item.connection.number for item in TcpWalk(path, full=True).items()}
    assert read(path, Options(), False) == read(path, Options(), True)
    assert 6 <= len(followed) < len(full) / 5
