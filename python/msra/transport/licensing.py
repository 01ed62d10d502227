"""Licensing PDUs: the message with which licensing ends, well or not ([MS-RDPBCGR] 2.2.1.12.1, [MS-RDPELE] 2.2.2).

bMsgType u8 | flags u8 | wMsgSize u16 | dwErrorCode u32 | dwStateTransition u32 | bbErrorInfo

Other licensing messages have another bMsgType, and other things behind wMsgSize.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

ERROR_ALERT = 0xFF

_ERROR = struct.Struct("<BBHII")


class LicenseError(NamedTuple):
    """LICENSE_ERROR_MESSAGE (2.2.1.12.1.3). Code 7 with transition 2 is the normal end: no licence is needed."""

    error_code: int
    state_transition: int


def parse_license_error(packet: bytes) -> LicenseError | None:
    """Read a licensing PDU, without its security header; None if it is another message, or cut."""
    if len(packet) < _ERROR.size or packet[0] != ERROR_ALERT:
        return None
    _kind, _flags, _size, error_code, state_transition = _ERROR.unpack_from(packet)
    return LicenseError(error_code, state_transition)
