"""IPv4, IPv6 and the TCP header.

Each reader takes the packet, the offset of its header, the packet's length on the wire and the fragments so far;
it returns the TCP segment inside, or None. Too short a packet makes it raise struct.error or IndexError, which
`link.decode_segment` catches once for all: this code runs for every packet.
"""

from __future__ import annotations

from struct import Struct

from msra.capture.fragments import FragmentTable
from msra.capture.model import Segment
from msra.limits import MAX_EXTENSIONS

_TCP = 6
_FRAGMENT = 44
_EXTENSIONS = {
    # next header: bytes per unit of its length field, bytes not counted in that (RFC 8200 4, RFC 4302 2.2)
    0: (8, 8),  # hop-by-hop options
    43: (8, 8),  # routing
    51: (4, 8),  # authentication header
    60: (8, 8),  # destination options
    135: (8, 8),  # mobility (RFC 6275)
    139: (8, 8),  # host identity protocol (RFC 7401)
    140: (8, 8),  # shim6 (RFC 5533)
}
_MAX_UNSTATED = 1 << 19  # the largest "BIG TCP" packet that Linux makes

# RFC 791 3.1
#   version 4 bits, header length 4 bits (in units of 4 bytes) | type of service 1 | total length 2
#   identification 2 | flags 3 bits (the last: more fragments), fragment offset 13 bits (in units of 8 bytes)
#   time to live 1 | protocol 1 | checksum 2 | source 4 | destination 4 | options
_ipv4 = Struct(">BxHHHxBxx4s4s").unpack_from

# RFC 8200 3
#   version 4 bits, traffic class 8 bits, flow label 20 bits | payload length 2 | next header 1 | hop limit 1
#   source 16 | destination 16
_ipv6 = Struct(">B3xHBx16s16s").unpack_from

# RFC 8200 4.5
#   next header 1 | reserved 1 | fragment offset 13 bits (in units of 8 bytes), reserved 2 bits, more 1 bit
#   identification 4
_fragment = Struct(">BxHI").unpack_from

# RFC 9293 3.1
#   source port 2 | destination port 2 | sequence number 4 | acknowledgment number 4
#   data offset 4 bits (in units of 4 bytes), reserved 4 bits | flags 1 | window 2
#   checksum 2 | urgent pointer 2 | options
_tcp = Struct(">HHIIBB").unpack_from


def read_ipv4(data: bytes, at: int, length: int, fragments: FragmentTable) -> Segment | None:
    """An IPv4 packet. Bytes after its total length are link layer padding."""
    first, total, identification, fragment, protocol, src, dst = _ipv4(data, at)
    if protocol != _TCP or not 0x45 <= first <= 0x4F:
        return None
    start = at + (first & 0x0F) * 4
    end = at + total if total else _unstated_end(data, length)
    if fragment & 0x3FFF:
        if not start <= end <= len(data):
            return None
        key = (src, dst, identification)
        whole = fragments.add(key, (fragment & 0x1FFF) * 8, data[start:end], more=bool(fragment & 0x2000))
        return None if whole is None else _read_tcp(whole, 0, len(whole), src, dst)
    return _read_tcp(data, start, end, src, dst)


def read_ipv6(data: bytes, at: int, length: int, fragments: FragmentTable) -> Segment | None:
    """An IPv6 packet."""
    first, payload_length, next_header, src, dst = _ipv6(data, at)
    if first >> 4 != 6:
        return None
    start = at + 40
    end = start + payload_length if payload_length else _unstated_end(data, length)
    if next_header == _TCP:
        return _read_tcp(data, start, end, src, dst)
    return _read_extensions(next_header, data, start, end, src, dst, fragments)


def read_ip(data: bytes, at: int, length: int, fragments: FragmentTable) -> Segment | None:
    """An IP packet of the version that its first four bits say."""
    return (read_ipv6 if data[at] >> 4 == 6 else read_ipv4)(data, at, length, fragments)


def _unstated_end(data: bytes, length: int) -> int:
    """Where a packet ends whose header says 0: one captured before the network card cut it (TCP segmentation offload),
    or a jumbogram (RFC 2675)."""
    captured = len(data)
    return min(max(captured, length), captured + _MAX_UNSTATED)


def _read_extensions(
    next_header: int, data: bytes, at: int, end: int, src: bytes, dst: bytes, fragments: FragmentTable | None
) -> Segment | None:
    """The extension headers at `at` (RFC 8200 4), and what follows them. Within a fragment `fragments` is None."""
    for _ in range(MAX_EXTENSIONS):
        if next_header == _TCP:
            return _read_tcp(data, at, end, src, dst)
        if next_header == _FRAGMENT and fragments is not None:
            return _read_fragment(data, at, end, src, dst, fragments)
        if next_header not in _EXTENSIONS:
            return None
        unit, uncounted = _EXTENSIONS[next_header]
        next_header, at = data[at], at + data[at + 1] * unit + uncounted
    return None


def _read_fragment(data: bytes, at: int, end: int, src: bytes, dst: bytes, fragments: FragmentTable) -> Segment | None:
    next_header, offset, identification = _fragment(data, at)
    start = at + 8
    if not offset & 0xFFF9:  # the whole packet in one fragment; it is no matter for reassembly (RFC 6946 4)
        return _read_extensions(next_header, data, start, end, src, dst, None)
    if not start <= end <= len(data):
        return None
    whole = fragments.add((src, dst, identification, next_header), offset & 0xFFF8, data[start:end], bool(offset & 1))
    return None if whole is None else _read_extensions(next_header, whole, 0, len(whole), src, dst, None)


def _read_tcp(data: bytes, at: int, end: int, src: bytes, dst: bytes) -> Segment | None:
    """The TCP segment in `data[at:end]`; `end` may lie behind the captured bytes."""
    sport, dport, seq, ack, offset, flags = _tcp(data, at)
    start = at + (offset >> 4) * 4
    if offset < 0x50 or start > end:
        return None
    captured = len(data)
    missing = end - max(start, captured) if end > captured else 0
    return Segment(src, dst, sport, dport, seq, ack, flags, data[start:end], missing)
