"""Protects the order of bytes in one direction: whatever the network and the capture did, the stream is the stream."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.model import Segment, StreamData, StreamHole, StreamItem, TcpConnection
from msra.capture.reassembly import ACK, FIN, PATIENCE, PSH, SYN, Direction
from msra.limits import MAX_HELD

WRAP = 1 << 32


class Stream:
    """A direction that begins at this sequence number; frames are counted, and frame n has time 10 n."""

    def __init__(self, isn: int = 1000, data: bytes = b"") -> None:
        self.isn = isn
        self.data = data
        self.direction = Direction(TcpConnection(1, b"a", 1, b"b", 2, True, True), True)
        self.direction.begin((isn + 1) % WRAP)
        self.items: list[StreamItem] = []
        self.frame = 0

    def segment(self, start: int, data: bytes, flags: int = ACK, missing: int = 0) -> Segment:
        """A segment at this offset of the stream."""
        return Segment(b"a", b"b", 1, 2, (self.isn + 1 + start) % WRAP, 0, flags, data, missing)

    def send(self, start: int, data: bytes, missing: int = 0) -> list[tuple[bytes | int, int]]:
        """Receive bytes at this offset; returns what comes out (see `seen`)."""
        self.frame += 1
        before = len(self.items)
        self.direction.receive(self.frame, self.frame * 10, self.segment(start, data, missing=missing), self.items)
        return seen(self.items[before:])

    def send_range(self, start: int, end: int) -> None:
        """Receive a part of the stream's data."""
        self.send(start, self.data[start:end])


def seen(items: list[StreamItem]) -> list[tuple[bytes | int, int]]:
    """Data, or the size of a hole, with its frame."""
    out: list[tuple[bytes | int, int]] = []
    for item in items:
        assert isinstance(item, StreamData | StreamHole)
        assert item.time == item.frame * 10
        out.append((item.data if isinstance(item, StreamData) else item.size, item.frame))
    return out


def content(items: list[StreamItem]) -> bytes:
    """The stream with a dot for each missing byte."""
    return b"".join(part if isinstance(part, bytes) else b"." * part for part, _ in seen(items))


def test_in_order_and_again() -> None:
    """New bytes pass; repetitions, keep-alives and empty probes do not."""
    stream = Stream()
    assert stream.send(0, b"abc") == [(b"abc", 1)]
    assert stream.send(3, b"def") == [(b"def", 2)]
    assert stream.send(0, b"abc") == []
    assert stream.send(5, b"\0") == []
    assert stream.send(1, b"XXXXXg") == [(b"g", 5)]


def test_late_segment() -> None:
    """What waited for a late segment belongs to its frame; frames before it keep theirs."""
    stream = Stream()
    assert stream.send(0, b"ab") == [(b"ab", 1)]
    assert stream.send(4, b"ef") == []
    assert stream.send(6, b"gh") == []
    assert stream.send(2, b"cd") == [(b"cd", 4), (b"ef", 4), (b"gh", 4)]
    assert stream.direction.held == 0


def test_the_first_bytes_win() -> None:
    """Overlaps, before and behind what is delivered, and around what waits."""
    stream = Stream()
    stream.send(2, b"cd")
    stream.send(6, b"gh")
    stream.send(0, b"abXXef")
    assert content(stream.items) == b"abcdefgh"
    stream = Stream()
    stream.send(4, b"ef")
    stream.send(1, b"bcdXXghi")
    assert stream.send(0, b"aX") == [(b"a", 3), (b"bcd", 3), (b"ef", 3), (b"ghi", 3)]


def test_cut_packets() -> None:
    """A snaplen leaves a hole of known size, also when the segment came early, or repeats itself."""
    stream = Stream()
    assert stream.send(0, b"ab", missing=3) == [(b"ab", 1), (3, 1)]
    assert stream.send(0, b"ab", missing=3) == []
    assert stream.send(7, b"hi", missing=1) == []
    assert stream.send(5, b"fg") == [(b"fg", 4), (b"hi", 4), (1, 4)]
    assert stream.send(10, b"", missing=5) == [(5, 5)]
    assert {item.kind for item in stream.items if isinstance(item, StreamHole)} == {"cut_packet"}


