"""Strings keep their wire form, whatever it is: without that a captured message could not be sent again as it was."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.layers.fields import Bstr, BstrField, BstrText, BstrTextField, Text, TextField, bstr, terminator_end

KINDS = [Text, BstrText, Bstr]
FIELDS = [TextField("text", ""), BstrTextField("text", ""), BstrField("text", b"")]


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


@pytest.mark.parametrize(
    ("wire", "end"),
    [
        (b"", 0),
        (b"\0", 0),
        (b"\0\0", 2),
        (b"a\0\0\0", 4),
        (b"\1\0\0\1", 0),  # two zero bytes, but of two code units
        (b"\1\0\0\1\0\0", 6),
        (b"\1\0\0\1\0", 0),
        (b"a\0\0\0\0\0", 4),
    ],
)
def test_the_terminator_is_a_whole_code_unit(wire: bytes, end: int) -> None:
    assert terminator_end(wire) == end


@pytest.mark.parametrize(
    ("wire", "text", "notes", "rest"),
    [
        (utf16("Hi\0"), "Hi", (), b""),
        (utf16("Hi"), "Hi", ("missing_terminator",), b""),
        (utf16("Hi") + b"x", "Hi", ("missing_terminator", "odd_length"), b""),
        (b"x", "", ("missing_terminator", "odd_length"), b""),
        (b"", "", ("missing_terminator",), b""),
        (utf16("Hi\0") + b"xyz", "Hi", ("trailing_data",), b"xyz"),
        (utf16("é中😀\0"), "é中😀", (), b""),
        (b"\x00\xd8A\0\0\0", "\ufffdA", (), b""),  # half a surrogate pair
        (b"A\0\x00\xd8", "A\ufffd", ("missing_terminator",), b""),
    ],
)
def test_text_is_read(wire: bytes, text: str, notes: tuple[str, ...], rest: bytes) -> None:
    value = Text(wire)
    assert (value, value.notes, value.rest, value.wire) == (text, notes, rest, wire)


@pytest.mark.parametrize(
    ("wire", "text", "notes", "rest"),
    [
        (bstr(utf16("Eve")), "Eve", ("bstr_counted",), b""),
        (bstr(utf16("Eve")) + b"\0\0", "Eve", ("bstr_counted",), b""),  # as [MS-DTYP] 2.2.5 draws it
        (bstr(utf16("Eve\0")), "Eve", ("bstr_counted",), b""),
        (bstr(utf16("Eve")) + b"x\0", "\x06", ("bstr_raw", "trailing_data"), utf16("Evex")),
        (utf16("Eve\0"), "Eve", ("bstr_raw",), b""),
        (utf16("Eve"), "Eve", ("bstr_raw",), b""),
        (utf16("Eve") + b"x", "Eve", ("bstr_raw", "odd_length"), b""),
        (utf16("Eve\0!"), "Eve", ("bstr_raw", "trailing_data"), b"!\0"),
        (bstr(b""), "", ("bstr_counted",), b""),
        (b"\0\0\0\0\0\0", "", ("bstr_counted",), b""),
        (b"", "", ("bstr_raw",), b""),
        (b"\0\0", "", ("bstr_raw",), b""),
    ],
)
def test_names_come_with_and_without_count(wire: bytes, text: str, notes: tuple[str, ...], rest: bytes) -> None:
    value = BstrText(wire)
    assert (value, value.notes, value.rest, value.wire) == (text, notes, rest, wire)


@pytest.mark.parametrize(
    ("wire", "content", "note"),
    [
        (bstr(b"secret"), b"secret", "bstr_counted"),
        (bstr(b""), b"", "bstr_counted"),
        (b"secret", b"secret", "bstr_raw"),
        (bstr(b"secret") + b"\0\0", bstr(b"secret") + b"\0\0", "bstr_raw"),  # only text has a terminator
        (b"\5\0\0\0secret", b"\5\0\0\0secret", "bstr_raw"),
        (b"\0\0\0", b"\0\0\0", "bstr_raw"),
        (b"", b"", "bstr_raw"),
    ],
)
def test_bytes_come_with_and_without_count(wire: bytes, content: bytes, note: str) -> None:
    value = Bstr(wire)
    assert (value, value.notes, value.rest, value.wire) == (content, (note,), b"", wire)


def test_a_plain_str_gets_the_form_of_the_specification() -> None:
    assert Text("Hi").wire == utf16("Hi\0")
    assert BstrText("Hi").wire == b"\4\0\0\0" + utf16("Hi\0")
    assert Bstr("Hi").wire == b"\4\0\0\0" + utf16("Hi")
    assert bstr(b"Hi") == b"\2\0\0\0Hi"


@given(st.text())
def test_every_str_can_be_put_on_the_wire(text: str) -> None:
    """Text with NUL or half surrogate pairs can't arrive as it was: the rest does."""
    for kind in (Text, BstrText):
        value = kind(text)
        assert kind(value.wire) == value
        if "\0" not in text:
            assert value == text
            assert "missing_terminator" not in value.notes


@given(st.binary())
def test_values_survive_copies_and_are_written_as_they_were(wire: bytes) -> None:
    for kind in KINDS:
        value = kind(wire)
        for copied in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
            assert (type(copied), copied, copied.wire, copied.notes) == (kind, value, wire, value.notes)
        assert kind(eval(value.command())).wire == wire
        assert isinstance(value.command(json=True), str)


@given(st.binary())
def test_fields_take_their_bytes_and_give_them_back(wire: bytes) -> None:
    for field in FIELDS:
        rest, value = field.getfield(None, wire)
        assert field.addfield(None, b"before", value) + rest == b"before" + wire
        assert field.i2len(None, value) == len(wire) - len(rest)


def test_text_leaves_what_follows_its_terminator() -> None:
    assert FIELDS[0].getfield(None, utf16("Hi\0ho")) == (utf16("ho"), "Hi")


def test_any_string_can_be_assigned() -> None:
    text, name, token = FIELDS
    assert text.any2i(None, bytearray(utf16("Hi"))).wire == utf16("Hi")
    assert text.any2i(None, BstrText("Hi")).wire == utf16("Hi\0")
    assert name.any2i(None, Text(utf16("Hi"))).wire == BstrText("Hi").wire
    assert token.any2i(None, b"\1\2").wire == b"\1\2"
    kept = Text(utf16("Hi"))
    assert text.any2i(None, kept) is kept
    assert text.any2i(None, None) is None
    assert text.i2m(None, None) == b""


def test_what_is_odd_is_shown_and_controls_are_escaped() -> None:
    assert FIELDS[0].i2repr(None, Text(utf16("\x1b[31m"))) == r"'\x1b[31m' (missing_terminator)"
    assert FIELDS[0].i2repr(None, Text("Hi")) == "'Hi'"
    assert FIELDS[2].i2repr(None, Bstr(b"\1")) == r"b'\x01' (bstr_raw)"
