"""RDP 6.1: matches and literals, the level-2 data inside, and two histories that are lost one by one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.transport.bulk_base import BulkError, HistoryLostError
from msra.transport.xcrush import HISTORY, MAX_OUTPUT, Xcrush
from tests.transport import bulk_reference as spec
from tests.transport.bulk_reference import AT_FRONT, COMPRESSED, FLUSHED

L1_COMPRESSED, L1_NO_COMPRESSION, L1_AT_FRONT, L1_INNER = 0x01, 0x02, 0x04, 0x10


def literals(data: bytes, level1: int = 0) -> bytes:
    """A PDU of literals alone."""
    return bytes((L1_NO_COMPRESSION | level1, 0)) + data


def matches(details: list[tuple[int, int, int]], data: bytes, level1: int = 0) -> bytes:
    """A PDU with matches (length, output offset, history offset) and literals."""
    packed = b"".join(struct.pack("<HHI", *detail) for detail in details)
    return bytes((L1_COMPRESSED | level1, 0)) + struct.pack("<H", len(details)) + packed + data


def level2(pdu: bytes, flags: int = 0) -> bytes:
    """The same PDU, with its data compressed by 64K MPPC."""
    data = spec.encode_mppc(pdu[2:], spec.RDP5_OFFSETS)
    return bytes((pdu[0] | L1_INNER, COMPRESSED | 1 | flags)) + data


def test_the_example_of_the_document() -> None:
    """[MS-RDPEGDI] 4.7: as it prints them, the second packet with the level-2 compression taken off."""
    decompressor = Xcrush()
    first = bytes.fromhex("16 80 61 62 63 64 65 66 67 68 69 6a")
    assert decompressor.decompress(COMPRESSED | 3, first) == b"abcdefghij"
    second = bytes.fromhex("11 21 0200 0900 0500 03000000 0400 0e00 00000000 6b6c6d6e6f75")
    plain = bytes((second[0], 0)) + second[2:]
    assert decompressor.decompress(COMPRESSED | 3, plain) == b"klmnodefghijklabcdu"


def test_level_2_data_are_decompressed_first() -> None:
    decompressor = Xcrush()
    assert decompressor.decompress(COMPRESSED, level2(literals(b"abcdefghij"), AT_FRONT)) == b"abcdefghij"
    pdu = level2(matches([(9, 5, 3)], b"klmno"))
    assert decompressor.decompress(COMPRESSED, pdu) == b"klmnodefghijkl"


def test_level_2_flags_count_only_with_inner_compression() -> None:
    """2.2.2.4.1: they MUST be ignored without L1_INNER_COMPRESSION."""
    pdu = bytes((L1_NO_COMPRESSION, COMPRESSED | FLUSHED | 1)) + b"\xe7\x80"
    assert Xcrush().decompress(COMPRESSED, pdu) == b"\xe7\x80"


def test_a_match_may_go_on_in_itself_and_look_ahead_into_the_round_before() -> None:
    decompressor = Xcrush()
    assert decompressor.decompress(COMPRESSED, matches([(7, 2, 0)], b"ab")) == b"ababababa"
    decompressor.decompress(COMPRESSED, literals(b"xyz"))
    assert decompressor.decompress(COMPRESSED, matches([(4, 1, 8)], b"-", L1_AT_FRONT)) == b"-axyz"


@given(data=st.data())
def test_any_sequence_of_pdus(data: st.DataObject) -> None:
    """Against a copy byte by byte."""
    decompressor, history, at = Xcrush(), bytearray(3000), 0
    for _ in range(data.draw(st.integers(1, 5))):
        front = data.draw(st.booleans()) or at > 1000
        at = start = 0 if front else at
        details, rest = [], b""
        for _ in range(data.draw(st.integers(0, 5))):
            literal = data.draw(st.binary(max_size=9))
            length, source = data.draw(st.integers(0, 90)), data.draw(st.integers(0, 1400))
            history[at : at + len(literal)] = literal
            at += len(literal)
            details.append((length, at - start, source))
            for step in range(length):
                history[at + step] = history[source + step]
            at += length
            rest += literal
        pdu = matches(details, rest + b"end", L1_AT_FRONT * front)
        history[at : at + 3] = b"end"
        at += 3
        assert decompressor.decompress(COMPRESSED, pdu) == history[start:at]


def test_plain_data_and_the_flags_around_the_pdu() -> None:
    """FLUSHED starts level 1 anew, with and without data; AT_FRONT means nothing here."""
    decompressor = Xcrush()
    decompressor.decompress(COMPRESSED, literals(b"abc"))
    assert decompressor.decompress(0, b"plain") == b"plain"
    assert decompressor.decompress(COMPRESSED | AT_FRONT, matches([(3, 0, 0)], b"")) == b"abc"
    assert decompressor.decompress(FLUSHED, b"plain") == b"plain"
    assert decompressor.decompress(COMPRESSED, matches([(3, 1, 0), (2, 4, 4)], b"x")) == b"xxxx\0\0"
    decompressor.lose()
    assert decompressor.decompress(COMPRESSED | FLUSHED, matches([(2, 0, 100)], b"x")) == b"\0\0x"


@pytest.mark.parametrize(
    ("pdu", "why"),
    [
        (b"", "end before their flags"),
        (b"\x12", "end before their flags"),
        (b"\x10\x00abc", "0x10 do not say"),
        (b"\x01\x00\x01", "before MatchCount"),
        (matches([(1, 0, 0)], b"")[:-1], "too short for 1 matches"),
        (matches([(1, 5, 0)], b"abc"), "match at 5 does not fit"),
        (matches([(4, 2, 0), (1, 3, 0)], b"abc"), "match at 3 does not fit"),
        (matches([(5, 0, HISTORY - 4)], b""), "lies beyond the history"),
        (matches([(5, 0, 0xFFFFFFFF)], b""), "lies beyond the history"),
        (matches([(65535, 0, 0)], b""), "more than the 16384"),
        (matches([(9000, 0, 0), (9000, 9000, 0)], b""), "more than the 16384"),
        (literals(bytes(MAX_OUTPUT + 1)), "more than the 16384"),
        (bytes((L1_NO_COMPRESSION | L1_INNER, COMPRESSED | 1, 0x80)), "middle of a code"),
    ],
)
def test_what_cannot_be_read_is_said(pdu: bytes, why: str) -> None:
    with pytest.raises(BulkError, match=why):
        Xcrush().decompress(COMPRESSED, pdu)


def test_the_history_of_level_1_is_not_overrun() -> None:
    """A peer goes to the front before its data would not fit."""
    decompressor = Xcrush()
    for _ in range(HISTORY // 16000):
        decompressor.decompress(COMPRESSED, literals(bytes(16000)))
    with pytest.raises(BulkError, match="beyond the history"):
        decompressor.decompress(COMPRESSED, literals(b"x"))
    assert decompressor.decompress(COMPRESSED, literals(b"x", L1_AT_FRONT)) == b"x"


def test_after_a_loss_level_1_comes_back_at_the_front() -> None:
    """Literals can be read all the time; matches only in what came since the front."""
    decompressor = Xcrush()
    decompressor.decompress(COMPRESSED, literals(b"abcdef"))
    decompressor.lose()
    assert decompressor.decompress(COMPRESSED, literals(b"abcdef")) == b"abcdef"
    with pytest.raises(HistoryLostError):
        decompressor.decompress(COMPRESSED, matches([(2, 0, 0)], b""))
    assert decompressor.decompress(COMPRESSED, literals(b"ABC", L1_AT_FRONT)) == b"ABC"
    assert decompressor.decompress(COMPRESSED, matches([(5, 0, 0)], b"")) == b"ABCAB"
    assert decompressor.decompress(COMPRESSED, matches([(4, 1, 2)], b"X", L1_AT_FRONT)) == b"XCABC"
    with pytest.raises(HistoryLostError):
        decompressor.decompress(COMPRESSED, matches([(2, 0, 7)], b""))


def test_level_2_keeps_its_history_when_only_level_1_is_lost() -> None:
    """Else it would have to wait for a flush of its own although nothing of it is missing."""
    decompressor = Xcrush()
    decompressor.lose()
    pdu = matches([(2, 0, 0)], b"abcdefgh")
    with pytest.raises(HistoryLostError):
        decompressor.decompress(COMPRESSED, level2(pdu, FLUSHED))
    copy = spec.encode_mppc([(8, 3)], spec.RDP5_OFFSETS)
    assert decompressor.decompress(COMPRESSED, bytes((L1_NO_COMPRESSION | L1_INNER, COMPRESSED | 1)) + copy) == b"abc"


def test_data_that_contradict_themselves_cost_both_histories() -> None:
    """Level 2 gave them, so level 2 cannot be trusted any more."""
    decompressor = Xcrush()
    with pytest.raises(BulkError, match="does not fit"):
        decompressor.decompress(COMPRESSED, level2(matches([(2, 9, 0)], b"abcdefgh"), FLUSHED))
    copy = spec.encode_mppc([(8, 3)], spec.RDP5_OFFSETS)
    with pytest.raises(HistoryLostError):
        decompressor.decompress(COMPRESSED, bytes((L1_NO_COMPRESSION | L1_INNER, COMPRESSED | 1)) + copy)
