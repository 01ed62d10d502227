"""Nothing that is shown to people acts on what shows it."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from msra.report.printable import printable
from msra.report.text import printable as where_it_was


def test_ordinary_text_stays() -> None:
    assert printable("Böb 中😀 é") == "Böb 中😀 é"
    assert printable("plain & <b>simple</b>") == "plain & <b>simple</b>"


def test_what_acts_becomes_an_escape() -> None:
    assert printable("\x1b[31mred\x07\n\t") == r"\x1b[31mred\x07\n\t"
    assert printable("\ud800\u200b\ue000\u202e\u2028") == r"\ud800\u200b\ue000\u202e\u2028"
    assert where_it_was is printable


@given(st.text())
def test_all_of_it(text: str) -> None:
    assert not {unicodedata.category(character)[0] for character in printable(text)} & {"C"}
