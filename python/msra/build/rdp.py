"""RDP packets as they stand in the TCP stream: framing, channels, and what a server says between ([MS-RDPBCGR] 2.2).

    TPKT        03 00 | length u16, big-endian, header included | X.224                              RFC 1006 6
    X.224       LI | E0 request, D0 confirm | dst-ref, src-ref u16 | class | variable part           2.2.1.1, 2.2.1.2
                02 F0 80 | MCS PDU                                                                   data
    SendData    64 from the client, 68 from the server | initiator, channel u16, big-endian |
                70 | PER length | data                                                              2.2.6.1, T.125 11.32
    fast path   00 | length: one byte, or two big-endian ones with the top bit set | data            2.2.9.1.2

A function gives the bytes of one whole packet, or of a part that its name says. `from_client` is the expert's side.
Nothing is encrypted or compressed; nothing is checked either, so that wrong packets can be built as well.
"""

from __future__ import annotations

import struct

FIRST, LAST, SHOW_PROTOCOL = 0x1, 0x2, 0x10
"""Flags of a channel PDU (2.2.6.1.1)."""
CHUNK_SIZE = 1600
"""The most data in a channel PDU, unless the server says otherwise in its capabilities (2.2.7.1.10)."""

MOST_DATA = 0x7FFF
"""Bytes that one MCS PDU carries."""
IO_CHANNEL = 1003
"""Where RDP itself talks."""
FIRST_CHANNEL = 1004
"""The static virtual channels follow, in the order of the client's list."""
SERVER_USER, CLIENT_USER = 1002, 1040
"""User channels: of the server, and of the client behind the 31 virtual channels that there may be."""
SHARE_ID = 0x000103EA

SEC_INFO_PKT, SEC_LICENSE_PKT = 0x40, 0x80

LOWEST_USER = 1001
"""User ids begin here, and on the wire at 0 (T.125 7)."""
_DEMAND_ACTIVE, _CONFIRM_ACTIVE, _DATA = 0x11, 0x13, 0x17
_SET_ERROR_INFO = 47


def tpkt(tpdu: bytes) -> bytes:
    """A TPKT packet."""
    return b"\x03\x00" + struct.pack(">H", len(tpdu) + 4) + tpdu


def data_tpdu(pdu: bytes) -> bytes:
    """An MCS PDU in an X.224 data TPDU."""
    return tpkt(b"\x02\xf0\x80" + pdu)


def connection_request(cookie: str | None = "Expert", protocols: int | None = 0) -> bytes:
    """X.224 Connection Request (2.2.1.1): `protocols` the client can, 0 is Standard RDP Security; None leaves it out.

    Variable part: ["Cookie: mstshash=" cookie CR LF] [type 1 | flags u8 | length u16 = 8 | protocols u32]
    """
    variable = b"" if cookie is None else f"Cookie: mstshash={cookie}\r\n".encode("latin-1", "replace")
    if protocols is not None:
        variable += struct.pack("<BBHI", 1, 0, 8, protocols)
    return tpkt(bytes([6 + len(variable), 0xE0, 0, 0, 0, 0, 0]) + variable)


def connection_confirm(kind: int = 2, value: int = 0) -> bytes:
    """X.224 Connection Confirm (2.2.1.2): of kind 2 with the selected protocol, of kind 3 with a failure code."""
    return tpkt(bytes([14, 0xD0, 0, 0, 0x12, 0x34, 0]) + struct.pack("<BBHI", kind, 0, 8, value))


def per_length(size: int) -> bytes:
    """A PER length (X.691 10.9), of 15 bits in its long form, as all peers use it; raises ValueError for more."""
    if size > MOST_DATA:
        raise ValueError(f"{size} bytes don't fit into one PDU")
    return bytes([size]) if size < 128 else struct.pack(">H", size | 0x8000)


def send_data(channel: int, data: bytes, from_client: bool) -> bytes:
    """Data on an MCS channel."""
    kind, user = (0x64, CLIENT_USER) if from_client else (0x68, SERVER_USER)
    return data_tpdu(struct.pack(">BHH", kind, user - LOWEST_USER, channel) + b"\x70" + per_length(len(data)) + data)


def disconnect(reason: int = 3) -> bytes:
    """MCS Disconnect Provider Ultimatum (2.2.2.3): 1 provider initiated, 3 user requested; three bits in two bytes."""
    return data_tpdu(bytes([0x20 | reason >> 1, (reason & 1) << 7]))


def fast_path(data: bytes) -> bytes:
    """A fast-path PDU of the server with these updates (2.2.9.1.2)."""
    if len(data) + 2 < 128:
        return bytes([0, len(data) + 2]) + data
    return b"\x00" + struct.pack(">H", (len(data) + 3) | 0x8000) + data


# -- static virtual channels -----------------------------------------------------------------------------------------


def chunk(data: bytes, total: int, flags: int) -> bytes:
    """A channel PDU (2.2.6.1): length of the whole message u32 | flags u32 | some of its data."""
    return struct.pack("<II", total, flags) + data


def channel_pdus(channel: int, message: bytes, from_client: bool, size: int = CHUNK_SIZE) -> list[bytes]:
    """The packets of one message, with at most `size` bytes of it in each."""
    parts = [message[at : at + size] for at in range(0, len(message), size)] or [b""]
    packets = []
    for index, part in enumerate(parts):
        flags = SHOW_PROTOCOL | (FIRST if index == 0 else 0) | (LAST if index == len(parts) - 1 else 0)
        packets.append(send_data(channel, chunk(part, len(message), flags), from_client))
    return packets


# -- the I/O channel -------------------------------------------------------------------------------------------------


def with_header(flags: int, data: bytes) -> bytes:
    """A basic security header (2.2.8.1.1.2.1): flags u16 | flagsHi u16 | data."""
    return struct.pack("<HH", flags, 0) + data


def license_error(code: int = 7, transition: int = 2) -> bytes:
    """Preamble and LICENSE_ERROR_MESSAGE (2.2.1.12.1.1, 2.2.1.12.1.3); 7 and 2: no licence is needed, go on.

    FF | version 3 | size u16 = 16 | code u32 | transition u32 | empty blob: type u16, length u16
    """
    return struct.pack("<BBHIIHH", 0xFF, 3, 16, code, transition, 4, 0)


def share_control(kind: int, body: bytes = b"", source: int = SERVER_USER) -> bytes:
    """A share control header (2.2.8.1.1.1.1) and what follows it: 0x11 Demand Active, 0x13 Confirm Active, 0x17 data.

    length u16, header included | kind u16 | user channel of the sender u16
    """
    return struct.pack("<HHH", len(body) + 6, kind, source) + body


def share_data(kind: int, body: bytes, source: int = SERVER_USER) -> bytes:
    """A share data header (2.2.8.1.1.1.2) and a body.

    share id u32 | pad u8 | stream 1 u8 | length u16: of the PDU from here on | kind u8 | compression u8, u16
    """
    head = struct.pack("<IBBHBBH", SHARE_ID, 0, 1, len(body) + 4, kind, 0, 0)
    return share_control(_DATA, head + body, source)


def error_info(code: int) -> bytes:
    """Set Error Info PDU (2.2.5.1.1), which says why the server will disconnect."""
    return share_data(_SET_ERROR_INFO, struct.pack("<I", code))
