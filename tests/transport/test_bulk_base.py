"""The history buffer, and the windows into a string of bits, against their plain definitions."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.transport.bulk_base import BulkError, History, HistoryLostError, windows


@given(st.binary(max_size=40))
def test_a_window_is_sixteen_bits_of_the_number(data: bytes) -> None:
    value, bits = int.from_bytes(data, "little"), 8 * len(data)
    view = windows(value, bits)
    assert [view[at & 15][at >> 4] for at in range(bits + 1)] == [value >> at & 0xFFFF for at in range(bits + 1)]


def test_windows_do_not_depend_on_the_byte_order_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the order of the other kind of machine, the words must come out swapped here."""
    here = windows(0x1234, 16)[0][0]
    monkeypatch.setattr(sys, "byteorder", {"little": "big", "big": "little"}[sys.byteorder])
    assert (here, windows(0x1234, 16)[0][0]) == (0x1234, 0x3412)


def history(content: bytes, size: int = 16) -> History:
    filled = History(size)
    filled.recent += content
    return filled


@pytest.mark.parametrize(
    ("offset", "length", "copied"),
    [
        (3, 2, b"cd"),  # from what was written
        (3, 3, b"cde"),
        (1, 4, b"eeee"),  # goes on in itself ([MS-RDPBCGR] 3.1.8.2, "replicating copy")
        (2, 5, b"deded"),
        (6, 1, b"\0"),  # beyond the front: the end of the buffer, still zeros
        (15, 2, b"\0\0"),
    ],
)
def test_a_copy_repeats_what_was_written(offset: int, length: int, copied: bytes) -> None:
    buffer = history(b"abcde")
    buffer.copy(offset, length)
    assert bytes(buffer.recent) == b"abcde" + copied


def test_at_the_front_the_round_before_stays_until_it_is_overwritten() -> None:
    buffer = history(b"abcdefgh", 8)
    buffer.to_front()
    buffer.recent += b"XY"
    buffer.copy(3, 1)  # from 2 - 3 = -1: the last byte
    buffer.copy(8, 1)  # exactly one round back: the byte that is about to be overwritten
    assert bytes(buffer.recent) == b"XYhd"
    buffer.to_front()
    buffer.copy(4, 4)
    assert bytes(buffer.recent) == b"efgh"


@pytest.mark.parametrize(("offset", "length"), [(17, 1), (6, 2), (20, 3), (70000, 1), (5, 12)])
def test_a_copy_from_outside_or_beyond_the_buffer_is_refused(offset: int, length: int) -> None:
    """6 bytes back of 5 is the last byte of the buffer: a second one does not exist."""
    buffer = history(b"abcde")
    with pytest.raises(BulkError) as error:
        buffer.copy(offset, length)
    assert not isinstance(error.value, HistoryLostError)
    assert bytes(buffer.recent) == b"abcde"


def test_after_a_loss_only_what_came_since_can_be_copied() -> None:
    buffer = history(b"abcde")
    buffer.lose()
    buffer.recent += b"xyz"
    buffer.copy(3, 3)
    assert bytes(buffer.recent) == b"xyzxyz"
    for length in (1, 9):  # whether nine bytes would run over the end is unknown too
        with pytest.raises(HistoryLostError):
            buffer.copy(7, length)
    buffer.to_front()  # where xyzxyz stood is unknown, so it is no help
    with pytest.raises(HistoryLostError):
        buffer.copy(16, 1)
    buffer.recent += b"123"  # this stands at the front, so it is known in the next round
    buffer.to_front()
    buffer.copy(16, 3)
    with pytest.raises(HistoryLostError):
        buffer.copy(16, 1)


def test_flushing_makes_all_zeros_and_known() -> None:
    buffer = history(b"abcde")
    buffer.lose()
    buffer.flush()
    buffer.copy(5, 3)
    assert bytes(buffer.recent) == bytes(3)


@pytest.mark.parametrize(
    ("content", "kept"),
    [(b"abcdefghijkl", b"efghijkl"), (b"abcdefgh", b"abcdefgh"), (b"abc", bytes(5) + b"abc"), (b"", bytes(8))],
)
def test_sliding_keeps_the_last_half(content: bytes, kept: bytes) -> None:
    buffer = history(content)
    buffer.slide()
    assert bytes(buffer.recent) == kept


def test_sliding_after_a_loss_invents_no_zeros() -> None:
    buffer = History(16)
    buffer.lose()
    buffer.recent += b"abc"
    buffer.slide()
    assert bytes(buffer.recent) == b"abc"
