"""Writing packets of an Ethernet as a capture file, pcap or pcapng, with times in nanoseconds.

    pcap        magic | version 2.4 | 0 | 0 | snap length | link type 1                         header, 24 bytes
                seconds u32 | ns u32 | captured, original length u32 | data                     a packet
    pcapng      type u32 | total length u32 | body, padded to four bytes | total length u32     a block
                0A0D0D0A: byte-order magic | version 1.0 | section length -1
                1: link type u16 | 0 u16 | snap length u32 | option 9 (9 digits) | end
                6: interface u32 | time high, low u32 | captured, original length u32 | data    a packet

Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng 4. All is little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msra.build.tcp import SECOND, TimedPacket

_SNAP_LENGTH = 1 << 18
_ETHERNET = 1


def pcap(packets: Iterable[TimedPacket]) -> bytes:
    """A pcap file, in the order of time."""
    return b"".join(_pcap(packets))


def pcapng(packets: Iterable[TimedPacket]) -> bytes:
    """A pcapng file, in the order of time."""
    return b"".join(_pcapng(packets))


_FORMATS: dict[str, Callable[[Iterable[TimedPacket]], bytes]] = {".pcap": pcap, ".pcapng": pcapng}


def write_capture(path: str | Path, packets: Iterable[TimedPacket]) -> None:
    """Write a file; the ending of its name, `.pcap` or `.pcapng`, says in which format.

    Raises ValueError for another ending, and OSError where the file can't be written.
    """
    path = Path(path)
    if path.suffix.lower() not in _FORMATS:
        raise ValueError(f"a capture's name ends with {' or '.join(_FORMATS)}: {path.name}")
    path.write_bytes(_FORMATS[path.suffix.lower()](packets))


def _in_order(packets: Iterable[TimedPacket]) -> list[TimedPacket]:
    return sorted(packets, key=lambda packet: packet.time)


def _pcap(packets: Iterable[TimedPacket]) -> Iterator[bytes]:
    yield struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, _SNAP_LENGTH, _ETHERNET)
    for time, data in _in_order(packets):
        yield struct.pack("<IIII", *divmod(time, SECOND), len(data), len(data)) + data


def _pcapng(packets: Iterable[TimedPacket]) -> Iterator[bytes]:
    yield _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    options = struct.pack("<HHB3x", 9, 1, 9) + bytes(4)
    yield _block(1, struct.pack("<HHI", _ETHERNET, 0, _SNAP_LENGTH) + options)
    for time, data in _in_order(packets):
        yield _block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data), len(data)) + data)


def _block(kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length
