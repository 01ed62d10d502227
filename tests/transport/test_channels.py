"""Channels: messages are put together from chunks, and what cannot be put together is counted, not lost."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from msra.limits import MAX_MESSAGE
from msra.transport import channels
from msra.transport.channels import DynamicReassembly, Reassembly, parse_chunk, parse_dynamic


def test_chunk_header() -> None:
    chunk = parse_chunk(struct.pack("<II", 5000, 0x13) + b"data")
    assert chunk is not None
    assert (chunk.length, chunk.first, chunk.last, chunk.compressed, chunk.data) == (5000, True, True, False, b"data")
    assert chunk.plausible
    assert parse_chunk(bytes(7)) is None


def test_slow_path_pdus_are_no_plausible_chunks() -> None:
    """On an unnamed MCS channel a share control PDU must not pass for a channel PDU ([MS-RDPBCGR] 2.2.8.1.1.1.1)."""
    share_control = struct.pack("<HHHI", 22, 0x17, 1003, 0x103EA) + bytes(12)
    chunk = parse_chunk(share_control)
    assert chunk is not None and not chunk.plausible


@given(st.binary(min_size=1, max_size=300), st.integers(1, 100))
def test_chunks_make_the_message(message: bytes, size: int) -> None:
    reassembly = Reassembly()
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    got = [reassembly.add(part, index == 0, index == len(parts) - 1) for index, part in enumerate(parts)]
    assert got[:-1] == [(None, 0)] * (len(parts) - 1)
    assert got[-1] == (message, 0)


def test_a_first_chunk_discards_the_unfinished_message() -> None:
    reassembly = Reassembly()
    reassembly.add(b"unfinished", first=True, last=False)
    assert reassembly.add(b"whole", first=True, last=True) == (b"whole", 10)


def test_a_chunk_without_a_beginning_is_lost() -> None:
    assert Reassembly().add(b"rest", first=False, last=True) == (None, 4)


def test_a_message_that_never_ends_is_given_up() -> None:
    reassembly = Reassembly()
    reassembly.add(bytes(MAX_MESSAGE), first=True, last=False)
    message, lost = reassembly.add(b"x", first=False, last=False)
    assert (message, lost) == (None, MAX_MESSAGE + 1)
    assert not reassembly.data


def dynamic(command: int, channel: int, data: bytes, length: int | None = None) -> channels.DynamicPdu:
    middle = b"" if length is None else struct.pack("<H", length)
    pdu = parse_dynamic(bytes([command << 4 | (1 << 2 if length is not None else 0), channel]) + middle + data)
    assert pdu is not None
    return pdu


def test_dynamic_pdus_of_every_width() -> None:
    for width, size in ((0, 1), (1, 2), (2, 4)):
        channel = (7).to_bytes(size, "little")
        assert parse_dynamic(bytes([3 << 4 | width]) + channel + b"x") == channels.DynamicPdu(3, 7, None, b"x")
        first = bytes([2 << 4 | width << 2 | width]) + channel + (9).to_bytes(size, "little") + b"y"
        assert parse_dynamic(first) == channels.DynamicPdu(2, 7, 9, b"y")
        assert all(parse_dynamic(first[:cut]) is None for cut in range(1 + 2 * size))
    assert parse_dynamic(b"\x33\x07x") is None


def test_dynamic_messages() -> None:
    reassembly = DynamicReassembly()
    assert reassembly.add(dynamic(3, 7, b"whole")) == (b"whole", 0)
    assert reassembly.add(dynamic(2, 7, b"one", length=6)) == (None, 0)
    assert reassembly.add(dynamic(3, 7, b"two")) == (b"onetwo", 0)
    reassembly.add(dynamic(2, 7, b"unfinished", length=20))
    assert reassembly.add(dynamic(2, 7, b"next", length=4)) == (b"next", 10)


@given(st.binary(max_size=40))
def test_any_bytes_can_be_parsed(data: bytes) -> None:
    parse_chunk(data)
    pdu = parse_dynamic(data)
    if pdu:
        DynamicReassembly().add(pdu)
