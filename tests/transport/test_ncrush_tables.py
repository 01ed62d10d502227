"""The Huffman codes and tables that are computed are those that [MS-RDPEGDI] prints."""

from __future__ import annotations

import pytest

from msra.transport import ncrush_tables as tables
from tests.transport import bulk_reference as spec


@pytest.mark.parametrize(
    ("lengths", "printed"),
    [(tables.SYMBOL_CODE_LENGTHS, spec.SYMBOL_CODES), (tables.LENGTH_CODE_LENGTHS, spec.LENGTH_CODES)],
)
def test_the_canonical_codes_are_the_printed_ones(lengths: tuple[int, ...], printed: list[tuple[int, int]]) -> None:
    """Tables 1 and 2, 4 and 5; 293 and 32 codes."""
    assert {symbol: (code, size) for symbol, code, size in tables.codes(lengths)} == dict(enumerate(printed))


def test_the_look_up_tables_are_the_printed_ones() -> None:
    """Table 3 prints the copy-offsets plus one."""
    assert [*zip(tables.OFFSET_BITS, tables.OFFSET_BASE, strict=True)] == [(n, base - 1) for n, base in spec.OFFSETS]
    assert [*zip(tables.LENGTH_BITS, tables.LENGTH_BASE, strict=True)] == spec.LENGTHS


def test_every_window_has_a_meaning_but_thirteen_ones() -> None:
    symbols = tables.symbols()
    unknown = {
        window & 0x1FFF
        for window in range(1 << 16)
        if not symbols.literals[window] and symbols.offsets[window] == tables.INVALID
    }
    assert unknown == {0x1FFF}
    assert all(1 <= bits <= 16 for bits in symbols.bits)
