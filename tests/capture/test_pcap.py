"""Protects the pcap reader: byte orders, units of time, and every kind of broken file."""

import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.buffer import ReadBuffer
from msra.capture.model import CaptureError, CaptureLog, Packet
from msra.capture.pcap import MAGICS, walk_pcap
from msra.limits import MAX_RECORD

MICRO, NANO, MODIFIED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
RECORDS = [(1, 2, b"first"), (1_700_000_000, 999_999, b""), (0xFFFFFFFF, 5, b"third packet")]


def pcap(
    records: Iterable[tuple[int, int, bytes]] = RECORDS, order: str = "<", magic: int = MICRO, link: int = 1
) -> bytes:
    """A file of (seconds, fraction, data); 7 bytes of each packet were not captured."""
    extra = bytes(8) if magic == MODIFIED else b""
    content = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for seconds, fraction, data in records:
        content += struct.pack(order + "IIII", seconds, fraction, len(data), len(data) + 7) + extra + data
    return content


def read(content: bytes, chunk: int = 1 << 20) -> tuple[list[Packet], CaptureLog]:
    """Read a file that arrives in chunks of this size."""
    log = CaptureLog()
    buffer = ReadBuffer(content[at : at + chunk] for at in range(0, len(content), chunk))
    return [packet for records in walk_pcap(buffer, log) for packet in records.packets(range(len(records)))], log


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit"), [(MICRO, 1000), (NANO, 1), (MODIFIED, 1000)])
def test_variants(magic: int, unit: int, order: str) -> None:
    """Times are ns whatever the file counts in; original lengths are kept."""
    content = pcap(order=order, magic=magic, link=113)
    assert content[:4] in MAGICS
    packets, log = read(content)
    assert packets == [
        Packet(number, seconds * 10**9 + fraction * unit, 113, data, len(data) + 7)
        for number, (seconds, fraction, data) in enumerate(RECORDS, 1)
    ]
    assert log == CaptureLog(packets=3)


def test_upper_bits_of_the_link_type() -> None:
    """They tell the length of the frame check sequence."""
    packets, _ = read(pcap(link=0x24000001))
    assert {packet.link_type for packet in packets} == {1}


def test_no_packets() -> None:
    """A capture of nothing is a capture."""
    assert read(pcap([])) == ([], CaptureLog())


@pytest.mark.parametrize("magic", [MICRO, MODIFIED])
def test_cut_at_every_byte(magic: int) -> None:
    """All whole packets come out, then a note names the one that is cut."""
    header = 24 if magic == MODIFIED else 16
    whole = pcap(magic=magic)
    for size in range(24, len(whole)):
        packets, log = read(whole[:size])
        ends = [24 + sum(header + len(data) for *_, data in RECORDS[:count]) for count in range(4)]
        expected = sum(size >= end for end in ends[1:])
        assert len(packets) == log.packets == expected
        notes = [] if size in ends else [f"the file ends in the middle of packet {expected + 1}"]
        assert log.notes == notes
    for size in range(4, 24):
        with pytest.raises(CaptureError, match="the file ends in the middle of its pcap header"):
            read(whole[:size])


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 60))
def test_chunks_of_the_input_do_not_matter(datas: list[bytes], chunk: int) -> None:
    """Records may lie across any border of the buffer."""
    packets, log = read(pcap((number, 0, data) for number, data in enumerate(datas)), chunk)
    assert [packet.data for packet in packets] == datas
    assert log.notes == []


@pytest.mark.parametrize("captured", [MAX_RECORD + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_garbage_between_packets(captured: int) -> None:
    """An impossible length stops the reading; it is not allocated, and what comes before is kept."""
    packets, log = read(pcap() + struct.pack("<IIII", 1, 1, captured, captured) + bytes(100))
    assert len(packets) == 3
    assert log.notes == ["the file is damaged after packet 3; the rest was not read"]


def test_a_large_claim_costs_no_memory() -> None:
    """The largest length that is believed needs no more memory than there are bytes."""
    packets, log = read(pcap() + struct.pack("<IIII", 1, 1, MAX_RECORD, MAX_RECORD) + bytes(100))
    assert len(packets) == 3
    assert log.notes == ["the file ends in the middle of packet 4"]


@given(st.sampled_from(sorted(MAGICS)), st.binary(max_size=200))
def test_any_bytes(magic: bytes, garbage: bytes) -> None:
    """Never anything but CaptureError."""
    try:
        read(magic + garbage)
    except CaptureError:
        assert len(garbage) < 20


@pytest.mark.parametrize("magic", [MICRO, NANO])
@pytest.mark.parametrize("order", ["<", ">"])
def test_wireshark_agrees(magic: int, order: str, tmp_path: Path, tshark: Callable[..., list[str]]) -> None:
    """The builder of these tests makes real pcap files, and they mean the same to both."""
    path = tmp_path / "x"
    path.write_bytes(pcap(RECORDS[:2], order=order, magic=magic))
    lines = tshark(path, "-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.len")
    packets, _ = read(path.read_bytes())
    expected = [f"{p.number}\t{p.time // 10**9}.{p.time % 10**9:09}\t{p.length}" for p in packets]
    assert lines == expected
