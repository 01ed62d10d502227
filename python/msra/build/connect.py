"""The MCS connect: what both sides can, and which channels there are ([MS-RDPBCGR] 2.2.1.3 to 2.2.1.9).

Connect PDU     7F 65 initial, 7F 66 response | BER length | selectors, domain parameters | user data: GCC
GCC             00 05 00 14 7C 00 01 | PER length | ... "Duca" client, "McDn" server | PER length | blocks
block           type u16 | length u16, header included | data                                little-endian
Domain PDUs     04 erect domain | 28 attach user, 2E confirm | 38 channel join, 3E confirm     aligned PER, big-endian
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from msra.build.rdp import CLIENT_USER, FIRST_CHANNEL, IO_CHANNEL, LOWEST_USER, data_tpdu, per_length

CHANNEL_OPTIONS = 0xC0A00000
"""CHANNEL_OPTION_INITIALIZED, _ENCRYPT_RDP, _COMPRESS_RDP, _SHOW_PROTOCOL (2.2.1.3.4.1)."""

_SEQUENCE, _INTEGER, _OCTETS, _BOOLEAN, _ENUMERATED = b"\x30", b"\x02", b"\x04", b"\x01", b"\x0a"
_RDP_10_8 = 0x0008000C

# T.125 7, DomainParameters: channels, users, tokens, priorities, throughput, height, size of a PDU, protocol version
_TARGET = (34, 2, 0, 1, 0, 1, 0xFFFF, 2)
_LEAST = (1, 1, 1, 1, 0, 1, 0x420, 2)
_MOST = (0xFFFF, 0xFC17, 0xFFFF, 1, 0, 1, 0xFFFF, 2)
_AGREED = (34, 3, 0, 1, 0, 1, 0xFFF8, 2)


def ber(tag: bytes, content: bytes) -> bytes:
    """A BER element (X.690 8.1)."""
    size = len(content)
    return tag + (bytes([size]) if size < 128 else b"\x82" + struct.pack(">H", size)) + content


def _integer(value: int) -> bytes:
    return ber(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _parameters(values: Sequence[int]) -> bytes:
    return ber(_SEQUENCE, b"".join(map(_integer, values)))


def block(kind: int, content: bytes) -> bytes:
    """A block of GCC user data (2.2.1.3.1)."""
    return struct.pack("<HH", kind, len(content) + 4) + content


def client_core(name: str = "EXPERT", build: int = 19045) -> bytes:
    """TS_UD_CS_CORE (2.2.1.3.2), without the block's header.

    version u32 | width, height, depth, SAS u16 | keyboard layout u32 | build u32 | name 32 bytes |
    keyboard type, subtype, function keys u32 | input method 64 bytes |
    depth, product u16 | serial u32 | depth, depths, flags u16 | product id 64 bytes | connection, pad u8 | protocol u32
    """
    start = struct.pack("<IHHHHII", _RDP_10_8, 1024, 768, 0xCA01, 0xAA03, 0x409, build)
    start += name.encode("utf-16-le")[:32].ljust(32, b"\0") + struct.pack("<III", 4, 0, 12) + bytes(64)
    return start + struct.pack("<HHIHHH64xBBI", 0xCA01, 1, 0, 24, 0xF, 1, 0, 0, 0)


def connect_initial(names: Sequence[str], core: bytes = b"") -> bytes:
    """MCS Connect-Initial (2.2.1.3): the client asks for these channels. `core`: see client_core()."""
    channels = b"".join(name.encode("ascii")[:7].ljust(8, b"\0") + struct.pack("<I", CHANNEL_OPTIONS) for name in names)
    blocks = block(0xC001, core or client_core())
    blocks += block(0xC002, struct.pack("<II", 0x1B, 0))  # it can all encryption methods
    blocks += block(0xC003, struct.pack("<I", len(names)) + channels)
    create = b"\x00\x08\x00\x10\x00\x01\xc0\x00Duca" + per_length(len(blocks)) + blocks
    gcc = b"\x00\x05\x00\x14\x7c\x00\x01" + per_length(len(create)) + create
    selectors = ber(_OCTETS, b"\x01") * 2 + ber(_BOOLEAN, b"\xff")
    parameters = b"".join(map(_parameters, (_TARGET, _LEAST, _MOST)))
    return data_tpdu(ber(b"\x7f\x65", selectors + parameters + ber(_OCTETS, gcc)))


def connect_response(ids: Sequence[int], method: int = 0, level: int = 0) -> bytes:
    """MCS Connect-Response (2.2.1.4): the ids of the channels, and the encryption of Standard RDP Security.

    Only encryption method 0 (none) goes without a random and a certificate behind it.
    """
    network = struct.pack(f"<HH{len(ids)}H{len(ids) % 2 * 2}x", IO_CHANNEL, len(ids), *ids)
    blocks = block(0x0C01, struct.pack("<III", _RDP_10_8, 0, 0))
    blocks += block(0x0C03, network) + block(0x0C02, struct.pack("<II", method, level))
    start = b"\x00\x05\x00\x14\x7c\x00\x01\x2a\x14\x76\x0a\x01\x01\x00\x01\xc0\x00McDn"
    gcc = start + per_length(len(blocks)) + blocks
    head = ber(_ENUMERATED, b"\x00") + _integer(0) + _parameters(_AGREED)
    return data_tpdu(ber(b"\x7f\x66", head + ber(_OCTETS, gcc)))


def erect_domain() -> bytes:
    """MCS Erect Domain Request (2.2.1.5)."""
    return data_tpdu(b"\x04\x01\x00\x01\x00")


def attach_user() -> bytes:
    """MCS Attach User Request (2.2.1.6)."""
    return data_tpdu(b"\x28")


def attach_confirm(user: int = CLIENT_USER) -> bytes:
    """MCS Attach User Confirm (2.2.1.7): the client's user channel."""
    return data_tpdu(b"\x2e\x00" + struct.pack(">H", user - LOWEST_USER))


def join(channel: int, user: int = CLIENT_USER) -> bytes:
    """MCS Channel Join Request (2.2.1.8)."""
    return data_tpdu(struct.pack(">BHH", 0x38, user - LOWEST_USER, channel))


def join_confirm(channel: int, user: int = CLIENT_USER) -> bytes:
    """MCS Channel Join Confirm (2.2.1.9)."""
    return data_tpdu(struct.pack(">BBHHH", 0x3E, 0, user - LOWEST_USER, channel, channel))


def channel_ids(names: Sequence[str]) -> dict[str, int]:
    """The ids that the server gives to channels, by name."""
    return {name: FIRST_CHANNEL + at for at, name in enumerate(names)}
