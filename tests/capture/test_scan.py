"""The scan: what it leaves out, what it keeps, and within which bounds. That it loses nothing is tested as a whole, in
conformance/test_scan.py.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from msra.capture import scan
from msra.capture.files import open_capture_file
from msra.capture.scan import Scan
from tests.wire import Talk, pcap

CONNECT = bytes.fromhex("030000130ee00000000000") + bytes(8)


def scanned(path: Path, ports: tuple[int, ...] = ()) -> list[int]:
    """The frames that are followed."""
    with open_capture_file(path) as reader:
        found = Scan(reader, lambda: open_capture_file(path), ports)
        return [
            packet.number
            for part in found.parts()
            for packet in part.packets(np.flatnonzero(found.wanted.hold(part.ends)))
        ]


def talk(port: int, payload: bytes) -> list[bytes]:
    conversation = Talk(client_port=port)
    return [*conversation.open(), *conversation.send(True, payload), *conversation.close()]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """7 packets of one connection after another; the third and the fifth carry RDP."""
    talks = [talk(50_000 + number, CONNECT if number in (2, 4) else b"x" * 50) for number in range(40)]
    path = tmp_path / "capture"
    path.write_bytes(pcap([packet for one in talks for packet in one]))
    return path


RDP = [*range(15, 22), *range(29, 36)]


def test_all_packets_of_a_connection(capture: Path) -> None:
    assert scanned(capture) == RDP


def test_ports(capture: Path) -> None:
    assert scanned(capture, (50_000,)) == [*range(1, 8), *RDP]
    assert len(scanned(capture, (49_230,))) == 280


def test_without_room_the_file_is_walked_again(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "MAX_SCAN_KEPT", 3_000)
    assert scanned(capture) == RDP


def test_what_is_kept_is_not_more_than_is_counted(capture: Path) -> None:
    with open_capture_file(capture) as reader:
        for part in Scan(reader, lambda: open_capture_file(capture), ()).parts():
            arrays = (part.row, part.ends.source, part.ends.target, part.seq, part.size, part.control, part.odd)
            assert isinstance(part.records.offsets, np.ndarray) and not isinstance(part.records.data, bytes)
            assert sum(array.nbytes for array in arrays) + part.records.offsets.nbytes <= part.cost


def test_short_runs_are_followed_whole(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_FEW", 1_000)
    assert len(scanned(capture)) == 280


DOUBTFUL = b"x" * 20 + CONNECT + b"y" * 40


@pytest.mark.parametrize("doubts", [1 << 20, 0])
@pytest.mark.parametrize("shared", ["ends where it begins", "starts 14 bytes behind", "no"])
def test_doubts(shared: str, doubts: int, capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connect in the middle of a segment counts if it is seen twice in another way, or if there are too many."""
    monkeypatch.setattr(scan, "MAX_DOUBTS", doubts)
    conversation = Talk(client_port=60_000)
    packets = [*conversation.open(), *conversation.send(True, DOUBTFUL)]
    if shared == "ends where it begins":
        packets.append(conversation.packet(True, 0x10, DOUBTFUL[:20], sequence=1001))
    elif shared == "starts 14 bytes behind":
        packets.append(conversation.packet(True, 0x10, DOUBTFUL[34:], sequence=1001 + 34))
    content = capture.read_bytes()
    capture.write_bytes(content + pcap(packets)[24:])
    more = [*range(281, 281 + len(packets))]
    assert scanned(capture) == RDP + (more if shared != "no" or not doubts else [])


def test_unsupported_link_types_are_counted(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(capture.read_bytes())
    struct.pack_into("<I", content, 20, 147)
    capture.write_bytes(content)
    for few in (1, 1_000):
        monkeypatch.setattr(scan, "_FEW", few)
        with open_capture_file(capture) as reader:
            assert Scan(reader, lambda: open_capture_file(capture), ()).unsupported == {147: 280}
