"""Client Info: the fields that show Remote Assistance, however the texts are encoded, whatever is wrong with them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.transport.client_info import INFO_UNICODE, ClientInfo, parse_client_info
from tests.transport.builders import info_packet

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


def test_the_fields_of_remote_assistance() -> None:
    """[MS-RA] 2.2.7.2."""
    packet = info_packet("LAB", "Helper", "*", "secret", "rb+v0oPm") + b"extra info of any kind"
    assert parse_client_info(packet) == ClientInfo("LAB", "Helper", "*", "secret", "rb+v0oPm")


@given(st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT))
def test_unicode_texts_come_back(texts: tuple[str, str, str, str, str]) -> None:
    assert parse_client_info(info_packet(*texts)) == ClientInfo(*texts)


@pytest.mark.parametrize(
    ("code_page", "codec", "name"),
    [
        (1252, "cp1252", "J\xf6rg"),
        (932, "cp932", "\u5c71\u7530"),
        (65001, "utf-8", "J\xf6rg"),
        (0, "cp1252", "J\xf6rg"),
        (4294967295, "cp1252", "J\xf6rg"),
    ],
)
def test_ansi_texts_have_a_code_page(code_page: int, codec: str, name: str) -> None:
    """Without INFO_UNICODE the code page counts, and the terminator is a single byte."""
    info = parse_client_info(info_packet("", name, "*", "*", "id", flags=0, code_page=code_page, codec=codec))
    assert info == ClientInfo("", name, "*", "*", "id")


def test_a_terminator_inside_the_size_is_no_part_of_the_text() -> None:
    assert parse_client_info(info_packet("LAB\0", "Helper\0", "*\0", "*\0", "id\0")) == ClientInfo(
        "LAB", "Helper", "*", "*", "id"
    )


def test_a_cut_packet_is_not_believed() -> None:
    """Sizes that reach behind the packet would give texts of something else; extraInfo is not needed."""
    whole = info_packet("LAB", "Helper", "*", "*", "id")
    assert parse_client_info(whole[:-2]) is not None, "the last terminator is not needed"
    assert all(parse_client_info(whole[:size]) is None for size in range(len(whole) - 2))


@given(st.binary(max_size=100), st.sampled_from([0, INFO_UNICODE]), st.integers(0, 0xFFFFFFFF))
def test_any_bytes_can_be_read(data: bytes, flags: int, code_page: int) -> None:
    parse_client_info(data)
    parse_client_info(struct.pack("<II", code_page, flags) + data)
