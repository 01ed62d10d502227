"""Slow-path PDUs: all of them must be seen, because they share the compression history of their direction."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from msra.transport.share import SharePdu, share_pdus


def pdu(type2: int, data: bytes, compression: int = 0, kind: int = 0x17) -> bytes:
    body = struct.pack("<IBBHBBH", 0x103EA, 0, 1, len(data), type2, compression, len(data)) + data
    return struct.pack("<HHH", len(body) + 6, kind, 1002) + body


def test_several_pdus_follow_each_other() -> None:
    demand_active = pdu(0, b"capabilities", kind=0x11)
    user_data = pdu(31, b"sync") + demand_active + pdu(47, b"\x09\0\0\0", compression=0x21)
    sync, demand, error = share_pdus(user_data)
    assert sync == SharePdu(7, b"sync", 31, 0)
    assert (demand.type, demand.type2, demand.compression) == (1, None, 0)
    assert error == SharePdu(7, b"\x09\0\0\0", 47, 0x21)


def test_a_length_that_cannot_be_ends_the_list() -> None:
    assert list(share_pdus(b"\x05\x00\x17\x00" + bytes(40))) == []


@given(st.binary(max_size=80))
def test_any_bytes_can_be_read(data: bytes) -> None:
    list(share_pdus(data))
