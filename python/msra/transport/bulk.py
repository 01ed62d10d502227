"""Bulk compression ([MS-RDPBCGR] 3.1.8, [MS-RDPEGDI] 3.1.8): one history a direction, shared by all that is sent.

The flags are one byte, the same in three places: `compressedType` of the share data header ([MS-RDPBCGR]
2.2.8.1.1.1.2), `compressionFlags` of a fast-path update (2.2.9.1.2.1), and bits 16 to 23 of the flags of a channel
PDU (2.2.6.1.1).

    bit     7         6          5            4         3 to 0
         FLUSHED   AT_FRONT   COMPRESSED   (unused)   type: 0 MPPC 8K, 1 MPPC 64K, 2 RDP 6.0, 3 RDP 6.1

    FLUSHED       the history is zeros, and starts anew                          done first, and also without COMPRESSED
    AT_FRONT      MPPC: the data go to the front of the history;                 done also without COMPRESSED
                  RDP 6.0: the history slides back by half; RDP 6.1: nothing
    COMPRESSED    the data are compressed; else they are plain, and do not enter the history

A peer sends FLUSHED alone when data did not become smaller: it has emptied its own history and sends them plain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from msra.transport.bulk_base import (
    COMPRESSION_TYPE_MASK,
    PACKET_AT_FRONT,
    PACKET_COMPRESSED,
    PACKET_FLUSHED,
    BulkError,
    HistoryLostError,
)
from msra.transport.mppc import RDP4, RDP5, Mppc
from msra.transport.ncrush import Ncrush
from msra.transport.room import Room, Rooms
from msra.transport.xcrush import Xcrush

__all__ = ["TYPE_NAMES", "BulkDecompressor", "BulkError", "HistoryLostError"]


class _Decompressor(Protocol):
    def decompress(self, flags: int, data: bytes) -> bytes: ...
    def lose(self) -> None: ...


_TYPES: Mapping[int, tuple[str, Callable[[], _Decompressor], int]] = {
    # number: name, how it is made, bytes that it takes
    0: ("MPPC 8K", lambda: Mppc(RDP4), 2 * 8_192),
    1: ("MPPC 64K", lambda: Mppc(RDP5), 2 * 65_536),
    2: ("RDP 6.0", Ncrush, 2 * 65_536),
    3: ("RDP 6.1", Xcrush, 2_000_000 + 2 * 65_536),
}
TYPE_NAMES: Mapping[int, str] = {number: name for number, (name, _, _) in _TYPES.items()}
"""The compression types as a report names them."""


class BulkDecompressor:
    """Decompresses what one side of a connection sends, fed in wire order.

    Each type has a history of its own, made when it is first used: a peer that changes the type goes on in the history
    of the new one, and may return to the old one.
    """

    def __init__(self, synchronised: bool = True, room: Room | None = None) -> None:
        """`synchronised`: the first PDU that will be fed is the first of the connection, so the histories are empty.

        `room` is for the histories.
        """
        self._synchronised = synchronised
        self._room = room or Rooms().histories
        self._held = 0
        self._types: dict[int, _Decompressor] = {}

    def decompress(self, flags: int, data: bytes) -> bytes:
        """Return the data of one PDU in the clear; `flags` is the byte drawn above. Plain data come back as they are.

        The output is bounded: 8,192 bytes in MPPC 8K, 65,536 in MPPC 64K and RDP 6.0, 16,384 in RDP 6.1.

        Raises BulkError, and nothing else, when data cannot be decompressed. From then on the history of that type
        is unknown, as after `lose`. Its subclass HistoryLostError says that the PDU may be sound, but builds on data
        that are unknown.
        """
        if not flags & (PACKET_COMPRESSED | PACKET_AT_FRONT | PACKET_FLUSHED):
            return data
        number = flags & COMPRESSION_TYPE_MASK
        if number not in _TYPES:
            if flags & PACKET_COMPRESSED:
                raise BulkError(f"There is no bulk compression of type {number}.")
            return data
        decompressor = self._of_type(number)
        self._room.hold(self, self._held)
        return decompressor.decompress(flags, data)

    def give_up(self) -> None:
        """The room is needed by others, or nothing more will be sent: forget the histories, as after a loss."""
        self._synchronised = False
        self._types.clear()
        self._held = 0

    def end(self) -> None:
        """Nothing more will be sent."""
        self.give_up()
        self._room.hold(self, 0)

    def lose(self) -> None:
        """PDUs are missing here, or could not be read: no history is known any more.

        A PDU that builds on nothing but what came after the loss is still decompressed; others raise HistoryLostError.
        FLUSHED ends this state at once. AT_FRONT tells where the history stands, not what the peer may still copy.
        """
        self._synchronised = False
        for decompressor in self._types.values():
            decompressor.lose()

    def _of_type(self, number: int) -> _Decompressor:
        decompressor = self._types.get(number)
        if decompressor is None:
            _, make, size = _TYPES[number]
            decompressor = self._types[number] = make()
            self._held += size
            if not self._synchronised:
                decompressor.lose()
        return decompressor
