"""Protects the reading of IP and TCP headers, with Scapy as the independent writer."""

import struct
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP, IPOption_RR, fragment
from scapy.layers.inet6 import (
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    PadN,
    fragment6,
)
from scapy.layers.ipsec import AH
from scapy.packet import Packet, Raw

from msra.capture.fragments import FragmentTable
from msra.capture.ip import read_ip, read_ipv4, read_ipv6
from msra.capture.model import Segment

PAYLOAD = bytes(range(250)) * 12
HEADER = TCP(sport=1234, dport=3389, seq=0xFFFFFFF0, ack=77, flags="PA", options=[("NOP", None), ("Timestamp", (1, 2))])
V4, V6 = IP(src="10.0.0.1", dst="10.0.0.2", id=99), IPv6(src="2001:db8::1", dst="fe80::2")
SEGMENTS = {
    4: Segment(b"\x0a\0\0\1", b"\x0a\0\0\2", 1234, 3389, 0xFFFFFFF0, 77, 0x18, PAYLOAD),
    6: Segment(
        bytes.fromhex("20010db8000000000000000000000001"),
        bytes.fromhex("fe800000000000000000000000000002"),
        1234, 3389, 0xFFFFFFF0, 77, 0x18, PAYLOAD,
    ),
}  # fmt: skip


def read(data: bytes, length: int | None = None, fragments: FragmentTable | None = None) -> Segment | None:
    """Read a packet that begins with its IP header."""
    return read_ip(data, 0, len(data) if length is None else length, fragments or FragmentTable())


PACKETS = {
    "IPv4": V4,
    "IPv4 with options": IP(src="10.0.0.1", dst="10.0.0.2", options=[IPOption_RR(routers=["1.2.3.4", "5.6.7.8"])]),
    "IPv6": V6,
    "hop-by-hop": V6 / IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(12))]),
    "routing": V6 / IPv6ExtHdrRouting(addresses=["2001:db8::3", "2001:db8::4"]),
    "destination options": V6 / IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))]),
    "authentication": V6 / AH(nh=6, spi=1, seq=2, icv=bytes(12), payloadlen=4),
    "several": V6 / IPv6ExtHdrHopByHop() / AH(nh=60, icv=bytes(16), payloadlen=5) / IPv6ExtHdrDestOpt(),
    "atomic fragment": V6 / IPv6ExtHdrFragment(id=5) / IPv6ExtHdrDestOpt(),
}


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
def test_headers(packet: Packet) -> None:
    """Every header before TCP is stepped over, and padding behind the packet is none of its payload."""
    data = bytes(packet / HEADER / Raw(PAYLOAD))
    expected = SEGMENTS[data[0] >> 4]
    assert read(data) == expected
    assert read(data + bytes(13)) == expected
    reader = read_ipv4 if data[0] >> 4 == 4 else read_ipv6
    assert reader(b"link layer" + data, 10, 10 + len(data), FragmentTable()) == expected


@pytest.mark.parametrize("packet", PACKETS.values(), ids=PACKETS)
def test_cut_at_every_byte(packet: Packet) -> None:
    """What a snaplen cuts off is missing, or there is no segment; payload and missing bytes add up."""
    data = bytes(packet / HEADER / Raw(PAYLOAD[:40]))
    begin = len(data) - 40
    for size in range(len(data)):
        try:
            segment = read(data[:size], len(data))
        except (struct.error, IndexError):
            segment = None
        if segment is None:
            assert size < begin
        else:
            assert (segment.payload, segment.missing) == (data[begin:size], min(40, len(data) - size))


@pytest.mark.parametrize("packet", [V4, V6], ids=["IPv4", "IPv6"])
def test_no_stated_length(packet: Packet) -> None:
    """With segmentation offload the length may be 0: then the packet goes to its end on the wire."""
    data = bytearray(bytes(packet / HEADER / Raw(PAYLOAD)))
    data[2:4] = b"\0\0" if data[0] >> 4 == 4 else data[2:4]
    data[4:6] = b"\0\0" if data[0] >> 4 == 6 else data[4:6]
    assert read(bytes(data)) == SEGMENTS[data[0] >> 4]
    segment = read(bytes(data[:-1000]), len(data))
    assert segment is not None
    assert (segment.payload, segment.missing) == (PAYLOAD[:-1000], 1000)
    segment = read(bytes(data), 0xFFFFFFFF)
    assert segment is not None
    assert segment.missing == 1 << 19


@pytest.mark.parametrize("packet", [V4, V6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(id=7)], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("destination_options", [False, True])
def test_fragments_in_any_order(packet: Packet, destination_options: bool) -> None:
    """The one that comes last gives the segment; in IPv6 more headers may be in the fragments."""
    if packet.version == 6:
        inner = packet / IPv6ExtHdrDestOpt() if destination_options else packet
        pieces = fragment6(inner / HEADER / Raw(PAYLOAD), 700)
    else:
        pieces = fragment(packet / HEADER / Raw(PAYLOAD), 600)
    assert len(pieces) > 4
    for seed in range(5):
        table, shuffled = FragmentTable(), [bytes(piece) for piece in pieces]
        Random(seed).shuffle(shuffled)
        segments = [read(piece, fragments=table) for piece in shuffled]
        assert segments[:-1] == [None] * (len(pieces) - 1)
        assert segments[-1] == SEGMENTS[packet.version]


def test_fragments_that_are_cut_give_nothing() -> None:
    """A fragment of which the capture has only the beginning must not shift what follows."""
    pieces = [bytes(piece) for piece in fragment(V4 / HEADER / Raw(PAYLOAD), 600)]
    table = FragmentTable()
    for piece in [*pieces[:-1], pieces[-1][:-1]]:
        assert read(piece, fragments=table) is None


NO_SEGMENTS = {
    "UDP": V4 / UDP(sport=53),
    "UDP in IPv6": V6 / UDP(sport=53),
    "UDP behind extensions": V6 / IPv6ExtHdrHopByHop() / UDP(sport=53),
    "data offset too small": V4 / TCP(dataofs=4),
    "data offset behind the packet": V4 / TCP(dataofs=15),
    "length shorter than the headers": V4.copy() / TCP() / Raw(PAYLOAD),
    "header length too small": IP(ihl=4) / TCP(),
    "version 5": IP(version=5) / TCP(),
    "version 7 where 6 is expected": IPv6(version=7) / TCP(),
    "endless extensions": Raw(bytes(V6 / IPv6ExtHdrHopByHop())[:40] + b"\0\0" * 800),
    "fragment in a fragment": V6 / IPv6ExtHdrFragment(id=5) / IPv6ExtHdrFragment(id=6) / TCP(),
}
NO_SEGMENTS["length shorter than the headers"].len = 39


@pytest.mark.parametrize("packet", NO_SEGMENTS.values(), ids=NO_SEGMENTS)
def test_no_segments(packet: Packet) -> None:
    """What is no TCP, or contradicts itself."""
    data = bytes(packet)
    assert read(data) is None
    assert (read_ipv6 if data[0] >> 4 > 5 else read_ipv4)(data, 0, len(data), FragmentTable()) is None


@given(st.binary(max_size=120), st.sampled_from([b"", *(bytes(packet) for packet in PACKETS.values())]))
def test_any_bytes(garbage: bytes, start: bytes) -> None:
    """Nothing but the two errors that mean too short."""
    for data in (start + garbage, garbage + start):
        try:
            read(data, 5000)
        except (struct.error, IndexError):
            assert len(data) < 600
