"""Dynamic virtual channels, which run over the static channel drdynvc ([MS-RDPEDYC] 2.2).

    first byte      command (4 bits) | what it says by command (2 bits) | size of the channel id (2 bits)
    1 create        id | name, NUL          answer: id | status u32, 0 is good
    2 data first    id | length of the whole message | data       the 2 bits: size of the length field, 0 for u8, 1 for
    3 data          id | data                                     u16, 2 for u32
    4 close         id
    5 capabilities  pad u8 | version u16 | version 2: charges of four priorities u16; the answer has none

Every function gives messages of drdynvc, which must go into channel PDUs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MOST_HEADER = 10
"""Bytes before the data of a PDU, which must fit into one channel PDU ([MS-RDPEDYC] 2.2.3.1)."""


def capabilities_request() -> bytes:
    """DYNVC_CAPS_VERSION2, of the server (2.2.1.1.2)."""
    return struct.pack("<BBHHHHH", 0x50, 0, 2, 936, 3276, 9362, 21845)


def capabilities_response() -> bytes:
    """DYNVC_CAPS_RSP, of the client (2.2.1.2)."""
    return struct.pack("<BBH", 0x50, 0, 2)


def _head(command: int, channel: int, bits: int = 0) -> bytes:
    size = 0 if channel < 0x100 else 1 if channel < 0x10000 else 2
    return bytes([command << 4 | bits << 2 | size]) + channel.to_bytes((1, 2, 4)[size], "little")


def create_request(channel: int, name: str) -> bytes:
    """DYNVC_CREATE_REQ, of the server (2.2.2.1)."""
    return _head(1, channel) + name.encode("ascii", "replace") + b"\0"


def create_response(channel: int, status: int = 0) -> bytes:
    """DYNVC_CREATE_RSP, of the client (2.2.2.2); `status` is an HRESULT."""
    return _head(1, channel) + struct.pack("<I", status)


def data(channel: int, message: bytes, size: int) -> Iterator[bytes]:
    """DYNVC_DATA, or DYNVC_DATA_FIRST and DYNVC_DATA, with at most `size` bytes of the message each (2.2.3)."""
    if len(message) <= size:
        yield _head(3, channel) + message
        return
    bits, layout = (1, "<H") if len(message) < 0x10000 else (2, "<I")
    yield _head(2, channel, bits) + struct.pack(layout, len(message)) + message[:size]
    for at in range(size, len(message), size):
        yield _head(3, channel) + message[at : at + size]


def close(channel: int) -> bytes:
    """DYNVC_CLOSE (2.2.4)."""
    return _head(4, channel)
