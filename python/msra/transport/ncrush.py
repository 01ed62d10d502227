"""RDP 6.0 bulk compression, also called NCRUSH ([MS-RDPEGDI] 3.1.8.1).

The data are a string of bits, the least significant bit of each byte first, that holds Huffman codes:

    literal              symbol 0-255
    end of the stream    symbol 256                      must be there; what follows is padding
    copy                 copy-offset, then length-of-match
      copy-offset        symbol 257-288 + 0-14 bits      goes into slot 0 of the OffsetCache and pushes the others on
                         symbol 289-292                  comes from slot 0-3 of it, and changes places with slot 0
      length-of-match    symbol 0-29 of another code + 0-14 bits
"""

from __future__ import annotations

from collections.abc import Sequence

from msra.transport import ncrush_tables as tables
from msra.transport.bulk_base import BulkError, HistoryDecompressor, windows

_HISTORY = 65536
_PADDING = 64
"""Zero bits behind the data, more than any copy has: what is read beyond the end is noticed after the copy."""
_NO_OFFSETS = (0, 0, 0, 0)


class Ncrush(HistoryDecompressor):
    """Decompresses one direction; AT_FRONT: the history slides back by half ([MS-RDPEGDI] 3.1.8.1.3)."""

    def __init__(self) -> None:
        super().__init__(_HISTORY)
        self._cache = [*_NO_OFFSETS]
        """The OffsetCache, slot 0 last."""

    def flush(self) -> None:
        """PACKET_FLUSHED; the OffsetCache is emptied with the history ([MS-RDPEGDI] 3.1.8.1.1)."""
        super().flush()
        self._cache[:] = _NO_OFFSETS

    def at_front(self) -> None:
        """PACKET_AT_FRONT."""
        self.history.slide()

    def lose(self) -> None:
        """Forget everything, because PDUs are missing, and the copy-offsets they brought."""
        super().lose()
        self._cache[:] = _NO_OFFSETS

    def expand(self, data: bytes) -> None:
        """Append to the history what `data` stand for. Raises BulkError."""
        recent, copy, size, cache = self.history.recent, self.history.copy, self.history.size, self._cache
        literals, offsets, near_lengths, bits = tables.symbols()
        lengths, length_bits = tables.lengths()
        end = 8 * len(data)
        view = windows(int.from_bytes(data, "little"), end + _PADDING)
        at = 0
        while at < end:
            window = view[at & 15][at >> 4]
            at += bits[window]
            literal = literals[window]
            if literal:
                recent += literal
                continue
            offset = offsets[window]
            if offset >= 0:
                cache.append(offset)
            elif offset == -1:
                offset = cache[-1]
            elif offset >= tables.LAST_SLOT:
                cache[offset], offset = cache[-1], cache[offset]
                cache[-1] = offset
            elif offset == tables.END:
                break  # its last bit is a one, so it cannot lie in the padding
            else:
                offset, at = _far_offset(view, at, offset)
                cache.append(offset)
            length = near_lengths[window]
            if not length:
                window = view[at & 15][at >> 4]
                length = lengths[window]
                at += length_bits[window]
                if length <= 0:
                    length, at = _long_length(view, at, -length)
            have = len(recent)
            if length <= offset <= have <= size - length:
                recent += recent[have - offset : have - offset + length]
            else:
                copy(offset, length)
        else:
            raise BulkError("The compressed data end without an end of stream.")
        del cache[:-4]


def _far_offset(view: Sequence[Sequence[int]], at: int, value: int) -> tuple[int, int]:
    """Read the bits of a copy-offset that the table does not hold. Returns (copy-offset, `at` after it)."""
    if value == tables.INVALID:
        raise BulkError("There is no symbol with thirteen ones.")
    index = tables.FAR - value
    bits = tables.OFFSET_BITS[index]
    return tables.OFFSET_BASE[index] + (view[at & 15][at >> 4] & (1 << bits) - 1), at + bits


def _long_length(view: Sequence[Sequence[int]], at: int, symbol: int) -> tuple[int, int]:
    """Read the bits of a length-of-match that the table does not hold. Returns (length, `at` after it)."""
    if symbol >= len(tables.LENGTH_BITS):
        raise BulkError(f"The length-of-match symbol {symbol} has no meaning.")
    bits = tables.LENGTH_BITS[symbol]
    return tables.LENGTH_BASE[symbol] + (view[at & 15][at >> 4] & (1 << bits) - 1), at + bits
