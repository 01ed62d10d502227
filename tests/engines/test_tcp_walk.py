"""The walk from a file to its streams: counts and notes are the same for both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from msra.capture.tcp import StreamData, StreamHole
from msra.engines.interface import EngineError
from msra.engines.tcp_walk import TcpWalk, endpoints
from msra.events import Endpoint
from tests.conformance.expected import PCAPS
from tests.wire import Talk, pcap


def test_items_and_counts(tmp_path: Path) -> None:
    talk = Talk()
    packets = [*talk.open(), *talk.send(True, b"one"), b"\0" * 60]
    talk.sequence[True] += 10
    (tmp_path / "a").write_bytes(pcap([*packets, *talk.send(True, b"two")]))
    walk = TcpWalk(tmp_path / "a")
    items = list(walk.items())
    assert [item.data for item in items if isinstance(item, StreamData)] == [b"one", b"two"]
    assert [item.size for item in items if isinstance(item, StreamHole)] == [10]
    assert endpoints(items[0].connection) == (Endpoint("10.0.1.1", 50000), Endpoint("10.0.1.2", 49230))
    assert (walk.packets, walk.notes) == (6, [])


def test_a_cut_file_is_a_note() -> None:
    walk = TcpWalk(PCAPS / "cut_file_truncated.pcap")
    assert list(walk.items())
    (note,) = walk.notes
    assert "middle of packet" in note


def test_no_capture_is_an_error(tmp_path: Path) -> None:
    walk = TcpWalk(tmp_path)
    with pytest.raises(EngineError):
        list(walk.items())
    assert (walk.packets, walk.notes) == (0, [])
