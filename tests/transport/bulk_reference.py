"""Bulk compression straight from the specifications, slow and plain, to measure the decompressors against.

A stream is a list of tokens: an int is a literal, (offset, length) a copy. `encode_...` writes them as a peer would,
`play` says what they stand for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from hypothesis import strategies as st

DATA = Path(__file__).parents[1] / "data"
COMPRESSED, AT_FRONT, FLUSHED = 0x20, 0x40, 0x80

Token: TypeAlias = "int | tuple[int, int]"
Tokens: TypeAlias = "Sequence[Token]"


def play(tokens: Tokens, ring: bytearray, at: int) -> bytes:
    """Write into the history `ring` from `at` on what the tokens stand for, byte by byte; return that."""
    start = at
    for token in tokens:
        for _ in range(1 if isinstance(token, int) else token[1]):
            ring[at] = token if isinstance(token, int) else ring[(at - token[0]) % len(ring)]
            at += 1
    return bytes(ring[start:at])


def fitting(tokens: Tokens, at: int, size: int) -> list[Token]:
    """The tokens that a history of `size` bytes has room for, and whose source doesn't run over its end."""
    kept: list[Token] = []
    for token in tokens:
        offset, length = (0, 1) if isinstance(token, int) else token
        if at + length <= size and (at - offset) % size + length <= size:
            kept.append(token)
            at += length
    return kept


def streams(history: int, shortest: int) -> st.SearchStrategy[list[Token]]:
    """Literals and copies of all lengths and offsets."""
    offset = st.one_of(st.integers(1, 80), st.integers(1, 3000), st.integers(1, history - 1))
    length = st.one_of(st.integers(shortest, 12), st.integers(shortest, 300), st.integers(shortest, history // 5))
    return st.lists(st.one_of(st.integers(0, 255), st.tuples(offset, length)), max_size=50)


def bits_of(value: int, size: int) -> str:
    return f"{value:0{size}b}" if size else ""


# MPPC ([MS-RDPBCGR] 3.1.8.4): from the most significant bit, of a field and of a byte.

RDP4_OFFSETS = ((320, "110", 13), (64, "1110", 8), (0, "1111", 6))
RDP5_OFFSETS = ((2368, "110", 16), (320, "1110", 11), (64, "11110", 8), (0, "11111", 6))


def mppc_bits(token: Token, offsets: tuple[tuple[int, str, int], ...]) -> str:
    """One literal or copy."""
    if isinstance(token, int):
        return bits_of(token, 8) if token < 0x80 else "10" + bits_of(token & 0x7F, 7)
    offset, length = token
    base, prefix, size = next(row for row in offsets if offset >= row[0])
    copy_offset = prefix + bits_of(offset - base, size)
    if length == 3:
        return copy_offset + "0"
    size = length.bit_length() - 1
    return copy_offset + "1" * (size - 1) + "0" + bits_of(length - (1 << size), size)


def mppc_bytes(bits: str) -> bytes:
    """The bits, padded with zeros."""
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def encode_mppc(tokens: Tokens, offsets: tuple[tuple[int, str, int], ...]) -> bytes:
    """A whole PDU."""
    return mppc_bytes("".join(mppc_bits(token, offsets) for token in tokens))


# RDP 6.0 ([MS-RDPEGDI] 3.1.8.1.4): from the least significant bit, of a field and of a byte.


def _tables() -> list[list[tuple[int, int]]]:
    blocks = (DATA / "bulk_rdp6_codes.txt").read_text("ascii").split("\n[")[1:]
    entries = [[entry.split("/") for entry in block.split("]\n")[1].split()] for block in blocks]
    return [[(int(a, 16 if at in (0, 2) else 10), int(b)) for a, b in block] for at, block in enumerate(entries)]


SYMBOL_CODES, OFFSETS, LENGTH_CODES, LENGTHS = _tables()
"""(code, bits) of the symbols; (extra bits, base) of the copy-offsets; both again for the lengths-of-match."""
END, FIRST_OFFSET, FIRST_SLOT = 256, 257, 289


def field(value: int, size: int) -> str:
    return bits_of(value, size)[::-1]


def symbol(number: int) -> str:
    return field(*SYMBOL_CODES[number])


def ncrush_copy_offset(offset: int, cache: list[int]) -> str:
    """A copy-offset, from the OffsetCache if it is there; `cache` changes."""
    if offset in cache:
        slot = cache.index(offset)
        cache[0], cache[slot] = cache[slot], cache[0]
        return symbol(FIRST_SLOT + slot)
    cache[:] = [offset, *cache[:3]]
    index = max(i for i, (_, base) in enumerate(OFFSETS) if base <= offset + 1)
    extra, base = OFFSETS[index]
    return symbol(FIRST_OFFSET + index) + field(offset + 1 - base, extra)


def ncrush_length(length: int) -> str:
    index = next(i for i, (extra, base) in enumerate(LENGTHS) if base <= length < base + (1 << extra))
    extra, base = LENGTHS[index]
    return field(*LENGTH_CODES[index]) + field(length - base, extra)


def ncrush_bytes(bits: str) -> bytes:
    """The bits, padded with zeros."""
    return int(bits[::-1] or "0", 2).to_bytes(-(-len(bits) // 8), "little")


def encode_ncrush(tokens: Tokens, cache: list[int]) -> bytes:
    """A whole PDU; `cache` is the OffsetCache, which the next PDU goes on with."""
    bits = [
        symbol(token) if isinstance(token, int) else ncrush_copy_offset(token[0], cache) + ncrush_length(token[1])
        for token in tokens
    ]
    return ncrush_bytes("".join([*bits, symbol(END)]))


# What others made (see bulk_make_vectors.py and the files themselves).


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text("ascii"))


KNOWN_ANSWERS: dict[str, tuple[int, bytes, bytes]] = {
    vector["name"]: (vector["flags"], base64.b64decode(vector["data"]), base64.b64decode(vector["clear"]))
    for vector in load("bulk_known_answers.json")["vectors"]
}
"""By name: flags, data, and the data in the clear."""
