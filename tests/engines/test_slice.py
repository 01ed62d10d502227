"""Slices for Wireshark: what it says about one is what it says about the whole capture."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from msra.capture import CaptureReader, Packet, scan, selection
from msra.engines.interface import Options
from msra.engines.slice import LARGEST_PACKET, Slice
from msra.engines.tshark import TsharkEngine
from msra.events import Event, Message
from tests.bench import captures
from tests.conformance.expected import PCAPS


def test_packets_pass_and_are_written() -> None:
    stream = io.BytesIO()
    sliced = Slice(stream)
    packets = [Packet(7, 1_000_000_001, 276, b"abc", 3), Packet(9, 5, 1, b"defg", 40)]
    assert list(sliced.passing(packets)) == packets
    sliced.keylog(b"secret")
    large = Packet(10, 6, 1, bytes(LARGEST_PACKET + 1), LARGEST_PACKET + 1)
    assert list(sliced.passing([large])) == [large]
    reader = CaptureReader(io.BytesIO(stream.getvalue()))
    got = [(packet.time, packet.link_type, len(packet.data), packet.length) for packet in reader]
    assert got == [(1_000_000_001, 276, 3, 3), (5, 1, 4, 40), (6, 1, LARGEST_PACKET, LARGEST_PACKET + 1)]
    assert reader.tls_secrets == [b"secret"]
    assert [sliced.original(Event(1, frame, 8)) for frame in (1, 2, 3)] == [Event(1, n, 8) for n in (7, 9, 10)]


def read(path: Path | None) -> tuple[list[Event], int]:
    reading = TsharkEngine().read(path, Options())
    events = list(reading.events())
    return events, reading.packets


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small captures are cut, too."""
    monkeypatch.setattr(selection, "SMALL", 0)
    monkeypatch.setattr(scan, "_FEW", 4)


SAMPLES = (
    "v2_ok_49230.pcap", "v2_tls13_dsb.pcapng", "v2_all48_codes.pcapng", "comp_shared_mppc64k.pcapng",
    "link_any_sll2.pcap", "link_gzip.pcapng.gz", "link_ipv6.pcapng", "link_snaplen128.pcap", "link_vlan.pcap",
    "tcp_lost_segment.pcap", "tcp_out_of_order.pcap", "tcp_tiny_v2.pcapng", "cut_file_truncated.pcap",
    "cut_start50.pcapng", "neg_http.pcapng",
)  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_a_slice_gives_the_same_events(name: str, request: pytest.FixtureRequest) -> None:
    whole = read(PCAPS / name)
    request.getfixturevalue("always")
    assert read(PCAPS / name) == whole


def test_a_large_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frame numbers and times are those of the capture, and Wireshark gets to see little of it."""
    path = tmp_path / "capture"
    captures.write(path, packets=20_000, sessions=4)
    monkeypatch.setattr(selection, "SMALL", 1 << 40)
    whole = read(path)
    assert sum(isinstance(event, Message) for event in whole[0]) > 8
    monkeypatch.setattr(selection, "SMALL", 1 << 20)
    seen: list[int] = []
    passing = Slice.passing
    monkeypatch.setattr(Slice, "passing", lambda *given: (seen.append(p.number) or p for p in passing(*given)))
    assert read(path) == whole
    assert 0 < len(seen) < 2_000


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """No slice is needed: the same events, in the order in which they happen."""
    path = PCAPS / "v2_ok_3389.pcapng"
    whole = read(path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    events, packets = read(None)
    assert sorted(map(repr, events)) == sorted(map(repr, whole[0])) and packets == whole[1]


@pytest.mark.usefixtures("always")
def test_a_capture_without_rdp(tmp_path: Path) -> None:
    captures.write(tmp_path / "capture", packets=500, sessions=0, seed=3)
    events, packets = read(tmp_path / "capture")
    assert events == [] and packets >= 500
