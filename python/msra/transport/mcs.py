"""MCS (T.125): the PDUs that carry GCC data and channel data ([MS-RDPBCGR] 2.2.1.3 to 2.2.1.9, 2.2.6.1).

Connect PDUs are BER:       7F 65 length ... userData      Connect-Initial
                            7F 66 length ... userData      Connect-Response
Domain PDUs are aligned PER, the choice in the upper six bits of the first byte:
    SendData                64 or 68 | initiator 2 | channel 2 | priority and segmentation 1 | length 1-2 | data
    Disconnect ultimatum    21 80                            reason: 3 bits, the last two of byte 0 and one of byte 1
"""

from __future__ import annotations

from typing import NamedTuple

CONNECT_INITIAL = 0x65
CONNECT_RESPONSE = 0x66

DISCONNECT_PROVIDER_ULTIMATUM = 8
SEND_DATA_REQUEST = 25
SEND_DATA_INDICATION = 26

_OCTET_STRING = 0x04


class SendData(NamedTuple):
    """Data of one channel; `channel` is its MCS channel id."""

    channel: int
    data: bytes


def connect_type(pdu: bytes) -> int | None:
    """CONNECT_INITIAL, CONNECT_RESPONSE, or None for a domain PDU."""
    return pdu[1] if len(pdu) > 1 and pdu[0] == 0x7F and pdu[1] in (CONNECT_INITIAL, CONNECT_RESPONSE) else None


def domain_type(pdu: bytes) -> int:
    """The choice of a domain PDU (T.125 7, DomainMCSPDU)."""
    return pdu[0] >> 2 if pdu else 0


def disconnect_reason(pdu: bytes) -> int:
    """Reason of a Disconnect Provider Ultimatum (T.125 11.15, 7 Reason): 0 to 4."""
    return (pdu[0] & 3) << 1 | (pdu[1] >> 7 if len(pdu) > 1 else 0)


def parse_send_data(pdu: bytes) -> SendData | None:
    """Read a SendData request or indication; None if its length does not fit."""
    if len(pdu) < 7:
        return None
    length, at = read_per_length(pdu, 6)
    if length is None or at + length > len(pdu):
        return None
    return SendData(int.from_bytes(pdu[3:5], "big"), pdu[at : at + length])


def read_per_length(data: bytes, at: int) -> tuple[int | None, int]:
    """PER length (X.691 10.9): one byte below 128, else two with the top bit set. Returns (length, next offset).

    Real peers use all fifteen bits of the long form, not fourteen as X.691 has it.
    """
    if at >= len(data):
        return None, at
    if not data[at] & 0x80:
        return data[at], at + 1
    if at + 1 >= len(data):
        return None, at
    return (data[at] & 0x7F) << 8 | data[at + 1], at + 2


def read_ber_length(data: bytes, at: int) -> tuple[int | None, int]:
    """BER definite length (X.690 8.1.3). Returns (length, next offset); None if it is cut or too large."""
    if at >= len(data):
        return None, at
    first = data[at]
    if first < 0x80:
        return first, at + 1
    size = first & 0x7F
    if not 1 <= size <= 4 or at + 1 + size > len(data):
        return None, at
    return int.from_bytes(data[at + 1 : at + 1 + size], "big"), at + 1 + size


def connect_user_data(pdu: bytes) -> bytes:
    """The GCC data of a Connect PDU: its last element, an OCTET STRING; empty if it cannot be found.

    Connect-Initial: calling and called selector (OCTET STRING), upward flag (BOOLEAN), three sets of domain
    parameters (SEQUENCE), userData. Connect-Response: result, connect id, one set of parameters, userData.
    """
    length, at = read_ber_length(pdu, 2)
    last = b""
    while length is not None and at + 1 < len(pdu):
        tag = pdu[at]
        length, at = read_ber_length(pdu, at + 1)
        if length is not None:
            last = pdu[at : at + length] if tag == _OCTET_STRING else b""
            at += length
    return last
