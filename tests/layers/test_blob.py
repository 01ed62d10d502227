"""The expert blob, and where it begins when nothing separates it from the connection string."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.layers.blob import glue_point, parse_expert_blob
from tests.layers.real import MESSAGES

# The PASS of Password1 and RT=0PvIndan52*, known from [MS-RAI] 6 and recomputed
PASS = "3C9CAE0BCE7AB15C8AAC01D676045EDF3FFAF092E2DE368A2017E68A0DED7C90"
BLOB = f"13;NAME=Expert X69;PASS={PASS}"
AUTHENTICATE = MESSAGES["AUTHENTICATE"][26:]
CONNECTION_STRING, REAL_BLOB, _ = AUTHENTICATE.decode("utf-16-le").split("\0")


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def entry(name: str, value: str) -> str:
    prop = f"{name}={value}"
    return f"{len(utf16(prop)) // 2};{prop}"


@pytest.mark.parametrize(
    ("text", "properties"),
    [
        (BLOB, [("NAME", "Expert X"), ("PASS", PASS)]),
        (REAL_BLOB, [("NAME", "Administrator"), ("PASS", PASS)]),
        ("5;NAME=", [("NAME", "")]),
        ("8;NAME=a=b", [("NAME", "a=b")]),
        ("6;NAME=😀", None),
        ("7;NAME=😀", [("NAME", "😀")]),  # WCHARs are counted, a pair of surrogates is two
        ("0009;NAME=John", [("NAME", "John")]),
        ("", None),
        ("0;", None),
        ("5;=John", None),
        ("4;NAME", None),
        ("9;NAME=Jo", None),
        ("9;NAME=Johnny", None),
        ("9;NAME=John ", None),
        ("-9;NAME=John", None),
        (" 9;NAME=John", None),
        ("٩;NAME=John", None),  # only ASCII digits count
        ("9" * 5000 + ";NAME=John", None),
    ],
)
def test_properties(text: str, properties: list[tuple[str, str]] | None) -> None:
    assert parse_expert_blob(text) == properties


CHARACTERS = st.characters(exclude_categories=["Cs"])
NAMES = st.text(CHARACTERS.filter(lambda character: character != "="), min_size=1)


@given(st.lists(st.tuples(NAMES, st.text(CHARACTERS)), min_size=1))
def test_what_is_written_is_parsed(properties: list[tuple[str, str]]) -> None:
    assert parse_expert_blob("".join(entry(*prop) for prop in properties)) == properties


@given(st.text("0123456789;=NAMEa😀"))
def test_any_text_has_an_answer(text: str) -> None:
    properties = parse_expert_blob(text)
    assert properties is None or properties


def test_separated_strings_are_split_at_the_first_nul() -> None:
    assert glue_point(AUTHENTICATE) == len(utf16(CONNECTION_STRING + "\0"))
    assert glue_point(utf16("a\0b")) == 4
    assert glue_point(utf16("a\0") + b"\x01") == 4
    assert glue_point(utf16("\0" + BLOB)) == 2


@pytest.mark.parametrize("end", ["", "\0"], ids=["no NUL", "NUL"])
def test_glued_strings_are_split_where_the_blob_begins(end: str) -> None:
    """FreeRDP 3.30 sends version 1 AUTHENTICATE so."""
    assert glue_point(utf16(CONNECTION_STRING + REAL_BLOB + end)) == len(utf16(CONNECTION_STRING))
    assert glue_point(utf16(REAL_BLOB + end)) == 0
    assert glue_point(utf16("12" + "9;NAME=John" + end)) == len(utf16("12"))  # 129 and 29 are too many
    # of several possible beginnings the first counts
    assert glue_point(utf16("x12;NAME=5;a=bcd" + end)) == len(utf16("x"))
    assert glue_point(utf16("x012;NAME=5;a=bcd" + end)) == len(utf16("x"))


@pytest.mark.parametrize("text", ["", "\0", "65538,1,*", "65538,1,*\0", "9;NAME=John,", "x4;NAME", "x5;=John"])
def test_without_blob_all_is_connection_string(text: str) -> None:
    assert glue_point(utf16(text)) == len(utf16(text))


def test_an_odd_byte_hides_no_blob() -> None:
    assert glue_point(utf16("x9;NAME=John") + b"\x01") == len(utf16("x"))


@given(st.text("0123456789;=N\0"))
def test_glue_point_agrees_with_the_parser(text: str) -> None:
    """The one pass from the right finds what trying every position finds."""
    body = utf16(text)
    if "\0" in text[:-1]:
        expected = text.index("\0") + 1
    else:
        plain = text.removesuffix("\0")
        expected = next((at for at in range(len(plain)) if parse_expert_blob(plain[at:])), len(text))
    assert glue_point(body) == 2 * expected


@pytest.mark.parametrize(
    ("text", "times"),
    [("9;N=", 50_000), ("0" * 20 + ";", 10_000), ("1;=", 70_000), ("99999;a=", 25_000), ("0" * 500_000 + ";a=", 1)],
    ids=["blobs", "zeros", "short", "numbers", "one number"],
)
def test_hostile_bodies_take_linear_time(text: str, times: int) -> None:
    body = utf16(text * times)
    start = time.perf_counter()
    glue_point(body)
    parse_expert_blob(body.decode("utf-16-le"))
    assert time.perf_counter() - start < 5  # quadratic takes longer, up to minutes
