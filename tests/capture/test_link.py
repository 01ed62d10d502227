"""Protects the link layers, with Scapy as the independent writer and Wireshark as the judge of whole captures."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, CookedLinux, CookedLinuxV2, Dot1AD, Dot1Q, Ether, Loopback
from scapy.layers.ppp import HDLC, PPP, PPPoE
from scapy.packet import Packet, Raw

from msra.capture.files import open_capture_file
from msra.capture.fragments import FragmentTable
from msra.capture.link import SUPPORTED_LINK_TYPES, decode_segment
from msra.capture.model import Segment

V4 = IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=1, dport=2, seq=3, ack=4, flags="PA") / Raw(b"payload")
V6 = IPv6(src="::1", dst="::2") / TCP(sport=1, dport=2, seq=3, ack=4, flags="PA") / Raw(b"payload")
SEGMENTS = {
    4: Segment(b"\x0a\0\0\1", b"\x0a\0\0\2", 1, 2, 3, 4, 0x18, b"payload"),
    6: Segment(bytes(15) + b"\1", bytes(15) + b"\2", 1, 2, 3, 4, 0x18, b"payload"),
}


def decode(link_type: int, data: bytes) -> Segment | None:
    """Decode a packet that is captured as a whole."""
    return decode_segment(link_type, data, len(data), FragmentTable())


ETHERNET = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
HEADERS: dict[str, tuple[int, bytes | Packet, int]] = {
    # link type, what is before the IP header, IP version
    "Ethernet": (1, ETHERNET, 4),
    "Ethernet, IPv6": (1, ETHERNET, 6),
    "VLAN": (1, ETHERNET / Dot1Q(vlan=5, prio=3), 4),
    "VLAN, IPv6": (1, ETHERNET / Dot1Q(vlan=5), 6),
    "provider bridge": (1, ETHERNET / Dot1AD(vlan=5) / Dot1Q(vlan=6), 4),
    "QinQ with the old type": (1, bytes(ETHERNET)[:12] + bytes.fromhex("9100 0001 8100 0002 0800"), 4),
    "eight tags": (1, bytes(ETHERNET)[:12] + bytes.fromhex("8100 0001") * 8 + bytes.fromhex("0800"), 4),
    "PPPoE": (1, ETHERNET / PPPoE(sessionid=3) / PPP(), 4),
    "PPPoE in a VLAN, IPv6": (1, ETHERNET / Dot1Q(vlan=5) / PPPoE(sessionid=3) / PPP(), 6),
    "cooked": (113, CookedLinux(), 4),
    "cooked, IPv6": (113, CookedLinux(), 6),
    "cooked, VLAN": (113, CookedLinux() / Dot1Q(vlan=5), 4),
    "cooked 2": (276, CookedLinuxV2(), 4),
    "cooked 2, IPv6": (276, CookedLinuxV2(), 6),
    "raw": (101, b"", 4),
    "raw, IPv6": (101, b"", 6),
    "raw, other number": (12, b"", 4),
    "raw, OpenBSD's number": (14, b"", 6),
    "IPv4": (228, b"", 4),
    "IPv6": (229, b"", 6),
    "PPP": (9, PPP(), 4),
    "PPP with address": (9, HDLC() / PPP(), 6),
    "PPP in HDLC framing": (50, HDLC() / PPP(), 4),
    "null": (0, b"\2\0\0\0", 4),
    "null, big-endian": (0, b"\0\0\0\2", 4),
    "null, BSD's IPv6": (0, b"\x18\0\0\0", 6),
    "null, FreeBSD's IPv6": (0, b"\0\0\0\x1c", 6),
    "null, macOS's IPv6": (0, b"\x1e\0\0\0", 6),
    "null, Linux's IPv6": (0, b"\x0a\0\0\0", 6),
    "loopback": (108, b"\0\0\0\2", 4),
    "loopback, IPv6": (108, b"\0\0\0\x18", 6),
    "null by Scapy": (0, Loopback(), 4),
}


@pytest.mark.parametrize(("link_type", "header", "version"), HEADERS.values(), ids=HEADERS)
def test_headers(link_type: int, header: bytes | Packet, version: int) -> None:
    """Each one leads to the segment, also when the link layer pads the packet; cut anywhere, nothing is raised."""
    inner = V4 if version == 4 else V6
    data = header + bytes(inner) if isinstance(header, bytes) else bytes(header / inner)
    assert decode(link_type, data) == SEGMENTS[version]
    assert decode(link_type, data + bytes(6)) == SEGMENTS[version]
    for size in range(len(data)):
        segment = decode_segment(link_type, data[:size], len(data), FragmentTable())
        assert segment is None or len(segment.payload) + segment.missing == 7


def test_the_table_is_tested() -> None:
    """A link type that is added needs a row above."""
    assert {link_type for link_type, *_ in HEADERS.values()} == SUPPORTED_LINK_TYPES


NO_SEGMENTS = {
    "ARP": (1, ETHERNET / ARP()),
    "UDP": (1, ETHERNET / IP() / UDP()),
    "802.3 length": (1, Raw(bytes(12) + b"\0\x40" + bytes(V4))),
    "PPPoE discovery": (1, Ether(type=0x8863) / Raw(bytes(6) + b"\0\x21" + bytes(V4))),
    "PPP control": (9, Raw(b"\xc0\x21" + bytes(V4))),
    "unknown family": (0, Raw(b"\x05\0\0\0" + bytes(V4))),
    "nine tags": (1, Raw(bytes(12) + b"\x81\0\0\1" * 9 + b"\x08\0" + bytes(V4))),
    "only tags": (1, Raw(bytes(12) + b"\x81\0\0\1" * 30_000)),
    "only the first part": (1, Raw(b"")),
    "unsupported": (105, V4),
    "negative": (-1, V4),
}


@pytest.mark.parametrize(("link_type", "packet"), NO_SEGMENTS.values(), ids=NO_SEGMENTS)
def test_no_segments(link_type: int, packet: Packet) -> None:
    """What carries no TCP, or carries it too deep."""
    assert decode(link_type, bytes(packet)) is None


@given(st.sampled_from(sorted(SUPPORTED_LINK_TYPES)), st.binary(max_size=120))
def test_any_bytes(link_type: int, data: bytes) -> None:
    """Never an exception."""
    decode(link_type, data)


@given(st.sampled_from(sorted(HEADERS)), st.data())
def test_any_change_of_a_packet(name: str, data: st.DataObject) -> None:
    """Bytes of valid packets changed: never an exception, and never more bytes than there are."""
    link_type, header, version = HEADERS[name]
    inner = V4 if version == 4 else V6
    packet = bytearray(header + bytes(inner) if isinstance(header, bytes) else bytes(header / inner))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    segment = decode(link_type, bytes(packet))
    assert segment is None or len(segment.payload) <= len(packet)


def test_wireshark_agrees_on_all_captures(pcaps: list[Path], tshark: Callable[..., list[str]]) -> None:
    """Ports, numbers and payload size of every segment in every capture."""
    fields = ("frame.number", "tcp.srcport", "tcp.dstport", "tcp.seq_raw", "tcp.ack_raw", "tcp.len")
    for path in pcaps:
        cut = path.name == "cut_file_truncated.pcap"
        options = [option for field in fields for option in ("-e", field)]
        lines = tshark(path, "-T", "fields", *options, "-Y", "tcp", exit_status=2 if cut else 0)
        table, ours = FragmentTable(), []
        with open_capture_file(path) as reader:
            for packet in reader:
                s = decode_segment(packet.link_type, packet.data, packet.length, table)
                if s is not None:
                    size = len(s.payload) + s.missing
                    ours.append(f"{packet.number}\t{s.sport}\t{s.dport}\t{s.seq}\t{s.ack}\t{size}")
        assert ours == lines, path.name
