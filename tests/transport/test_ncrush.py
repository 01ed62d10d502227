"""RDP 6.0: the tables read every code of [MS-RDPEGDI] 3.1.8.1.4 as a reader of single bits would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.transport.bulk_base import BulkError, HistoryLostError
from msra.transport.ncrush import Ncrush
from tests.transport import bulk_reference as spec
from tests.transport.bulk_reference import AT_FRONT, COMPRESSED, FLUSHED, Token

SIZE, HALF = 65536, 32768
NEW_CACHE = [0, 0, 0, 0]


def read(*pdus: bytes) -> bytes:
    decompressor = Ncrush()
    return b"".join(decompressor.decompress(COMPRESSED, pdu) for pdu in pdus)


@pytest.mark.parametrize(
    ("code", "length_code", "token"),
    [
        ((0x34, 6, 0, 2), (0x1, 4, 0, 0), (8, 2)),
        ((0x34, 6, 3, 2), (0x1DF, 9, 3, 4), (11, 117)),
    ],
)
def test_the_codes_that_the_document_spells_out(
    code: tuple[int, ...], length_code: tuple[int, ...], token: Token
) -> None:
    """3.1.8.1.4.4.1.1 and 3.1.8.1.4.4.2.1: (code, bits, extra bits, their number) of offset and length."""
    text = b"an example text."
    fields = [spec.field(*part) for part in (code[:2], code[2:], length_code[:2], length_code[2:])]
    bits = "".join([*map(spec.symbol, text), *fields, spec.symbol(spec.END)])
    assert read(spec.ncrush_bytes(bits)) == spec.play([*text, token], bytearray(SIZE), 0)


def test_every_literal_alone_and_in_pairs() -> None:
    literals = [byte for first in range(0, 256, 3) for second in range(256) for byte in (first, second)]
    for at in range(0, len(literals), 20000):
        part = literals[at : at + 20000]
        assert read(spec.encode_ncrush(part, [*NEW_CACHE])) == bytes(part)


def test_every_border_of_the_copy_offsets_and_lengths() -> None:
    text = bytes(value * value % 251 for value in range(2400))
    offsets = {max(base - 1 + step, 0) for _, base in spec.OFFSETS for step in (-1, 0, 1)} | {65535}
    lengths = {base + step for _, base in spec.LENGTHS for step in (-1, 0, 1)} | {769, 770, 771, 5000, 16385}
    few = (2, 9, 300, 1999)
    for copy in {(a, b) for a in offsets if a for b in few} | {(a, b) for a in few for b in lengths if b > 1}:
        tokens = spec.fitting([*text, copy], 0, SIZE)
        assert read(spec.encode_ncrush(tokens, [*NEW_CACHE])) == spec.play(tokens, bytearray(SIZE), 0)


@given(data=st.data())
def test_any_sequence_of_pdus(data: st.DataObject) -> None:
    """Literals and copies of all kinds, the OffsetCache in use, the history sliding and being flushed."""
    decompressor, ring, at, cache = Ncrush(), bytearray(SIZE), 0, [*NEW_CACHE]
    for _ in range(data.draw(st.integers(1, 5))):
        flags = COMPRESSED | data.draw(st.sampled_from([0, 0, 0, FLUSHED]))
        if flags & FLUSHED:
            ring, at, cache = bytearray(SIZE), 0, [*NEW_CACHE]
        elif at >= HALF:
            flags |= AT_FRONT
            ring, at = ring[at - HALF : at] + bytes(HALF), HALF
        often = data.draw(st.lists(st.tuples(st.integers(1, 60), st.integers(2, 9)), max_size=5))
        drawn: list[Token] = [*data.draw(spec.streams(SIZE, 2)), *often * 4]
        tokens = [token for token in spec.fitting(drawn, at, SIZE) if isinstance(token, int) or token[1] <= 16385]
        clear = spec.play(tokens, ring, at)
        at += len(clear)
        assert decompressor.decompress(flags, spec.encode_ncrush(tokens, cache)) == clear


def slot(number: int, length: int = 2) -> str:
    return spec.symbol(spec.FIRST_SLOT + number) + spec.ncrush_length(length)


def test_the_offset_cache_swaps_with_the_head_and_outlives_the_pdu() -> None:
    """Figure 8: a cached offset changes places with slot 0, a new one pushes the others on. After 2, 3, 4, 5 the
    slots hold 5, 4, 3, 2; slot 3 puts 2 in front and 5 last; then slot 3 is 5, and slot 1 still 4."""
    text = b"0123456789"
    first: list[Token] = [*text, (2, 2), (3, 2), (4, 2), (5, 2)]
    bits = "".join([slot(3), slot(3), slot(1), spec.symbol(spec.END)])
    tokens: list[Token] = [*first, (2, 2), (5, 2), (4, 2)]
    clear = read(spec.encode_ncrush(first, [*NEW_CACHE]), spec.ncrush_bytes(bits))
    assert clear == spec.play(tokens, bytearray(SIZE), 0)


def test_flushing_empties_the_offset_cache() -> None:
    """An empty slot leads nowhere: not to an offset of before."""
    decompressor = Ncrush()
    decompressor.decompress(COMPRESSED, spec.encode_ncrush([*b"abcd", (3, 2)], [*NEW_CACHE]))
    cached = spec.ncrush_bytes(spec.symbol(0x61) * 4 + slot(0) + spec.symbol(spec.END))
    assert decompressor.decompress(COMPRESSED, cached) == b"aaaaaa"[:4] + b"aa"
    assert decompressor.decompress(COMPRESSED | FLUSHED, cached) == b"aaaa\0\0"


def test_sliding_moves_the_last_half_to_the_front() -> None:
    """What stands 32,768 bytes back is still there, what stood before it has become zeros."""
    decompressor = Ncrush()
    text = b"A" + b"B" * 16000 + b"C" * 16000 + b"D" * 16000
    at = len(text)
    tokens: list[Token] = [*b"A", *b"B", (1, 15999), *b"C", (1, 15999), *b"D", (1, 15999)]
    assert decompressor.decompress(COMPRESSED, spec.encode_ncrush(tokens, [*NEW_CACHE])) == text
    back = spec.encode_ncrush([(HALF, 3), (HALF + 3 + 2, 2)], [2, 3, 4, 5])
    assert decompressor.decompress(COMPRESSED | AT_FRONT, back) == text[at - HALF : at - HALF + 3] + b"\0\0"


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_without_end_of_stream_the_data_are_not_whole(cut: int) -> None:
    pdu = spec.encode_ncrush([*b"some text", (4, 20)], [*NEW_CACHE])
    with pytest.raises(BulkError, match="end of stream"):
        read(pdu[:-cut])


@given(st.binary(max_size=8))
def test_what_follows_the_end_of_stream_is_padding(padding: bytes) -> None:
    assert read(spec.encode_ncrush(b"abc", [*NEW_CACHE]) + padding) == b"abc"


@pytest.mark.parametrize("number", [30, 31])
def test_lengths_without_meaning_are_refused(number: int) -> None:
    bits = spec.symbol(0x61) + spec.ncrush_copy_offset(1, [*NEW_CACHE]) + spec.field(*spec.LENGTH_CODES[number])
    with pytest.raises(BulkError, match=f"symbol {number} has no meaning"):
        read(spec.ncrush_bytes(bits + "0" * 40))


def test_the_one_code_that_is_no_symbol_is_refused() -> None:
    with pytest.raises(BulkError, match="no symbol"):
        read(b"\xff\xff\xff\xff")


def test_no_pdu_fills_more_than_the_history() -> None:
    full: list[Token] = [0, *[(1, 16383)] * 4]
    assert len(read(spec.encode_ncrush([*full, 0, 0, 0], [*NEW_CACHE]))) == SIZE
    too_much: list[list[Token]] = [[*full, 0, 0, 0, 0], [*full, (1, 4)], [0, *[(1, 16383)] * 500]]
    for tokens in too_much:
        with pytest.raises(BulkError, match="expand beyond"):
            read(spec.encode_ncrush(tokens, [*NEW_CACHE]))
    with pytest.raises(BulkError, match="more than the history"):
        read(bytes(SIZE + 1))


def test_after_an_error_nothing_old_is_used() -> None:
    """Neither the history nor the OffsetCache; what came since is."""
    decompressor = Ncrush()
    decompressor.decompress(COMPRESSED, spec.encode_ncrush([*b"abcd", (3, 2)], [*NEW_CACHE]))
    with pytest.raises(BulkError):
        decompressor.decompress(COMPRESSED, b"")
    for pdu in (
        spec.encode_ncrush([(4, 2)], [*NEW_CACHE]),
        spec.ncrush_bytes(spec.symbol(0x61) * 4 + slot(0) + spec.symbol(spec.END)),
    ):
        with pytest.raises(HistoryLostError):
            decompressor.decompress(COMPRESSED, pdu)
    own = spec.encode_ncrush([*b"abc", (3, 6)], [*NEW_CACHE])
    assert decompressor.decompress(COMPRESSED, own) == b"abcabcabc"
    assert decompressor.decompress(COMPRESSED | AT_FRONT, own) == b"abcabcabc"
    assert decompressor.decompress(COMPRESSED | FLUSHED, spec.encode_ncrush([(9, 2)], [*NEW_CACHE])) == b"\0\0"
