"""The headers of many packets at once: which are TCP segments, between which ends, and where their payload is.

What `link.decode_segment` does packet by packet, here for a whole run of records with NumPy, as far as packets are
plain: Ethernet (also with VLAN tags), Linux cooked captures, raw IP or loopback; IPv4 in one piece, IPv6 without
extension headers. All others that may carry TCP are `odd`, and left to `decode_segment`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from msra.capture.ends import Ends, Numbers, numbers_of_ends
from msra.capture.link import SUPPORTED_LINK_TYPES
from msra.capture.reassembly import SYN
from msra.capture.records import Columns, gather

_TCP = 6
_MAY_PRECEDE_TCP = (0, 43, 44, 51, 60, 135, 139, 140)  # IPv6 extension headers, see ip.py
_VLAN_TAGS = 2  # that are plain

# The layouts are drawn in link.py and ip.py; these are the fields of them that matter.
_IPV4 = np.dtype({
    "names": ["first", "total", "fragment", "protocol", "source", "target"],
    "formats": ["u1", ">u2", ">u2", "u1", ">u4", ">u4"],
    "offsets": [0, 2, 6, 9, 12, 16],
    "itemsize": 20,
})  # fmt: skip
_IPV6 = np.dtype({
    "names": ["first", "length", "next", "source", "target"],
    "formats": ["u1", ">u2", "u1", (">u4", 4), (">u4", 4)],
    "offsets": [0, 4, 6, 8, 24],
    "itemsize": 40,
})  # fmt: skip
_TCP_HEADER = np.dtype({
    "names": ["source", "target", "seq", "offset", "flags"],
    "formats": [">u2", ">u2", ">u4", "u1", "u1"],
    "offsets": [0, 2, 4, 12, 13],
    "itemsize": 14,
})  # fmt: skip
_U1, _U2, _U4 = (np.dtype([("value", kind)]) for kind in ("u1", ">u2", ">u4"))


_Number = TypeVar("_Number", bound=np.number[Any])


@dataclass(slots=True)
class Segments:
    """The plain TCP segments of a run of records, in order: one entry for each in each array.

    `row` is the record, `seq` the sequence number of the first byte of payload, `size` how many there were on the wire;
    `payload` and `end` bound what was captured of them. `odd` are the records to look at one by one, `unsupported`
    counts the packets by link types that nobody reads.
    """

    row: Numbers
    ends: Ends
    source_port: NDArray[np.uint16]
    target_port: NDArray[np.uint16]
    flags: NDArray[np.uint8]
    seq: NDArray[np.uint32]
    size: NDArray[np.uint32]
    payload: Numbers
    end: Numbers
    odd: Numbers
    unsupported: Mapping[int, int]


# -- Link layers -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Packets:
    """Some packets of a run: the record, where the header that comes next is, where the captured bytes end."""

    row: Numbers
    at: Numbers
    end: Numbers

    def only(self, these: NDArray[np.bool_]) -> _Packets:
        """Those for which this is true."""
        return _Packets(self.row[these], self.at[these], self.end[these])

    def holding(self, size: int) -> _Packets:
        """Those that have so many bytes left."""
        fits = self.at + size <= self.end
        return self if fits.all() else self.only(fits)


class _Reader:
    """Goes through the layers of one run."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.odd: list[Numbers] = []
        self.found: list[tuple[_Packets, Ends, Numbers, NDArray[np.void]]] = []

    def value(self, at: Numbers, kind: np.dtype[np.void]) -> Numbers:
        """The numbers at these offsets."""
        return gather(self.data, at, kind)["value"].astype(np.int64)

    def typed(self, packets: _Packets, type_at: int, size: int) -> None:
        """A header of `size` bytes with an EtherType."""
        packets = packets.holding(type_at + 2)
        self.ether(_moved(packets, size), self.value(packets.at + type_at, _U2))

    def ether(self, packets: _Packets, ether_type: Numbers, tags: int = 0) -> None:
        """What an EtherType announces."""
        self.ipv4(packets.only(ether_type == 0x0800))
        self.ipv6(packets.only(ether_type == 0x86DD))
        self.odd.append(packets.row[ether_type == 0x8864])
        tagged = packets.only((ether_type == 0x8100) | (ether_type == 0x88A8) | (ether_type == 0x9100))
        if tags == _VLAN_TAGS:
            self.odd.append(tagged.row)
        elif len(tagged.row):
            tagged = tagged.holding(4)
            self.ether(_moved(tagged, 4), self.value(tagged.at + 2, _U2), tags + 1)

    def loopback(self, packets: _Packets) -> None:
        """An address family of 4 bytes, in either byte order."""
        packets = packets.holding(4)
        family = self.value(packets.at, _U4)
        behind = _moved(packets, 4)
        self.ipv4(behind.only(np.isin(family, _both_orders(2))))
        self.ipv6(behind.only(np.isin(family, _both_orders(10, 24, 28, 30))))

    def ip(self, packets: _Packets) -> None:
        """IP of the version that its first four bits say."""
        packets = packets.holding(1)
        version = self.value(packets.at, _U1) >> 4
        self.ipv4(packets.only(version != 6))
        self.ipv6(packets.only(version == 6))

    def all_odd(self, packets: _Packets) -> None:
        """Link types that are rare."""
        self.odd.append(packets.row)

    # -- IP and TCP --------------------------------------------------------------------------------------------------

    def ipv4(self, packets: _Packets) -> None:
        """An IPv4 packet. Fragments are odd, and packets whose length was not filled in."""
        packets = packets.holding(_IPV4.itemsize)
        header = gather(self.data, packets.at, _IPV4)
        tcp = (header["protocol"] == _TCP) & (header["first"] >= 0x45) & (header["first"] <= 0x4F)
        packets, header = packets.only(tcp), header[tcp]
        total = header["total"].astype(np.int64)
        odd = (header["fragment"] & 0x3FFF != 0) | (total == 0)
        if odd.any():
            self.odd.append(packets.row[odd])
            packets, header, total = packets.only(~odd), header[~odd], total[~odd]
        stop = packets.at + total
        self.tcp(_moved(packets, (header["first"] & 0x0F).astype(np.int64) * 4), header, stop)

    def ipv6(self, packets: _Packets) -> None:
        """An IPv6 packet. Extension headers are odd, and packets whose length was not filled in."""
        packets = packets.holding(_IPV6.itemsize)
        if not len(packets.row):
            return
        header = gather(self.data, packets.at, _IPV6)
        six, following = header["first"] >> 4 == 6, header["next"]
        length = header["length"].astype(np.int64)
        odd = six & (np.isin(following, _MAY_PRECEDE_TCP) | ((following == _TCP) & (length == 0)))
        self.odd.append(packets.row[odd])
        tcp = six & (following == _TCP) & ~odd
        behind = _moved(packets.only(tcp), _IPV6.itemsize)
        self.tcp(behind, header[tcp], behind.at + length[tcp])

    def tcp(self, packets: _Packets, ip: NDArray[np.void], stop: Numbers) -> None:
        """The segment behind the header `ip`; it ends at `stop`, captured or not."""
        fits = packets.at + _TCP_HEADER.itemsize <= packets.end
        header = np.zeros(len(fits), _TCP_HEADER)
        header[fits] = gather(self.data, packets.at[fits], _TCP_HEADER)
        start = packets.at + (header["offset"] >> 4).astype(np.int64) * 4
        good = fits & (header["offset"] >= 0x50) & (start <= stop)
        if not good.all():
            packets, ip, header, start, stop = packets.only(good), ip[good], header[good], start[good], stop[good]
        ends = Ends(*(numbers_of_ends(ip[side], header[side]) for side in ("source", "target")))
        payload = np.minimum(start, packets.end)
        end = np.maximum(payload, np.minimum(stop, packets.end))
        self.found.append((_Packets(packets.row, payload, end), ends, stop - start, header))


