"""MPPC: the tables read every code of [MS-RDPBCGR] 3.1.8.4 as a reader of single bits would."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msra.transport.bulk_base import BulkError, HistoryLostError
from msra.transport.mppc import RDP4, RDP5, Mppc, Variant
from tests.transport import bulk_reference as spec
from tests.transport.bulk_reference import AT_FRONT, COMPRESSED, FLUSHED, Token

VARIANTS = pytest.mark.parametrize(
    ("variant", "offsets"), [(RDP4, spec.RDP4_OFFSETS), (RDP5, spec.RDP5_OFFSETS)], ids=["RDP4", "RDP5"]
)
Offsets = tuple[tuple[int, str, int], ...]


def read(variant: Variant, *pdus: bytes) -> bytes:
    decompressor = Mppc(variant)
    return b"".join(decompressor.decompress(COMPRESSED, pdu) for pdu in pdus)


@VARIANTS
def test_the_examples_of_the_document(variant: Variant, offsets: Offsets) -> None:
    """3.1.8.2, the replicating copy; 3.1.8.2.3, the bells."""
    tokens: list[Token] = [*b"Xcd", (2, 4), *b"YZ"]
    assert read(variant, spec.encode_mppc(tokens, offsets)) == b"XcdcdcdYZ"
    tokens = [*b"for.whom.the.bell.tolls,", (16, 15), *b".", (40, 4), (19, 3), *b"e!"]
    assert read(variant, spec.encode_mppc(tokens, offsets)) == b"for.whom.the.bell.tolls,.the.bell.tolls.for.thee!"


@pytest.mark.parametrize(
    ("bits", "token"),
    [
        ("01010110", 0x56),
        ("101100111", 0xE7),
        ("1111" "000011" "110" "111", (3, 15)),
        ("1110" "01000000" "111110" "111000", (128, 120)),
        ("110" "0001011000000" "111111111110" "000000000001", (1024, 4097)),
    ],
)  # fmt: skip
def test_the_codes_that_the_document_spells_out(bits: str, token: Token) -> None:
    """3.1.8.4.1.1, 3.1.8.4.1.2.1, 3.1.8.4.1.2.2: here the bits are typed in, not encoded."""
    before = bytes(range(128)) * 16
    decompressor = Mppc(RDP4)
    decompressor.decompress(COMPRESSED, before)
    clear = decompressor.decompress(COMPRESSED, spec.mppc_bytes(bits))
    assert clear == spec.play([token], bytearray(before) + bytes(8192 - len(before)), len(before))


@VARIANTS
def test_every_border_of_the_copy_offsets_and_lengths(variant: Variant, offsets: Offsets) -> None:
    size = variant.history
    borders = [*(1 << n for n in range(2, 16)), 3, 64, 320, 2368]
    values = sorted({border + step for border in borders for step in (-1, 0, 1)})
    text = bytes(value * value % 251 for value in range(400)) * 6
    all_offsets = [value for value in values if 1 <= value < size]
    all_lengths = [value for value in values if 3 <= value < size - len(text)]
    few = (3, 70, 330, 1999)
    for copy in {(a, b) for a in all_offsets for b in few} | {(a, b) for a in few for b in all_lengths}:
        tokens = spec.fitting([*text, copy], 0, size)
        assert read(variant, spec.encode_mppc(tokens, offsets)) == spec.play(tokens, bytearray(size), 0)


@VARIANTS
@given(data=st.data())
def test_any_sequence_of_pdus(variant: Variant, offsets: Offsets, data: st.DataObject) -> None:
    """Literals and copies of all kinds, the history going round, and being flushed."""
    decompressor, ring, at = Mppc(variant), bytearray(variant.history), 0
    for _ in range(data.draw(st.integers(1, 4))):
        flags = COMPRESSED | data.draw(st.sampled_from([0, 0, AT_FRONT, FLUSHED, AT_FRONT | FLUSHED]))
        if flags & FLUSHED:
            ring = bytearray(variant.history)
        if flags & (FLUSHED | AT_FRONT):
            at = 0
        tokens = spec.fitting(data.draw(spec.streams(variant.history, 3)), at, variant.history)
        clear = spec.play(tokens, ring, at)
        at += len(clear)
        assert decompressor.decompress(flags, spec.encode_mppc(tokens, offsets)) == clear


@given(st.lists(st.integers(0, 255), max_size=40))
@example([0] * 3)
@example([0x80] * 7)
def test_padding_is_never_read_as_literals(literals: list[int]) -> None:
    """Two literals are read at a time, so the zeros after the last one must not become another."""
    assert read(RDP5, spec.encode_mppc(literals, spec.RDP5_OFFSETS)) == bytes(literals)


@VARIANTS
@given(data=st.data())
def test_cut_data_give_the_beginning_or_an_error(variant: Variant, offsets: Offsets, data: st.DataObject) -> None:
    tokens = spec.fitting(data.draw(spec.streams(variant.history, 3)), 0, variant.history)
    clear = spec.play(tokens, bytearray(variant.history), 0)
    pdu = spec.encode_mppc(tokens, offsets)
    with contextlib.suppress(BulkError):
        assert clear.startswith(read(variant, pdu[: data.draw(st.integers(0, len(pdu)))]))


@pytest.mark.parametrize("bits", ["10000000", "11000000", "1111000001111100", "1111000001111111"])
def test_the_end_in_the_middle_of_a_code(bits: str) -> None:
    with pytest.raises(BulkError, match="middle of a code"):
        read(RDP4, spec.mppc_bytes("0" * 8 + bits))


@pytest.mark.parametrize(("variant", "ones"), [(RDP4, 12), (RDP4, 16), (RDP5, 15), (RDP5, 16)])
def test_a_length_with_too_many_ones_does_not_exist(variant: Variant, ones: int) -> None:
    prefix = {RDP4: "1111", RDP5: "11111"}[variant]
    with pytest.raises(BulkError, match="leading ones"):
        read(variant, spec.mppc_bytes("01100001" + prefix + "000001" + "1" * ones + "0" * 40))


@VARIANTS
def test_no_pdu_fills_more_than_the_history(variant: Variant, offsets: Offsets) -> None:
    """The bound of the output: by copies, by a literal too many, and by the size of the input."""
    full: list[Token] = [0, (1, variant.history - 2), 0]
    assert len(read(variant, spec.encode_mppc(full, offsets))) == variant.history
    for tokens in ([*full, 0], [*full, (1, 3)], [*full[:2], *[(1, variant.history - 1)] * 50]):
        with pytest.raises(BulkError, match="expand beyond"):
            read(variant, spec.encode_mppc(tokens, offsets))
    with pytest.raises(BulkError, match="more than the history"):
        read(variant, bytes(variant.history + 1))


def test_a_copy_offset_beyond_the_history_is_refused() -> None:
    """The 13 bits of RDP 4.0 could say 8511, the 16 bits of RDP 5.0 67903."""
    for variant, bits in ((RDP4, "110" + "1" * 13 + "0"), (RDP5, "110" + "1" * 16 + "0")):
        with pytest.raises(BulkError, match="leaves the history"):
            read(variant, spec.mppc_bytes(bits + "0" * 8))


def test_after_an_error_the_history_is_unknown_until_a_flush() -> None:
    decompressor = Mppc(RDP5)
    decompressor.decompress(COMPRESSED, b"abcdefgh")
    with pytest.raises(BulkError):
        decompressor.decompress(COMPRESSED, b"\x80")
    copy = spec.encode_mppc([(8, 3)], spec.RDP5_OFFSETS)
    with pytest.raises(HistoryLostError):
        decompressor.decompress(COMPRESSED, copy)
    own = spec.encode_mppc([*b"abc", (3, 6)], spec.RDP5_OFFSETS)
    assert decompressor.decompress(COMPRESSED, own) == b"abcabcabc"
    assert decompressor.decompress(COMPRESSED | AT_FRONT, own) == b"abcabcabc"
    with pytest.raises(HistoryLostError):
        decompressor.decompress(COMPRESSED | AT_FRONT, spec.encode_mppc([(3, 3)], spec.RDP5_OFFSETS))
    assert decompressor.decompress(COMPRESSED | FLUSHED, copy) == bytes(3)
