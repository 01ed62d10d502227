"""Writing pcapng: one section, one interface, packets with comments (draft-ietf-opsawg-pcapng 4).

block     type u32 | total length u32 | body | total length u32            padded to four bytes
SHB       byte-order magic | version 1.0 | section length -1
IDB       link type u16 | reserved u16 | snap length u32 | options          if_tsresol 9: nanoseconds
EPB       interface u32 | time high, low u32 | captured, original length u32 | data, padded | options
option    code u16 | length u16 | value, padded                             1 = comment, 0 = end
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import BinaryIO

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_COMMENT, _TSRESOL = 1, 9
_MAX_COMMENT = 0xFFFF


class PcapngWriter:
    """Writes packets of one link type to a stream, little-endian, with times in nanoseconds."""

    def __init__(self, stream: BinaryIO, link_type: int) -> None:
        self._stream = stream
        self._block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        self._block(_INTERFACE, struct.pack("<HHI", link_type, 0, 0) + _options([(_TSRESOL, b"\x09")]))

    def write(self, time: int, data: bytes, comment: str) -> None:
        """Write one packet; `time` is in ns since 1970 UTC."""
        head = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data), len(data))
        text = comment.encode("utf-8", "replace")[:_MAX_COMMENT]
        self._block(_PACKET, head + _padded(data) + _options([(_COMMENT, text)]))

    def _block(self, kind: int, body: bytes) -> None:
        length = struct.pack("<I", len(body) + 12)
        self._stream.write(struct.pack("<I", kind) + length + body + length)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    parts = (struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options)
    return b"".join(parts) + struct.pack("<HH", 0, 0)
