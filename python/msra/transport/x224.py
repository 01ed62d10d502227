"""X.224 class 0 ([MS-RDPBCGR] 2.2.1.1, 2.2.1.2; X.224 13): connection request, confirm and data.

LI | code | dst-ref 2 | src-ref 2 | class | variable part          LI: length of what follows it
   | E0 = request, D0 = confirm                                    DT: 02 F0 80, then the MCS PDU
variable part: [ "Cookie: mstshash=" user CR LF | routing token CR LF ]
               [ type 1 | flags 1 | length 2 = 8 | value 4 ]       little-endian
                 01 request: protocols; 02 response: protocol; 03 failure: code
"""

from __future__ import annotations

import struct
from typing import NamedTuple

CONNECTION_REQUEST = 0xE0
CONNECTION_CONFIRM = 0xD0
DATA = 0xF0

NEG_REQUEST, NEG_RESPONSE, NEG_FAILURE = 1, 2, 3
_FIXED = 7
_NEG = struct.Struct("<BBHI")
_COOKIE = b"Cookie: mstshash="


class Negotiation(NamedTuple):
    """RDP_NEG_REQ, RDP_NEG_RSP or RDP_NEG_FAILURE, and the cookie before it."""

    cookie: str | None
    type: int | None
    value: int | None


def code(tpdu: bytes) -> int:
    """The TPDU code (upper four bits of the second byte); 0 if there is none."""
    return tpdu[1] & 0xF0 if len(tpdu) > 1 else 0


def is_connect(data: bytes) -> int | None:
    """Recognise a TPKT with a connection request or confirm: its code, 0 for anything else, None for too few bytes.

    03 00 LL LL | LI >= 6 | E0 or D0 | dst-ref ...        LL LL >= LI + 5
    """
    if not b"\x03\x00".startswith(data[:2]):
        return 0
    if len(data) < 6:
        return None
    length, indicator = int.from_bytes(data[2:4], "big"), data[4]
    fits = indicator >= 6 and length >= indicator + 5
    return data[5] if fits and data[5] in (CONNECTION_REQUEST, CONNECTION_CONFIRM) else 0


def parse_negotiation(tpdu: bytes) -> Negotiation:
    """Read the variable part of a connection request or confirm."""
    variable = tpdu[_FIXED : tpdu[0] + 1]
    cookie = None
    line, separator, rest = variable.partition(b"\r\n")
    if separator:
        variable = rest
        if line.startswith(_COOKIE):
            cookie = line[len(_COOKIE) :].decode("latin-1")
    if len(variable) < _NEG.size:
        return Negotiation(cookie, None, None)
    kind, _flags, length, value = _NEG.unpack_from(variable)
    if kind not in (NEG_REQUEST, NEG_RESPONSE, NEG_FAILURE) or length != _NEG.size:
        return Negotiation(cookie, None, None)
    return Negotiation(cookie, kind, value)


def data_payload(tpdu: bytes) -> bytes:
    """The MCS PDU of a DT TPDU."""
    return tpdu[tpdu[0] + 1 :]
