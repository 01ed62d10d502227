"""MPPC with a history of 8K (RDP 4.0) or 64K (RDP 5.0) ([MS-RDPBCGR] 3.1.8.4.1, 3.1.8.4.2).

The data are a string of bits, the most significant bit of each byte first; less than eight bits at the end are padding.

    literal         00-7F      0  + 7 bits
                    80-FF      10 + 7 bits
    copy            copy-offset, then length-of-match

    copy-offset     RDP 4.0                           RDP 5.0
                       0-63      1111 +  6 bits          0-63      11111 +  6 bits
                      64-319     1110 +  8 bits         64-319     11110 +  8 bits
                     320-8191    110  + 13 bits        320-2367    1110  + 11 bits
                                                      2368-        110   + 16 bits

    length-of-match    3         0
                       4-7       10   + 2 bits        n ones, a zero, and the n + 1 bits that follow the leading one
                       8-15      110  + 3 bits        of the length: n is 11 at most in RDP 4.0 (up to 8191 bytes),
                      16-31      1110 + 4 bits ...    14 in RDP 5.0 (up to 65535 bytes)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from msra.transport.bulk_base import WINDOW, BulkError, HistoryDecompressor, windows

_PADDING = 64
"""Zero bits behind the data, more than any copy has: what is read beyond the end is noticed after the copy."""


class Variant(NamedTuple):
    """Where RDP 4.0 and RDP 5.0 differ; `copy_offsets`: prefix, number of bits after it, first copy-offset."""

    history: int
    copy_offsets: tuple[tuple[str, int, int], ...]
    most_ones: int


RDP4 = Variant(8192, (("1111", 6, 0), ("1110", 8, 64), ("110", 13, 320)), 11)
RDP5 = Variant(65536, (("11111", 6, 0), ("11110", 8, 64), ("1110", 11, 320), ("110", 16, 2368)), 14)


class Mppc(HistoryDecompressor):
    """Decompresses one direction; AT_FRONT: the data go to the front of the history ([MS-RDPBCGR] 3.1.8.3)."""

    def __init__(self, variant: Variant) -> None:
        super().__init__(variant.history)
        self._variant = variant

    def at_front(self) -> None:
        """PACKET_AT_FRONT."""
        self.history.to_front()

    def expand(self, data: bytes) -> None:
        """Append to the history what `data` stand for. Raises BulkError."""
        recent, copy, size = self.history.recent, self.history.copy, self.history.size
        offsets, offset_bits = _offset_tables(self._variant)
        lengths, length_bits = _length_tables()
        view = windows(int.from_bytes(data, "big") << _PADDING + WINDOW, 8 * len(data) + _PADDING + WINDOW)
        at = 8 * len(data) + _PADDING  # the bits that are left, with the padding
        # Two literals in one step as long as both must be data, then one by one.
        for least, (literals, literal_bits) in zip((16, 8), _literal_tables(), strict=True):
            while at >= _PADDING + least:
                window = view[at & 15][at >> 4]
                literal = literals[window]
                if literal:
                    recent += literal
                    at -= literal_bits[window]
                    continue
                offset = offsets[window]
                at -= offset_bits[window]
                if offset < 0:
                    offset = view[at & 15][at >> 4] - offset
                    at -= WINDOW
                window = view[at & 15][at >> 4]
                length = lengths[window]
                at -= length_bits[window]
                if not length:
                    length, at = self._long_length(view, at, window)
                have = len(recent)
                if length <= offset <= have <= size - length:
                    recent += recent[have - offset : have - offset + length]
                else:
                    copy(offset, length)
        if at < _PADDING:
            raise BulkError("The compressed data end in the middle of a code.")

    def _long_length(self, view: Sequence[Sequence[int]], at: int, window: int) -> tuple[int, int]:
        """Read a length-of-match of more than 16 bits, which starts with `window`. Returns (length, `at` after it)."""
        ones = WINDOW - (window ^ 0xFFFF).bit_length()
        if ones > self._variant.most_ones:
            raise BulkError(f"There is no length-of-match with {ones} leading ones.")
        at -= ones + 1
        length = (1 << WINDOW | view[at & 15][at >> 4]) >> WINDOW - (ones + 1)
        return length, at - (ones + 1)


@cache
def _literal_tables() -> tuple[tuple[Sequence[bytes], Sequence[int]], ...]:
    """By the next 16 bits: the literals they begin with (empty: a copy) and their bits; up to two of them, and one."""
    one, one_bits = [b""] * (1 << WINDOW), [0] * (1 << WINDOW)
    for byte in range(256):
        code, size = (byte, 8) if byte < 0x80 else (0x100 | byte & 0x7F, 9)
        _fill(one, code, size, bytes((byte,)))
        _fill(one_bits, code, size, size)
    two, two_bits = one.copy(), one_bits.copy()
    for first in range(0x80):
        for second in range(0x80):
            _fill(two, first << 8 | second, 16, bytes((first, second)))
            _fill(two_bits, first << 8 | second, 16, 16)
    return (two, two_bits), (one, one_bits)


@cache
def _offset_tables(variant: Variant) -> tuple[Sequence[int], Sequence[int]]:
    """By the next 16 bits: the copy-offset and its bits; -n: only the prefix, add n to 16 bits."""
    offsets, bits = [0] * (1 << WINDOW), [0] * (1 << WINDOW)
    for prefix, extra, base in variant.copy_offsets:
        code, size = int(prefix, 2), len(prefix)
        if size + extra > WINDOW:
            _fill(offsets, code, size, -base)
            _fill(bits, code, size, size)
            continue
        for value in range(1 << extra):
            _fill(offsets, code << extra | value, size + extra, base + value)
            _fill(bits, code << extra | value, size + extra, size + extra)
    return offsets, bits


@cache
def _length_tables() -> tuple[Sequence[int], Sequence[int]]:
    """By the next 16 bits: the length-of-match and its bits; 0: it has more than 16."""
    lengths, bits = [0] * (1 << WINDOW), [0] * (1 << WINDOW)
    _fill(lengths, 0b0, 1, 3)
    _fill(bits, 0b0, 1, 1)
    for ones in range(1, 8):
        prefix = (1 << ones) - 1 << 1
        for value in range(1 << ones + 1):
            _fill(lengths, prefix << ones + 1 | value, 2 * ones + 2, 1 << ones + 1 | value)
            _fill(bits, prefix << ones + 1 | value, 2 * ones + 2, 2 * ones + 2)
    return lengths, bits


_Entry = TypeVar("_Entry", int, bytes)


def _fill(table: list[_Entry], code: int, size: int, entry: _Entry) -> None:
    """Enter `entry` for all windows whose highest `size` bits are `code`."""
    rest = WINDOW - size
    table[code << rest : code + 1 << rest] = [entry] * (1 << rest)
