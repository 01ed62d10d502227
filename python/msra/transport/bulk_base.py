"""What the bulk decompressors share: flags, errors, the history buffer, and fast reading of bit strings.

    the history buffer of MPPC and RDP 6.0, `size` bytes ([MS-RDPBCGR] 3.1.8.1, [MS-RDPEGDI] 3.1.8.1.1)

    0                      HistoryOffset                       size
    +----------------------+-----------------------------------+
    | recent               | older[HistoryOffset:]             |
    +----------------------+-----------------------------------+
      written since the      what the round before left there,
      front was passed       zeros in the first round

After a loss nothing is known. A copy of unknown bytes is refused: what comes out is never guessed.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence

COMPRESSION_TYPE_MASK = 0x0F
PACKET_COMPRESSED = 0x20
PACKET_AT_FRONT = 0x40
PACKET_FLUSHED = 0x80
"""The flags of share data, fast-path updates and channel PDUs ([MS-RDPBCGR] 2.2.8.1.1.1.2, 3.1.8.2.1)."""

WINDOW = 16
"""How many bits of a bit string are looked up at once."""


class BulkError(Exception):
    """A PDU cannot be decompressed; the text says why, in one sentence."""


class HistoryLostError(BulkError):
    """A PDU refers to earlier data that were not seen or could not be decompressed; it may be sound itself."""


class History:
    """The history buffer of MPPC and RDP 6.0; append to `recent`, within `size`."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.recent = bytearray()
        self._older = bytes(size)
        self._placed = True

    def flush(self) -> None:
        """Fill the buffer with zeros, all of them valid, and start at its front."""
        self.recent.clear()
        self._older = bytes(self.size)
        self._placed = True

    def to_front(self) -> None:
        """Go on at the front; what was written stays until it is overwritten."""
        self._older = bytes(self.recent) + self._older[len(self.recent) :] if self._placed else b""
        self.recent.clear()
        self._placed = True

    def slide(self) -> None:
        """Keep the last half buffer that was written as its first half, and go on in the middle."""
        half = self.size // 2
        if self._placed:
            self.recent[:0] = bytes(max(half - len(self.recent), 0))
        del self.recent[: max(len(self.recent) - half, 0)]

    def lose(self) -> None:
        """Nothing is known any more, not even the HistoryOffset."""
        self.recent.clear()
        self._older = b""
        self._placed = False

    def copy(self, offset: int, length: int) -> None:
        """Append `length` bytes from `offset` bytes back, as if byte by byte ([MS-RDPBCGR] 3.1.8.2).

        An offset beyond the front leads to the end of the buffer, to what the round before left. Raises BulkError.
        """
        have = len(self.recent)
        if have + length > self.size:
            raise BulkError(f"The data expand beyond the history of {self.size} bytes.")
        if 0 < offset <= have:
            pattern = self.recent[have - offset : have - offset + length]
            self.recent += (pattern * (length // len(pattern) + 1))[:length]
            return
        start = have - offset if offset == 0 else have - offset + self.size
        if start < have or (self._placed and start + length > self.size):
            raise BulkError(f"A copy of {length} bytes from {offset} bytes back leaves the history.")
        if start + length > len(self._older):
            raise HistoryLostError("The data refer to earlier data that are missing.")
        self.recent += self._older[start : start + length]


class HistoryDecompressor:
    """One direction of a connection in one compression type; subclasses know its bits, and what AT_FRONT means."""

    def __init__(self, size: int) -> None:
        self.history = History(size)

    def decompress(self, flags: int, data: bytes) -> bytes:
        """Decompress one PDU ([MS-RDPBCGR] 3.1.8.3), at most the history's size. Raises BulkError, after `lose()`."""
        if flags & PACKET_FLUSHED:
            self.flush()
        elif flags & PACKET_AT_FRONT:
            self.at_front()
        if not flags & PACKET_COMPRESSED:
            return data
        history = self.history
        start = len(history.recent)
        try:
            if len(data) > history.size:
                raise BulkError(f"{len(data)} compressed bytes are more than the history of {history.size} bytes.")
            self.expand(data)
            if len(history.recent) > history.size:
                raise BulkError(f"The data expand beyond the history of {history.size} bytes.")
        except BulkError:
            self.lose()
            raise
        return bytes(memoryview(history.recent)[start:])

    def flush(self) -> None:
        """PACKET_FLUSHED: start anew. It comes before AT_FRONT, which then has nothing left to move."""
        self.history.flush()

    def at_front(self) -> None:
        """PACKET_AT_FRONT."""
        raise NotImplementedError

    def lose(self) -> None:
        """Forget everything, because PDUs are missing."""
        self.history.lose()

    def expand(self, data: bytes) -> None:
        """Append to the history what `data` stand for. Raises BulkError."""
        raise NotImplementedError


def windows(value: int, bits: int) -> Sequence[Sequence[int]]:
    """Make any 16 bits of a number readable: `[at & 15][at >> 4]` is `value >> at & 0xFFFF`, for `at` up to `bits`.

    The number in sixteen shifts, each seen as 16-bit words, so that a window costs no arithmetic on long numbers.
    `bits` is the length of the number.
    """
    size = (bits // WINDOW + 2) * (WINDOW // 8)
    views = [array("H", (value >> shift).to_bytes(size, "little")) for shift in range(WINDOW)]
    if sys.byteorder == "big":
        for view in views:
            view.byteswap()
    return views
