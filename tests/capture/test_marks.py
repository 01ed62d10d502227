"""Marks of RDP: wherever a recogniser may find RDP in what TCP makes of the segments, one of them shows a mark."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from msra.capture.ends import Ends
from msra.capture.headers import Segments
from msra.capture.marks import TAIL, Marks, find_marks

# The recogniser itself, to compare with; capture imports nothing of transport, its tests may.
from msra.transport.recognise import Recogniser

CONNECT = bytes.fromhex("0300002b26e00000000000") + b"Cookie: mstshash=a\r\n" + bytes(8)
CONFIRM = bytes.fromhex("030000130ed000001234000200080000000000")
REQUEST = bytes.fromhex("0300001902f08064000703ed70") + bytes([0x80, 10]) + bytes(10)
INDICATION = bytes.fromhex("0300001802f08068000703ed70") + bytes([10]) + bytes(10)
SHAPES = (CONNECT, CONFIRM, REQUEST, INDICATION)


def look(payloads: list[bytes]) -> Marks:
    """The payloads as segments of one direction, with headers between them that are full of traps."""
    data, start = bytearray(b"\x03\0\0\x20\x06"), []
    for payload in payloads:
        data += bytes.fromhex("0300ffff02f08064")
        start.append(len(data))
        data += payload
    count = len(payloads)
    payload = np.array(start, np.int64)
    size = np.array([len(one) for one in payloads], np.int64)
    zeros, ports = np.zeros(count, np.uint32), np.zeros(count, np.uint16)
    segments = Segments(
        np.arange(count), Ends(zeros, zeros), ports, ports, np.zeros(count, np.uint8), zeros, zeros,
        payload, payload + size, np.empty(0, np.int64), {},
    )  # fmt: skip
    return find_marks(bytes(data), segments)


def recognised(payloads: list[bytes]) -> bool:
    recogniser = Recogniser()
    return any(recogniser.feed(payload) for payload in payloads)


@pytest.mark.parametrize("shape", SHAPES)
def test_whole_shapes(shape: bytes) -> None:
    assert look([b"nothing", shape, b"", b"at all"]).sure.tolist() == [False, True, False, False]


@pytest.mark.parametrize("shape", (REQUEST, INDICATION))
def test_send_data_counts_anywhere(shape: bytes) -> None:
    assert look([b"x" * 1000 + shape + b"x" * 1000]).sure.tolist() == [True]


@pytest.mark.parametrize("start", [REQUEST[:8], INDICATION[:8], CONNECT[:6], CONFIRM[:7]])
@pytest.mark.parametrize("size", range(20))
def test_the_end_of_a_run(start: bytes, size: int) -> None:
    """A shape that ends with the last byte of all is found, too."""
    assert look([b"x" * size, start]).sure[-1]


def test_a_connect_in_the_middle_is_doubtful() -> None:
    marks = look([b"x" * 30, b"y" * 50 + CONFIRM])
    assert not marks.sure.any()
    assert (marks.doubtful.tolist(), marks.offset.tolist()) == ([1], [50])


def test_headers_are_no_marks() -> None:
    marks = look([b"x" * 20, b"", b"y"])
    assert not marks.sure.any() and not len(marks.doubtful)


@given(
    st.sampled_from(SHAPES),
    st.binary(max_size=30),
    st.lists(st.integers(1, 40) | st.integers(1, 8), min_size=1, max_size=60),
    st.booleans(),
)
@example(CONNECT, b"", [1] * 30, False)
@example(CONNECT, b"x" * 20, [21, 13, 9], False)
@example(REQUEST, b"\x03", [5, 3, 1, 1, 1, 1], True)
@settings(max_examples=2000, deadline=None)
def test_split_in_any_way(shape: bytes, before: bytes, sizes: list[int], own_segment: bool) -> None:
    """If a recogniser fed with these pieces finds RDP, a piece shows a mark."""
    pieces = [before] if own_segment else []
    stream, at = (shape if own_segment else before + shape) + b"end of the story", 0
    for size in [*sizes, len(stream)]:
        pieces.append(stream[at : at + size])
        at += size
    pieces = [piece for piece in pieces if piece]
    if recognised(pieces):
        marks = look(pieces)
        assert marks.sure.any()


@given(st.integers(0, 1 << 30))
@settings(max_examples=500, deadline=None)
def test_bytes_that_are_near_the_shapes(seed: int) -> None:
    """Streams made of the shapes' own bytes, in pieces of all sizes."""
    random = Random(seed)
    alphabet = bytes.fromhex("03030300000006e0d002f0806468701a0b")
    pieces = [bytes(random.choices(alphabet, k=random.randrange(1, random.choice((3, 9, 40))))) for _ in range(40)]
    if recognised(pieces):
        assert look(pieces).sure.any()


def test_noise_shows_few_marks() -> None:
    random = Random(1)
    marks = look([random.randbytes(1460) for _ in range(2000)])
    assert not marks.sure.any() and len(marks.doubtful) < 5


def test_the_recogniser_keeps_what_is_assumed() -> None:
    recogniser = Recogniser()
    recogniser.feed(bytes(100))
    assert len(recogniser.rest()) == TAIL


def test_no_segments() -> None:
    assert len(look([]).sure) == 0
