"""Link layers: from a captured packet to the TCP segment inside."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct, error
from typing import TypeAlias

from msra.capture.fragments import FragmentTable
from msra.capture.ip import read_ip, read_ipv4, read_ipv6
from msra.capture.model import Segment
from msra.limits import MAX_VLAN_TAGS

__all__ = ["SUPPORTED_LINK_TYPES", "FragmentTable", "decode_segment"]

_Reader: TypeAlias = Callable[[bytes, int, int, FragmentTable], "Segment | None"]

_uint16 = Struct(">H").unpack_from


def decode_segment(link_type: int, data: bytes, length: int, fragments: FragmentTable) -> Segment | None:
    """The TCP segment in a packet of this LINKTYPE_; None if there is none, or it is too short or malformed.

    `length` is the packet's length on the wire. IP fragments are kept in `fragments`, and the
    one that completes a datagram gives its segment.
    """
    reader = _LINK_TYPES.get(link_type)
    if reader is None:
        return None
    try:
        return reader(data, 0, length, fragments)
    except (error, IndexError):
        return None


def _nothing(_data: bytes, _at: int, _length: int, _fragments: FragmentTable) -> None:
    """What carries no TCP."""


def _typed(offset: int, size: int) -> _Reader:
    """A header of `size` bytes with an EtherType at `offset`.

    Ethernet (IEEE 802.3)        destination 6 | source 6 | type 2
    Linux cooked capture         packet type 2 | ARPHRD_ 2 | address length 2 | address 8 | type 2
    Linux cooked capture v2      type 2 | reserved 2 | interface 4 | ARPHRD_ 2 | packet type 1 | address length 1
                                 address 8
    """

    def read(data: bytes, at: int, length: int, fragments: FragmentTable) -> Segment | None:
        reader = _ETHER_TYPES.get(_uint16(data, at + offset)[0], _nothing)
        return reader(data, at + size, length, fragments)

    return read


def _vlan(data: bytes, at: int, length: int, fragments: FragmentTable) -> Segment | None:
    """Tags (IEEE 802.1Q 9.6), as often as they are stacked: control information 2 | type 2."""
    for _ in range(MAX_VLAN_TAGS):
        ether_type = _uint16(data, at + 2)[0]
        at += 4
        if ether_type not in _VLAN_TYPES:
            return _ETHER_TYPES.get(ether_type, _nothing)(data, at, length, fragments)
    return None


def _pppoe(data: bytes, at: int, length: int, fragments: FragmentTable) -> Segment | None:
    """RFC 2516 4: version and type 1 | code 1 | session 2 | length 2 | PPP protocol 2 (RFC 1661 2)."""
    return _PPP_PROTOCOLS.get(_uint16(data, at + 6)[0], _nothing)(data, at + 8, length, fragments)


def _ppp(data: bytes, at: int, length: int, fragments: FragmentTable) -> Segment | None:
    """RFC 1662 3.1: address ff 1 | control 03 1 (both may be left out) | protocol 2."""
    if data[at : at + 2] == b"\xff\x03":
        at += 2
    return _PPP_PROTOCOLS.get(_uint16(data, at)[0], _nothing)(data, at + 2, length, fragments)


def _null(data: bytes, at: int, length: int, fragments: FragmentTable) -> Segment | None:
    """BSD loopback: address family 4, in the byte order of the capturing machine, or big-endian."""
    return _FAMILIES.get(data[at : at + 4], _nothing)(data, at + 4, length, fragments)


_FAMILIES: dict[bytes, _Reader] = {
    family.to_bytes(4, "big")[::step]: reader
    for family, reader in ((2, read_ipv4), (10, read_ipv6), (24, read_ipv6), (28, read_ipv6), (30, read_ipv6))
    for step in (1, -1)
}
_PPP_PROTOCOLS: dict[int, _Reader] = {0x0021: read_ipv4, 0x0057: read_ipv6}
_VLAN_TYPES = frozenset({0x8100, 0x88A8, 0x9100})  # 802.1Q, 802.1ad, and QinQ before that was a standard
_ETHER_TYPES: dict[int, _Reader] = {
    0x0800: read_ipv4,
    0x86DD: read_ipv6,
    0x8864: _pppoe,
    **dict.fromkeys(_VLAN_TYPES, _vlan),
}
_LINK_TYPES: dict[int, _Reader] = {
    # https://www.tcpdump.org/linktypes.html
    0: _null,
    1: _typed(offset=12, size=14),  # Ethernet
    9: _ppp,
    12: read_ip,  # DLT_RAW of most systems, and
    14: read_ip,  # of OpenBSD, where it got into files
    50: _ppp,
    101: read_ip,
    108: _null,
    113: _typed(offset=14, size=16),  # Linux cooked capture
    228: read_ipv4,
    229: read_ipv6,
    276: _typed(offset=0, size=20),  # Linux cooked capture v2
}

SUPPORTED_LINK_TYPES = frozenset(_LINK_TYPES)
"""The LINKTYPE_ values that `decode_segment` reads."""
