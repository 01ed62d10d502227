"""Virtual channels: static ones in chunks ([MS-RDPBCGR] 2.2.6.1), dynamic ones inside drdynvc ([MS-RDPEDYC] 2.2).

static chunk    length u32 | flags u32 | data         length: the whole message, before it was cut into chunks
dynamic PDU     header 1 | ChannelId 1, 2 or 4 | ...  header: Cmd in bits 4-7, Sp in bits 2-3, cbId in bits 0-1
    1 Create request    name, NUL terminated                    (response: CreationStatus u32)
    2 Data First        Length 1, 2 or 4 (by Sp) | data         Length: the whole message
    3 Data              data
    4 Close
    6, 7                Data First and Data, compressed
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from msra.limits import MAX_MESSAGE

CHANNEL_FLAG_FIRST = 0x01
CHANNEL_FLAG_LAST = 0x02
CHANNEL_PACKET_COMPRESSED = 0x00200000
_ALL_FLAGS = 0x00EF00F3
"""Every flag of [MS-RDPBCGR] 2.2.6.1.1, and the compression type."""


_CHUNK_HEADER = struct.Struct("<II")
CHUNK_HEADER = _CHUNK_HEADER.size

CREATE, DATA_FIRST, DATA, CLOSE, DATA_FIRST_COMPRESSED, DATA_COMPRESSED = 1, 2, 3, 4, 6, 7
_WIDTHS = {0: 1, 1: 2, 2: 4}


@dataclass(slots=True)
class Reassembly:
    """The unfinished message of one channel and direction."""

    data: bytearray = field(default_factory=bytearray)
    open: bool = False

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return len(self.data)

    def add(self, chunk: bytes, first: bool, last: bool) -> tuple[bytes | None, int]:
        """Add a chunk. Returns (the message, if this completes one; how many bytes had to be thrown away)."""
        lost = 0
        if first:
            lost = self.drop()
            self.open = True
        if not self.open:
            return None, len(chunk)
        self.data += chunk
        if len(self.data) > MAX_MESSAGE:
            return None, lost + self.drop()
        if not last:
            return None, lost
        message = bytes(self.data)
        self.data.clear()
        self.open = False
        return message, lost

    def drop(self) -> int:
        """Forget the unfinished message; returns its size so far."""
        size = len(self.data)
        self.data.clear()
        self.open = False
        return size


class Chunk(NamedTuple):
    """A channel PDU: `length` is that of the whole message, uncompressed."""

    length: int
    flags: int
    data: bytes

    @property
    def first(self) -> bool:
        """It starts a message."""
        return bool(self.flags & CHANNEL_FLAG_FIRST)

    @property
    def last(self) -> bool:
        """It ends a message."""
        return bool(self.flags & CHANNEL_FLAG_LAST)

    @property
    def compression(self) -> int:
        """The byte that says how the data is compressed, as share data has it (3.1.8.2.1)."""
        return self.flags >> 16 & 0xFF

    @property
    def compressed(self) -> bool:
        """Its data is bulk compressed."""
        return bool(self.flags & CHANNEL_PACKET_COMPRESSED)

    @property
    def plausible(self) -> bool:
        """Whether this looks like a channel PDU: asked when it is not known what the MCS channel carries."""
        return not self.flags & ~_ALL_FLAGS and len(self.data) <= self.length <= MAX_MESSAGE


def parse_chunk(data: bytes) -> Chunk | None:
    """Read a channel PDU; None if its header is cut."""
    if len(data) < CHUNK_HEADER:
        return None
    length, flags = _CHUNK_HEADER.unpack_from(data)
    return Chunk(length, flags, data[CHUNK_HEADER:])


class DynamicPdu(NamedTuple):
    """A drdynvc PDU; `length` is that of the whole message (Data First only)."""

    command: int
    channel: int
    length: int | None
    data: bytes


def parse_dynamic(data: bytes) -> DynamicPdu | None:
    """Read a drdynvc PDU; None if it is cut."""
    if not data:
        return None
    command, width = data[0] >> 4, _WIDTHS.get(data[0] & 3)
    if width is None or len(data) < 1 + width:
        return None
    at = 1 + width
    channel = int.from_bytes(data[1:at], "little")
    length = None
    if command in (DATA_FIRST, DATA_FIRST_COMPRESSED):
        size = _WIDTHS.get(data[0] >> 2 & 3)
        if size is None or len(data) < at + size:
            return None
        length = int.from_bytes(data[at : at + size], "little")
        at += size
    return DynamicPdu(command, channel, length, data[at:])


@dataclass(slots=True)
class DynamicReassembly:
    """The unfinished message of one dynamic channel and direction: Data First announces its length."""

    missing: int = 0
    message: Reassembly = field(default_factory=Reassembly)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self.message.size

    def add(self, pdu: DynamicPdu) -> tuple[bytes | None, int]:
        """As Reassembly.add: Data First starts a message of `length` bytes, Data alone is whole or goes on."""
        first = pdu.length is not None or not self.missing
        self.missing = (pdu.length if pdu.length is not None else self.missing or len(pdu.data)) - len(pdu.data)
        self.missing = max(self.missing, 0)
        message, lost = self.message.add(pdu.data, first, last=not self.missing)
        if not self.message.open:
            self.missing = 0
        return message, lost
