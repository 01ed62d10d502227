"""Ends of connections as numbers: one by one and many at once they are the same, and sets lose nothing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.ends import (
    ConnectionSet,
    Ends,
    NumberSet,
    ends_of,
    number_of_connection,
    number_of_end,
    numbers_of_ends,
)
from msra.capture.model import Segment

PORTS = st.integers(0, 65535)


@given(st.lists(st.tuples(st.binary(min_size=16, max_size=16), PORTS), max_size=5))
def test_one_and_many(ends: list[tuple[bytes, int]]) -> None:
    ports = np.array([port for _, port in ends], np.uint16)
    for size in (4, 16):
        words = np.frombuffer(b"".join(address[:size] for address, _ in ends), ">u4")
        words = words.reshape(len(ends), 4) if size == 16 else words
        assert numbers_of_ends(words, ports).tolist() == [number_of_end(a[:size], port) for a, port in ends]


def test_an_address_of_version_6_is_none_of_version_4() -> None:
    assert number_of_end(b"\x0a\0\0\1", 80) != number_of_end(b"\x0a\0\0\1" + bytes(12), 80)


def segment(src: bytes, sport: int, dst: bytes, dport: int) -> Segment:
    return Segment(src, dst, sport, dport, 0, 0, 0, b"")


ONE, OTHER = segment(b"abcd", 1, b"efgh", 2), segment(b"efgh", 2, b"abcd", 1)


def test_both_directions_are_one_connection() -> None:
    both = ends_of([ONE, OTHER, segment(b"abcd", 1, b"efgh", 3)])
    assert both.connection[0] == both.connection[1] != both.connection[2]
    numbers = number_of_end(b"abcd", 1), number_of_end(b"efgh", 2)
    assert number_of_connection(*numbers) == both.connection[0]


def test_places_tell_directions_apart() -> None:
    both = ends_of([ONE, OTHER, ONE])
    places = both.place(np.array([5, 5, 6], np.uint32)).tolist()
    assert len(set(places)) == 3
    assert both.only(np.array([2])).place(np.array([5], np.uint32)).tolist() == places[:1]


def test_connections_that_were_added_are_held() -> None:
    connections = ConnectionSet()
    connections.add(ends_of([ONE]))
    assert connections.hold(ends_of([OTHER])).tolist() == [True]
    assert connections.hold(ends_of([segment(b"abcd", port, b"efgh", 2) for port in range(9, 99)])).sum() < 5


def test_ends_are_touched_by_either_side() -> None:
    ends = ends_of([ONE, OTHER, segment(b"wxyz", 1, b"efgh", 3)])
    assert ends.touch(NumberSet(np.array([number_of_end(b"abcd", 1)], np.uint64))).tolist() == [True, True, False]
    assert ends.touch(NumberSet(np.empty(0, np.uint64))).tolist() == [False] * 3


@given(st.lists(st.integers(0, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1)))
def test_number_sets(held: list[int], others: list[int]) -> None:
    numbers = NumberSet(np.array(held, np.uint64))
    asked = held + others
    assert numbers.hold(np.array(asked, np.uint64)).tolist() == [number in held for number in asked]


def test_no_connections() -> None:
    nothing = Ends(np.empty(0, np.uint32), np.empty(0, np.uint32))
    assert len(nothing.connection) == 0 and len(ConnectionSet().hold(nothing)) == 0
