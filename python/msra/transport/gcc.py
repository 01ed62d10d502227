"""GCC conference data (T.124): the settings both sides exchange ([MS-RDPBCGR] 2.2.1.3, 2.2.1.4).

... "Duca" or "McDn" | PER length | blocks         the H.221 key says whose blocks follow
block: type u16 | length u16 (header included) | data                              little-endian
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from msra.transport.mcs import read_per_length

CLIENT_KEY, SERVER_KEY = b"Duca", b"McDn"

CS_CORE = 0xC001
CS_NET = 0xC003
SC_SECURITY = 0x0C02
SC_NET = 0x0C03
SC_MCS_MSGCHANNEL = 0x0C04

_HEADER = struct.Struct("<HH")
_CLIENT_CORE = struct.Struct("<16xI32s")
_CHANNEL_DEF = struct.Struct("<8sI")
MAX_CHANNELS = 31
"""[MS-RDPBCGR] 2.2.1.3.4: at most 31 static channels."""


def blocks(user_data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (type, data) of each settings block; ends at the first one that does not fit."""
    key = max(user_data.find(CLIENT_KEY), user_data.find(SERVER_KEY))
    if key < 0:
        return
    length, at = read_per_length(user_data, key + len(CLIENT_KEY))
    end = len(user_data) if length is None else min(len(user_data), at + length)
    while at + _HEADER.size <= end:
        kind, size = _HEADER.unpack_from(user_data, at)
        if size < _HEADER.size or at + size > end:
            return
        yield kind, user_data[at + _HEADER.size : at + size]
        at += size


def client_core(block: bytes) -> tuple[str, int] | None:
    """CS_CORE (2.2.1.3.2): the client computer's name and the build number of its software; None if it is cut.

    version u32 | width u16 | height u16 | colour depth u16 | SAS u16 | keyboard layout u32 | clientBuild u32 |
    clientName (UTF-16, 32 bytes) | ...
    """
    if len(block) < _CLIENT_CORE.size:
        return None
    build, name = _CLIENT_CORE.unpack_from(block)
    return name.decode("utf-16-le", "replace").split("\0")[0], build


def channel_names(block: bytes) -> tuple[str, ...]:
    """CS_NET (2.2.1.3.4): channelCount u32, then for each channel name[8] (ASCII, NUL padded) and options u32."""
    if len(block) < 4:
        return ()
    count = min(int.from_bytes(block[:4], "little"), MAX_CHANNELS, (len(block) - 4) // _CHANNEL_DEF.size)
    names = (_CHANNEL_DEF.unpack_from(block, 4 + index * _CHANNEL_DEF.size)[0] for index in range(count))
    return tuple(name.split(b"\0")[0].decode("latin-1") for name in names)


def channel_ids(block: bytes) -> tuple[int, tuple[int, ...]]:
    """SC_NET (2.2.1.4.4): MCSChannelId u16 (the I/O channel), channelCount u16, ids u16. Returns (I/O id, ids)."""
    if len(block) < 4:
        return 0, ()
    io_channel, count = struct.unpack_from("<HH", block)
    count = min(count, MAX_CHANNELS, (len(block) - 4) // 2)
    return io_channel, struct.unpack_from(f"<{count}H", block, 4)


def message_channel(block: bytes) -> int:
    """SC_MCS_MSGCHANNEL (2.2.1.4.5): MCSChannelID u16."""
    return int.from_bytes(block[:2], "little")
