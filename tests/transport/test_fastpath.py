"""Fast-path PDUs: headers with and without encryption, and updates, whole, compressed, and cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.transport.fastpath import Fragmentation, Header, Update, parse_header, updates

SIGNATURE = bytes(range(8))


@pytest.mark.parametrize(
    ("pdu", "fips", "header"),
    [
        (b"\x00\x05abc", False, Header(flags=0, num_events=0, pad=0, signature=2, data=2)),
        (b"\x00\x80\x06abc", False, Header(flags=0, num_events=0, pad=0, signature=3, data=3)),
        (b"\x80\x0d" + SIGNATURE + b"abc", False, Header(flags=2, num_events=0, pad=0, signature=2, data=10)),
        (b"\xd4\x0d" + SIGNATURE + b"abc", False, Header(flags=3, num_events=5, pad=0, signature=2, data=10)),
        (
            b"\x80\x81\x00\x10\x00\x01\x05" + SIGNATURE + b"abc",
            True,
            Header(flags=2, num_events=0, pad=5, signature=7, data=15),
        ),
    ],
)
def test_headers(pdu: bytes, fips: bool, header: Header) -> None:
    """[MS-RDPBCGR] 2.2.9.1.2, 2.2.8.1.2, 2.2.8.1.2.1."""
    assert parse_header(pdu, fips) == header
    assert pdu[header.data :] == b"abc"
    assert not header.encrypted or pdu[header.signature : header.data] == SIGNATURE


def test_the_flags_of_a_header() -> None:
    encrypted, salted, clear = (parse_header(bytes((first, 12)) + SIGNATURE + b"ab") for first in (0x80, 0xC0, 0x00))
    assert encrypted and salted and clear
    assert [(h.encrypted, h.salted) for h in (encrypted, salted, clear)] == [
        (True, False),
        (True, True),
        (False, False),
    ]


@pytest.mark.parametrize("fips", [False, True])
@given(pdu=st.binary(max_size=20))
def test_a_header_is_whole_or_none(fips: bool, pdu: bytes) -> None:
    header = parse_header(pdu, fips)
    assert header is None or header.signature <= header.data <= len(pdu)


def update(code: int, fragmentation: int, flags: int | None, data: bytes) -> bytes:
    header = code | fragmentation << 4 | (0 if flags is None else 2 << 6)
    return bytes([header] if flags is None else [header, flags]) + len(data).to_bytes(2, "little") + data


def test_updates_stand_one_after_the_other() -> None:
    """2.2.9.1.2.1: compressionFlags only when the header says so."""
    data = (
        update(3, 0, None, b"") + update(1, 2, 0x61, b"first") + update(1, 1, 0x21, b"last") + update(9, 3, 0x81, b"x")
    )
    assert [*updates(data)] == [
        Update(3, Fragmentation.SINGLE, 0, b"", 0),
        Update(1, Fragmentation.FIRST, 0x61, b"first", 0),
        Update(1, Fragmentation.LAST, 0x21, b"last", 0),
        Update(9, Fragmentation.NEXT, 0x81, b"x", 0),
    ]


@pytest.mark.parametrize(
    ("cut", "data", "missing"), [(1, b"dat", 1), (4, b"", 4), (5, b"", 1), (6, b"", 2), (7, b"", 3)]
)
def test_an_update_that_is_cut_says_so(cut: int, data: bytes, missing: int) -> None:
    """Up to its size field it announces its data, before that at least the rest of its header."""
    whole = update(3, 0, None, b"") + update(1, 0, 0x21, b"data")
    assert [*updates(whole[:-cut])][1:] == [Update(1, Fragmentation.SINGLE, 0 if cut == 7 else 0x21, data, missing)]


@given(st.binary(max_size=60))
def test_all_bytes_of_an_output_pdu_are_accounted_for(data: bytes) -> None:
    got = [*updates(data)]
    headers = sum(3 + bool(item.compression_flags) for item in got)
    assert sum(len(item.data) - item.missing for item in got) + headers <= len(data) + 3 * len(got)
    assert all(item.missing == 0 for item in got[:-1])