def test_overlaps_of_cut_packets() -> None:
    """The bytes that are missing stay missing: they count as delivered when the next segment repeats some."""
    stream = Stream()
    stream.send(0, b"ab", missing=3)
    assert stream.send(3, b"defg") == [(b"fg", 2)]
    assert stream.send(2, b"cdefgh", missing=4) == [(b"h", 3), (4, 3)]


def test_a_loss_is_declared_once_acknowledged_for_long_enough() -> None:
    """Not before PATIENCE packets have passed, at the latest after twice as many."""
    stream = Stream()
    stream.send(0, b"ab")
    stream.send(4, b"ef")
    for _ in range(1000):
        stream.direction.wait(stream.items)
    assert content(stream.items) == b"ab"
    stream.direction.ack = stream.isn + 1 + 6
    waited = 0
    while stream.direction.held:
        stream.direction.wait(stream.items)
        waited += 1
    assert PATIENCE <= waited <= 2 * PATIENCE
    assert seen(stream.items) == [(b"ab", 1), (2, 2), (b"ef", 2)]


def test_the_frame_of_bytes_behind_a_loss() -> None:
    """It is as if the loss had been known at once: the later of the frames that bring them and what precedes them."""
    stream = Stream()
    stream.send(8, b"ij")
    stream.send(2, b"cd")
    stream.send(4, b"ef")
    stream.direction.flush(stream.items)
    assert seen(stream.items) == [(2, 2), (b"cd", 2), (b"ef", 3), (2, 3), (b"ij", 3)]


def test_a_segment_within_the_grace_closes_the_hole() -> None:
    """An acknowledgment that the capture shows early must not tear the stream."""
    stream = Stream()
    stream.send(4, b"ef")
    stream.direction.ack = stream.isn + 1 + 6
    for _ in range(PATIENCE):
        stream.direction.wait(stream.items)
    stream.send(0, b"abcd")
    assert content(stream.items) == b"abcdef"