def _moved(packets: _Packets, size: int | Numbers) -> _Packets:
    return _Packets(packets.row, packets.at + size, packets.end)


def _both_orders(*families: int) -> list[int]:
    return [int.from_bytes(family.to_bytes(4, "big")[::step], "big") for family in families for step in (1, -1)]


_LINK_TYPES: Mapping[int, Callable[[_Reader, _Packets], None]] = {
    0: _Reader.loopback,
    1: lambda reader, packets: reader.typed(packets, 12, 14),
    12: _Reader.ip,
    14: _Reader.ip,
    101: _Reader.ip,
    108: _Reader.loopback,
    113: lambda reader, packets: reader.typed(packets, 14, 16),
    228: _Reader.ipv4,
    229: _Reader.ipv6,
    276: lambda reader, packets: reader.typed(packets, 0, 20),
    **dict.fromkeys((9, 50), _Reader.all_odd),
}


def read_segments(data: bytes, columns: Columns) -> Segments:
    """The TCP segments among the packets of a run; `data` has at least 64 bytes."""
    reader = _Reader(data)
    unsupported: dict[int, int] = {}
    rows = np.arange(len(columns.start))
    reader.odd.append(rows[columns.odd])
    for link_type in _distinct(columns):
        these = ~columns.odd & (columns.link_type == link_type)
        if link_type in _LINK_TYPES:
            _LINK_TYPES[link_type](reader, _Packets(rows[these], columns.start[these], columns.end[these]))
        else:
            unsupported[link_type] = int(np.count_nonzero(these))
    return _together(reader, unsupported)


def _distinct(columns: Columns) -> list[int]:
    """The link types of the plain packets."""
    kinds = columns.link_type[~columns.odd]
    if len(kinds) and (kinds == kinds[0]).all():  # as nearly always
        return [int(kinds[0])]
    return [int(link_type) for link_type in np.unique(kinds)]


def _together(reader: _Reader, unsupported: Mapping[int, int]) -> Segments:
    """What was found in several ways, in the order of the records."""
    found = [one for one in reader.found if len(one[0].row)]
    row = np.concatenate([np.empty(0, np.int64), *(packets.row for packets, *_ in found)])
    order = np.argsort(row, kind="stable") if len(found) > 1 else slice(None)

    def joined(parts: list[NDArray[_Number]], kind: type[_Number]) -> NDArray[_Number]:
        return np.concatenate([np.empty(0, kind), *parts])[order]

    flags = joined([header["flags"] for *_, header in found], np.uint8)
    return Segments(
        row[order],
        Ends(
            joined([ends.source for _, ends, *_ in found], np.uint32),
            joined([ends.target for _, ends, *_ in found], np.uint32),
        ),
        joined([header["source"] for *_, header in found], np.uint16),
        joined([header["target"] for *_, header in found], np.uint16),
        flags,
        joined([header["seq"] for *_, header in found], np.uint32) + (flags & SYN != 0),
        joined([size.astype(np.uint32) for _, _, size, _ in found], np.uint32),
        joined([packets.at for packets, *_ in found], np.int64),
        joined([packets.end for packets, *_ in found], np.int64),
        np.sort(np.concatenate(reader.odd)),
        unsupported,
    )


assert set(_LINK_TYPES) == SUPPORTED_LINK_TYPES  # noqa: S101 - the two tables say the same
