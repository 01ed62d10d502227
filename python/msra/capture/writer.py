"""Writing pcapng: one section, packets with comments, TLS key logs (draft-ietf-opsawg-pcapng 4).

block     type u32 | total length u32 | body | total length u32            padded to four bytes
SHB       byte-order magic | version 1.0 | section length -1
IDB       link type u16 | reserved u16 | snap length u32 | options          if_tsresol 9: nanoseconds
EPB       interface u32 | time high, low u32 | captured, original length u32 | data, padded | options
DSB       secrets type u32 | length u32 | data, padded
option    code u16 | length u16 | value, padded                             1 = comment, 0 = end
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import BinaryIO

_SECTION, _INTERFACE, _PACKET, _SECRETS = 0x0A0D0D0A, 1, 6, 10
_COMMENT, _TSRESOL = 1, 9
_MAX_COMMENT = 0xFFFF
_TLS_KEY_LOG = 0x544C534B


class PcapngWriter:
    """Writes packets to a stream, little-endian, with times in nanoseconds; each link type has its interface."""

    def __init__(self, stream: BinaryIO, link_type: int = 1) -> None:
        """`link_type`: that of packets for which `write` is told no other."""
        self._stream = stream
        self._link_type = link_type
        self._interfaces: dict[int, int] = {}
        self._block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        self._interface(link_type)

    def write(
        self, time: int, data: bytes, comment: str = "", link_type: int | None = None, length: int | None = None
    ) -> None:
        """Write one packet; `time` is in ns since 1970 UTC, `length` its size on the wire if that is another one."""
        interface = self._interface(self._link_type if link_type is None else link_type)
        on_wire = len(data) if length is None else length
        head = struct.pack("<IIIII", interface, time >> 32, time & 0xFFFFFFFF, len(data), on_wire)
        text = comment.encode("utf-8", "replace")[:_MAX_COMMENT]
        self._block(_PACKET, head + _padded(data) + (_options([(_COMMENT, text)]) if text else b""))

    def secrets(self, keylog: bytes) -> None:
        """Write a TLS key log, for the packets behind it."""
        self._block(_SECRETS, struct.pack("<II", _TLS_KEY_LOG, len(keylog)) + _padded(keylog))

    def _interface(self, link_type: int) -> int:
        """The number of the interface for this link type."""
        if link_type not in self._interfaces:
            self._interfaces[link_type] = len(self._interfaces)
            options = _options([(_TSRESOL, b"\x09")])
            self._block(_INTERFACE, struct.pack("<HHI", link_type & 0xFFFF, 0, 0) + options)
        return self._interfaces[link_type]

    def _block(self, kind: int, body: bytes) -> None:
        length = struct.pack("<I", len(body) + 12)
        self._stream.write(struct.pack("<I", kind) + length + body + length)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _options(options: Iterable[tuple[int, bytes]]) -> bytes:
    parts = (struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options)
    return b"".join(parts) + struct.pack("<HH", 0, 0)
