"""Slow-path PDUs of the I/O channel: share control and share data headers ([MS-RDPBCGR] 2.2.8.1.1.1).

share control   totalLength u16 | pduType u16 (type in the low four bits) | pduSource u16
share data      shareId u32 | pad 1 | streamId 1 | uncompressedLength u16 | pduType2 1 | compressedType 1 |
                compressedLength u16 | data
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

DATA_PDU = 7

_CONTROL = struct.Struct("<HHH")
_DATA = struct.Struct("<IBBHBBH")


@dataclass(frozen=True, slots=True)
class ShareData:
    """A share data PDU; `compression` is the byte that says how its data is compressed (3.1.8.2.1)."""

    type2: int
    compression: int
    data: bytes


def share_data(user_data: bytes) -> Iterator[ShareData]:
    """The share data PDUs in the user data of the I/O channel: several may follow each other."""
    at = 0
    while at + _CONTROL.size <= len(user_data):
        total, kind, _source = _CONTROL.unpack_from(user_data, at)
        if total < _CONTROL.size:
            return
        body = user_data[at + _CONTROL.size : at + total]
        if kind & 0xF == DATA_PDU and len(body) >= _DATA.size:
            *_, type2, compression, _length = _DATA.unpack_from(body)
            yield ShareData(type2, compression, body[_DATA.size :])
        at += total
