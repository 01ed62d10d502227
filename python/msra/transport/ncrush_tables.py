"""The Huffman codes of RDP 6.0 compression as look-up tables ([MS-RDPEGDI] 3.1.8.1.4.1, 3.1.8.1.4.2).

Both codes are canonical: the lengths alone say which bits mean which symbol. In the stream a code has its most
significant bit first; in a window, whose lowest bit is the first of the stream, it stands reversed. The values of the
extra bits after a code stand the other way round, so that both are simply the bits of the window from below.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from msra.transport.bulk_base import WINDOW

SYMBOL_CODE_LENGTHS = tuple(
    int(digit, 16)
    for digit in (
        "66677777777888888898999988999999899a9999999a9aaa99a9a9a999aa9a99"
        "89999aaa99aaaaaa99aaaaaaa9aaaaaa8aaaaaaaaaaaaaaa9aaaaaaa9aaaaaa9"
        "799a9aaa9aaaaaaa9aaaaaaaaaaaaaaaaaaaaaaaaaadaaaaaabaaaaaaaaaaaaa"
        "9aaaaa9aaaaa9aaa9aaaaaaaaaaaaaaa9aaaaaaaaaaaaa9a899a9aaa9aaa9987"
        "dd77a77666656665656666666666666685677"
    )
)
"""HuffLengthLEC (table 1), a digit for each of the symbols 0 to 292."""

LENGTH_CODE_LENGTHS = tuple(int(digit) for digit in "42343445455667787889989999999999")
"""HuffLengthL (table 4), a digit for each of the symbols 0 to 31."""

OFFSET_BITS = (0, 0, *(bits for bits in range(15) for _ in range(2)))
"""CopyOffsetBitsLUT (table 3): how many bits follow each symbol of a copy-offset."""
OFFSET_BASE = tuple(sum(1 << bits for bits in OFFSET_BITS[:index]) for index in range(len(OFFSET_BITS)))
"""CopyOffsetBaseLUT (table 3) less one: the first copy-offset of each symbol."""

LENGTH_BITS = (*(0,) * 8, *(1,) * 4, *(2,) * 4, *(3,) * 4, *(4,) * 4, 6, 6, 8, 8, 14, 14)
"""LoMBitsLUT (table 6): how many bits follow each symbol of a length-of-match; symbols 30 and 31 have no meaning."""
LENGTH_BASE = (*(2 + sum(1 << bits for bits in LENGTH_BITS[:index]) for index in range(28)), 2, 2)
"""LoMBaseLUT (table 6): the first length-of-match of each symbol."""

_END_OF_STREAM, _FIRST_OFFSET, _FIRST_SLOT = 256, 257, 289

# Offsets in a table that are none:
LAST_SLOT = -4
"""-1 to -4: what slot 0 to 3 of the OffsetCache holds."""
FAR = -5
"""FAR - n: the n-th symbol of a copy-offset; its extra bits lie beyond the window."""
END, INVALID = -100, -101
"""The end of the stream; no symbol."""


class Symbols(NamedTuple):
    """What the next 16 bits begin with: literals, or else the copy-offset, or one of the above."""

    literals: Sequence[bytes]
    """One or two literals; empty: none."""
    offsets: Sequence[int]
    lengths: Sequence[int]
    """The length-of-match after the copy-offset; 0: not in the window."""
    bits: Sequence[int]
    """How many bits all that takes."""


@cache
def symbols() -> Symbols:
    """The code of literals, copy-offsets and end (table 2), each window with as much as it holds."""
    literals, offsets, bits = [b""] * (1 << WINDOW), [INVALID] * (1 << WINDOW), [WINDOW] * (1 << WINDOW)
    for symbol, code, size in codes(SYMBOL_CODE_LENGTHS):
        if symbol < _END_OF_STREAM:
            _fill(literals, code, size, bytes((symbol,)))
            _fill(bits, code, size, size)
            continue
        for value, whole, whole_size in _offsets(symbol, code, size):
            _fill(offsets, whole, whole_size, value)
            _fill(bits, whole, whole_size, whole_size)
    return _extend(Symbols(literals, offsets, [0] * (1 << WINDOW), bits))


def _extend(one: Symbols) -> Symbols:
    """Look further where the next code lies in the window too: a second literal, or the length-of-match."""
    length_values, length_bits = lengths()
    literals, copy_lengths, bits = [*one.literals], [*one.lengths], [*one.bits]
    for window, used in enumerate(one.bits):
        rest = window >> used
        if one.literals[window]:
            if one.literals[rest] and used + one.bits[rest] <= WINDOW:
                literals[window] += one.literals[rest]
                bits[window] += one.bits[rest]
        elif one.offsets[window] >= LAST_SLOT and length_values[rest] > 0 and used + length_bits[rest] <= WINDOW:
            copy_lengths[window] = length_values[rest]
            bits[window] += length_bits[rest]
    return Symbols(literals, one.offsets, copy_lengths, bits)


def _offsets(symbol: int, code: int, size: int) -> Iterator[tuple[int, int, int]]:
    """What a symbol that is no literal means: (value, its bits, with the extra bits if they fit, and their number)."""
    index = symbol - _FIRST_OFFSET
    if symbol == _END_OF_STREAM:
        yield END, code, size
    elif symbol >= _FIRST_SLOT:
        yield ~(symbol - _FIRST_SLOT), code, size
    elif size + OFFSET_BITS[index] > WINDOW:
        yield FAR - index, code, size
    else:
        for extra in range(1 << OFFSET_BITS[index]):
            yield OFFSET_BASE[index] + extra, code | extra << size, size + OFFSET_BITS[index]


@cache
def lengths() -> tuple[Sequence[int], Sequence[int]]:
    """By the next 16 bits: the length-of-match and its bits; -n: symbol n, whose extra bits lie beyond the window."""
    values, bits = [0] * (1 << WINDOW), [0] * (1 << WINDOW)
    for symbol, code, size in codes(LENGTH_CODE_LENGTHS):
        extra_bits = LENGTH_BITS[symbol] if symbol < len(LENGTH_BITS) else WINDOW
        if size + extra_bits > WINDOW:
            _fill(values, code, size, -symbol)
            _fill(bits, code, size, size)
            continue
        for extra in range(1 << extra_bits):
            _fill(values, code | extra << size, size + extra_bits, LENGTH_BASE[symbol] + extra)
            _fill(bits, code | extra << size, size + extra_bits, size + extra_bits)
    return values, bits


def codes(code_lengths: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """The canonical Huffman code of these lengths: (symbol, its code reversed, number of bits), shortest first."""
    code = size = 0
    for symbol in sorted(range(len(code_lengths)), key=code_lengths.__getitem__):
        code <<= code_lengths[symbol] - size
        size = code_lengths[symbol]
        yield symbol, int(f"{code:0{size}b}"[::-1], 2), size
        code += 1


_Entry = TypeVar("_Entry", int, bytes)


def _fill(table: list[_Entry], code: int, size: int, entry: _Entry) -> None:
    """Enter `entry` for all windows whose lowest `size` bits are `code`."""
    table[code :: 1 << size] = [entry] * (1 << WINDOW - size)
