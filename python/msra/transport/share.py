"""Slow-path PDUs of the I/O channel: share control and share data headers ([MS-RDPBCGR] 2.2.8.1.1.1).

share control   totalLength u16 | pduType u16 (type in the low four bits) | pduSource u16
share data      shareId u32 | pad 1 | streamId 1 | uncompressedLength u16 | pduType2 1 | compressedType 1 |
                compressedLength u16 | data
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

DEMAND_ACTIVE_PDU, DEACTIVATE_ALL_PDU, DATA_PDU = 1, 6, 7
SET_ERROR_INFO_PDU = 47
"""A pduType2 (2.2.8.1.1.1.2)."""

_VERSION = 0x10  # the version, in the upper bits of pduType
_CONTROL = struct.Struct("<HHH")
_DATA = struct.Struct("<IBBHBBH")


class SharePdu(NamedTuple):
    """A PDU: its type and what stands behind its headers.

    `type2` is None unless the type is DATA_PDU; `compression` is the byte that says how the data of such a PDU is
    compressed (3.1.8.2.1).
    """

    type: int
    data: bytes
    type2: int | None = None
    compression: int = 0


def share_pdus(user_data: bytes) -> Iterator[SharePdu]:
    """The PDUs in the user data of the I/O channel: several may follow each other.

    Bytes that are none may look like one, as what encrypts them is not known if the start of the connection is not
    captured: a PDU that is longer than the data counts only if it may be compressed, so that others build on it.
    """
    at = 0
    while at + _CONTROL.size <= len(user_data):
        total, kind, _source = _CONTROL.unpack_from(user_data, at)
        if total < _CONTROL.size:
            return
        body = user_data[at + _CONTROL.size : at + total]
        if kind & 0xF != DATA_PDU:
            if kind == _VERSION | kind & 0xF and at + total <= len(user_data):
                yield SharePdu(kind & 0xF, body)
        elif len(body) >= _DATA.size:
            *_, type2, compression, _length = _DATA.unpack_from(body)
            yield SharePdu(DATA_PDU, body[_DATA.size :], type2, compression)
        at += total