@pytest.mark.parametrize("size", [1, 1460])
def test_bounded_waiting(size: int) -> None:
    """A hole that nobody acknowledges ends when too much waits behind it, tiny segments included."""
    stream = Stream()
    for number in range(2 * MAX_HELD // 257):
        stream.send(10 + number * size, bytes(size))
        stream.direction.wait(stream.items)
        assert stream.direction.held <= MAX_HELD
        if stream.items:
            break
    assert seen(stream.items)[0] == (10, 1)


def test_the_end_tells_what_is_missing() -> None:
    """A FIN's position, or else an acknowledgment; not the single number that a FIN itself takes."""
    for ack, fin, expected in (
        (-1, 7, b"ab....."),
        (9, -1, b"ab......."),
        (3, -1, b"ab"),
        (-1, -1, b"ab"),
        (4, -1, b"ab.."),
    ):
        stream = Stream()
        stream.send(0, b"ab")
        if fin >= 0:
            stream.direction.end(stream.segment(fin, b"", FIN | ACK))
        stream.direction.ack = -1 if ack < 0 else stream.isn + 1 + ack
        stream.direction.finish(9, 90, stream.items)
        assert content(stream.items) == expected


def test_fins() -> None:
    """Complete when all bytes up to it are delivered; one that lies in the past, or far ahead, is forged."""
    stream = Stream()
    stream.send(0, b"ab")
    stream.direction.end(stream.segment(1, b"", FIN))
    stream.direction.end(stream.segment(2 + (1 << 30), b"", FIN))
    assert stream.direction.fin == -1
    stream.direction.end(stream.segment(2, b"cd", FIN))
    assert not stream.direction.complete
    stream.send(2, b"cd")
    assert stream.direction.complete


def test_segments_from_nowhere() -> None:
    """A sequence number that no window can reach neither waits nor tears the stream."""
    stream = Stream()
    stream.send(0, b"ab")
    assert stream.send(2 + (1 << 30), b"x") == stream.send(-(1 << 30), b"x") == []
    assert stream.direction.held == 0


def test_joined_in_the_middle() -> None:
    """The first payload is where the stream begins, unless it looks like a keep-alive."""
    direction, items = Direction(TcpConnection(1, b"a", 1, b"b", 2, False, False), True), list[StreamItem]()
    stream = Stream()
    direction.receive(1, 10, stream.segment(4, b"\0"), items)
    assert items == []
    direction.receive(2, 20, stream.segment(5, b"f", PSH | ACK), items)
    direction.receive(3, 30, stream.segment(6, b"gh"), items)
    assert content(items) == b"fgh"


def test_data_with_the_syn() -> None:
    """The SYN takes one sequence number itself (RFC 7413)."""
    stream = Stream()
    stream.direction.receive(1, 10, stream.segment(-1, b"abc", SYN), stream.items)
    assert content(stream.items) == b"abc"


ISNS = st.one_of(st.integers(0, WRAP - 1), st.integers(WRAP - 300, WRAP - 1))


@st.composite
def segmentations(draw: st.DrawFn) -> tuple[bytes, list[tuple[int, int]]]:
    """A stream, and segments that cover it, in order, with repetitions and overlaps."""
    data = draw(st.binary(min_size=1, max_size=300))
    cuts = sorted({0, len(data), *draw(st.lists(st.integers(0, len(data)), max_size=20))})
    segments = []
    for start, end in pairwise(cuts):
        segments.append((max(0, start - draw(st.sampled_from([0, 0, 1, 30]))), end))
        if draw(st.integers(0, 4)) == 0:
            segments.append(segments[draw(st.integers(0, len(segments) - 1))])
    return data, segments


@given(ISNS, segmentations(), st.integers(0, 1 << 30), st.integers(0, PATIENCE // 2))
def test_any_segmentation(isn: int, given: tuple[bytes, list[tuple[int, int]]], seed: int, shift: int) -> None:
    """Cut, repeated, overlapping, displaced, acknowledged early, across the wrap: the identical stream."""
    data, segments = given
    random = Random(seed)
    order = sorted(range(len(segments)), key=lambda index: index + random.uniform(0, shift))
    stream = Stream(isn, data)
    for index in order:
        stream.direction.ack = (isn + 1 + len(data)) % WRAP
        stream.send_range(*segments[index])
        if stream.direction.held:
            stream.direction.wait(stream.items)
    assert content(stream.items) == data
    assert not any(isinstance(item, StreamHole) for item in stream.items)
    assert [frame for _, frame in seen(stream.items)] == sorted(frame for _, frame in seen(stream.items))


@given(ISNS, segmentations(), st.integers(0, 1 << 30))
def test_any_order_at_all(isn: int, given: tuple[bytes, list[tuple[int, int]]], seed: int) -> None:
    """Without acknowledgments, and with few bytes, there is no reason to give up."""
    data, segments = given
    stream = Stream(isn, data)
    Random(seed).shuffle(segments)
    for start, end in segments:
        stream.send_range(start, end)
    assert content(stream.items) == data


@given(ISNS, segmentations(), st.sets(st.integers(0, 40)), st.booleans())
def test_any_loss(isn: int, given: tuple[bytes, list[tuple[int, int]]], lost: set[int], fin: bool) -> None:
    """Every byte that came is delivered at its place, and the holes have the size of the others."""
    data, segments = given
    stream = Stream(isn, data)
    expected = bytearray(b"." * len(data))
    acknowledged = 0
    for index, (start, end) in enumerate(segments):
        if index not in lost:
            stream.send_range(start, end)
            expected[start:end] = data[start:end]
        acknowledged = max(acknowledged, end)
        stream.direction.ack = (isn + 1 + acknowledged) % WRAP
        stream.direction.wait(stream.items)
    if fin:
        stream.direction.end(stream.segment(len(data), b"", FIN))
    stream.direction.finish(99, 990, stream.items)
    if not fin and expected.endswith(b".") and not expected.endswith(b".."):
        del expected[-1:]
    assert content(stream.items) == bytes(expected)


@given(st.lists(st.tuples(st.integers(0, WRAP - 1), st.binary(max_size=9), st.integers(0, 99), st.integers(0, 255))))
def test_any_segments(segments: list[tuple[int, bytes, int, int]]) -> None:
    """Random numbers: never an exception, positions never go back, and the items say how far they went."""
    stream = Stream(0)
    for seq, data, missing, flags in segments:
        before = stream.direction.next
        stream.direction.ack = seq
        if flags & FIN:
            stream.direction.end(stream.segment(seq, data, flags, missing))
        stream.direction.receive(1, 10, stream.segment(seq, data, flags, missing), stream.items)
        stream.direction.wait(stream.items)
        assert stream.direction.next >= before
    stream.direction.finish(2, 20, stream.items)
    sizes = (part if isinstance(part, int) else len(part) for part, _ in seen(stream.items))
    assert stream.direction.first + sum(sizes) == stream.direction.next
