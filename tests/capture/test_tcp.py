"""Protects the life of TCP connections: when one begins, when it ends, and that state is bounded."""

from __future__ import annotations

import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.files import open_capture_file
from msra.capture.fragments import FragmentTable
from msra.capture.link import decode_segment
from msra.capture.model import Segment
from msra.capture.reassembly import ACK, FIN, PSH, RST, SYN
from msra.capture.tcp import StreamClosed, StreamData, StreamHole, StreamItem, TcpConnection, TcpTracker

A, B = (b"\x0a\0\0\1", 40000), (b"\x0a\0\0\2", 3389)
WRAP = 1 << 32


class Wire:
    """Two ends that talk, with sequence numbers kept; frames are counted, and frame n has time 10 n."""

    def __init__(self, tracker: TcpTracker | None = None, isn: tuple[int, int] = (100, WRAP - 3)) -> None:
        self.tracker = tracker or TcpTracker()
        self.sent = {A: isn[0], B: isn[1]}
        self.frame = 0

    def segment(self, src: tuple[bytes, int], data: bytes = b"", flags: int = ACK, missing: int = 0) -> Segment:
        """The next segment of one end."""
        dst = B if src == A else A
        segment = Segment(
            src[0], dst[0], src[1], dst[1], self.sent[src], self.sent[dst] if flags & ACK else 0, flags, data, missing
        )
        self.sent[src] = (self.sent[src] + len(data) + missing + bool(flags & (SYN | FIN))) % WRAP
        return segment

    def pass_on(self, *segments: Segment) -> list[str]:
        """Let the tracker see them; returns what comes out in short (see `told`)."""
        items: list[StreamItem] = []
        for segment in segments:
            self.frame += 1
            items += self.tracker.feed(self.frame, self.frame * 10, segment)
        return told(items)

    def send(self, src: tuple[bytes, int], data: bytes = b"", flags: int = ACK, missing: int = 0) -> list[str]:
        """Send, and let the tracker see it."""
        return self.pass_on(self.segment(src, data, flags, missing))

    def shake_hands(self) -> Wire:
        """SYN, SYN/ACK, ACK."""
        assert self.send(A, flags=SYN) + self.send(B, flags=SYN | ACK) + self.send(A) == []
        return self

    def finish(self) -> list[str]:
        """The capture ends."""
        return told(self.tracker.finish())


def told(items: Iterable[StreamItem]) -> list[str]:
    """Items in short: connection number, direction or how it closed, content or size of the hole, frame."""
    out = []
    for item in items:
        assert item.time == item.frame * 10
        head = f"{item.connection.number}"
        if isinstance(item, StreamClosed):
            out.append(f"{head} {item.how} @{item.frame}")
            continue
        what = item.data.decode() if isinstance(item, StreamData) else f"-{item.size} {item.kind}"
        out.append(f"{head}{'>' if item.from_initiator else '<'} {what} @{item.frame}")
    return out


def test_a_life() -> None:
    """Handshake, data both ways, FINs. Sequence numbers wrap on the way."""
    wire = Wire().shake_hands()
    items = wire.tracker.feed(4, 40, wire.segment(A, b"hello"))
    assert isinstance(items[0], StreamData)
    c = items[0].connection
    assert (c.number, c.initiator, c.initiator_port, c.acceptor, c.acceptor_port) == (1, *A, *B)
    assert c.started
    assert c.started
    wire.frame = 4
    assert wire.send(B, b"welcome") == ["1< welcome @5"]
    assert wire.send(A, b"bye", FIN | ACK) == ["1> bye @6"]
    assert wire.send(B, b"so long") == ["1< so long @7"]
    assert wire.send(B, flags=FIN | ACK) == ["1 fin @8"]
    assert wire.send(A) == wire.finish() == []


def test_who_is_the_initiator() -> None:
    """The receiver of the SYN/ACK if the SYN is missing; unknown if both are."""
    for skipped, initiator, known in ((0, A, True), (1, A, True), (2, A, False), (3, B, False)):
        wire = Wire()
        segments = [
            wire.segment(A, flags=SYN),
            wire.segment(B, flags=SYN | ACK),
            wire.segment(A, b"a"),
            wire.segment(B, b"b"),
        ]
        segments[2].flags |= PSH
        segments[3].flags |= PSH
        items = [item for segment in segments[skipped:] for item in wire.tracker.feed(1, 10, segment)]
        connection = items[0].connection
        assert (connection.initiator, connection.initiator_port) == initiator
        assert connection.started == known
        assert [item.from_initiator for item in items] == [True, False][: len(items)]


def test_joined_in_the_middle() -> None:
    """Payload opens a connection; acknowledgments, FINs and resets alone don't."""
    wire = Wire()
    for flags in (ACK, FIN | ACK, RST, RST | ACK):
        assert wire.send(A, flags=flags) == []
    assert wire.send(A, b"reset", RST) == []
    assert wire.finish() == []
    assert wire.send(B, b"middle") == ["1> middle @6"]
    assert wire.send(A, b"answer") == ["1< answer @7"]
    assert wire.finish() == ["1 end @7"]


def test_late_handshake() -> None:
    """The capture may show the handshake's packets in another order, or twice."""
    wire = Wire()
    syn, syn_ack = wire.segment(A, flags=SYN), wire.segment(B, flags=SYN | ACK)
    data, answer = wire.segment(A, b"data"), wire.segment(B, b"answer")
    assert wire.pass_on(syn_ack, syn, syn, syn_ack, data, answer) == ["1> data @5", "1< answer @6"]
    wire = Wire()
    assert wire.pass_on(syn, data, syn_ack, answer) == ["1> data @2", "1< answer @4"]
    wire = Wire()
    assert wire.pass_on(data, syn, answer) == ["1> data @1", "1< answer @3"]
    assert next(iter(wire.tracker._open.values())).connection.started


def test_simultaneous_open() -> None:
    """Both send a SYN (RFC 9293 3.5)."""
    wire = Wire()
    assert wire.send(A, flags=SYN) == wire.send(B, flags=SYN) == []
    assert wire.send(A, b"a") + wire.send(B, b"b") == ["1> a @3", "1< b @4"]


def test_a_syn_ack_that_was_not_captured() -> None:
    """The initiator's acknowledgment tells where the other direction begins, so that a loss shows."""
    wire = Wire()
    syn, _, ack, _, behind = (
        wire.segment(A, flags=SYN), wire.segment(B, flags=SYN | ACK), wire.segment(A), wire.segment(B, b"lost"),
        wire.segment(B, b"seen"),
    )  # fmt: skip
    assert wire.pass_on(syn, ack, behind) == []
    assert wire.finish() == ["1< -4 lost_segment @3", "1< seen @3", "1 end @3"]


def test_fast_open() -> None:
    """A SYN with data that the SYN/ACK acknowledges (RFC 7413)."""
    wire = Wire()
    assert wire.send(A, b"early", SYN) == ["1> early @1"]
    assert wire.send(B, flags=SYN | ACK) == []
    assert wire.send(A, b"later") == ["1> later @3"]


def test_reuse_of_ports() -> None:
    """A SYN with another number is a new connection; one with the same number is a repetition while it is open."""
    wire = Wire().shake_hands()
    again = Wire(wire.tracker)
    again.frame = 3
    assert again.send(A, flags=SYN) == []
    wire.frame = 4
    wire.segment(A, b"lost")
    assert wire.send(A, b"first") == []
    new = Wire(wire.tracker, isn=(5000, 6000))
    new.frame = 5
    assert new.send(A, flags=SYN) == ["1> -4 lost_segment @5", "1> first @5", "1 reused @6"]
    assert new.send(B, flags=SYN | ACK) == []
    assert new.send(A, b"second") == ["2> second @8"]
    assert new.send(A, flags=RST) == ["2 rst @9"]
    assert new.send(B, b"on its way") == []
    same = Wire(wire.tracker, isn=(5000, 6000))
    assert same.send(A, flags=SYN) == same.send(B, flags=SYN | ACK) == []
    assert same.send(B, b"third") == ["3< third @3"]


def test_reuse_when_only_the_syn_ack_was_captured() -> None:
    """A SYN/ACK that acknowledges another SYN is of another connection."""
    wire = Wire().shake_hands()
    new = Wire(wire.tracker, isn=(5000, 6000))
    new.segment(A, flags=SYN)
    new.frame = 3
    assert new.send(B, flags=SYN | ACK) == ["1 reused @4"]
    assert new.send(A, b"x", PSH | ACK) == ["2> x @5"]


def test_a_syn_behind_the_tail_of_an_older_connection() -> None:
    """One direction seen in the middle must not swallow the new connection."""
    old = Wire(isn=(1, 77_000_000))
    assert old.send(B, b"tail") == ["1> tail @1"]
    new = Wire(old.tracker)
    new.frame = 1
    assert new.send(A, flags=SYN) == ["1 reused @2"]
    new.send(B, flags=SYN | ACK)
    assert new.send(B, b"fresh") == ["2< fresh @4"]


def test_resets() -> None:
    """One within the stream closes, an old one does not; a refusal closes too."""
    wire = Wire().shake_hands()
    wire.send(A, b"some data")
    old = wire.segment(A, flags=RST)
    old.seq -= 5
    assert wire.pass_on(old) == []
    assert wire.send(B, b"text", RST | ACK) == ["1 rst @6"]
    wire = Wire()
    wire.send(A, flags=SYN)
    refusal = Segment(*B[:1], *A[:1], B[1], A[1], 0, 101, RST | ACK, b"")
    assert wire.pass_on(refusal) == ["1 rst @2"]


def test_late_segments_open_nothing() -> None:
    """Repetitions after the FINs, and what crossed a reset; but who goes on after its reset did not send that."""
    wire = Wire().shake_hands()
    data = wire.segment(A, b"data", PSH | ACK)
    assert wire.pass_on(data) == ["1> data @4"]
    wire.send(A, flags=FIN | ACK)
    assert wire.send(B, flags=FIN | ACK) == ["1 fin @6"]
    assert wire.pass_on(data) == []
    wire = Wire().shake_hands()
    assert wire.send(A, flags=RST) == ["1 rst @4"]
    assert wire.send(B, b"crossing") == []
    assert wire.send(A, b"alive") == ["2> alive @6"]
    far = Wire(wire.tracker, isn=(5000, WRAP // 2))
    assert far.send(B, b"other numbers") == ["2< other numbers @1"]


def test_a_loss_shows_within_a_few_packets() -> None:
    """Acknowledged, and not seen: with the frame of what is behind it, and its bytes follow."""
    wire = Wire().shake_hands()
    wire.send(A, b"seen")
    wire.segment(A, b"lost")
    assert wire.send(A, b"behind") == []
    told = [line for _ in range(16) for line in wire.send(B)]
    assert told == ["1> -4 lost_segment @5", "1> behind @5"]


def test_fins_with_a_hole() -> None:
    """The connection is not closed before all is delivered, or given up."""
    wire = Wire().shake_hands()
    lost = wire.segment(A, b"late")
    assert wire.send(A, b"behind", FIN | ACK) == wire.send(B, flags=FIN | ACK) == []
    assert wire.pass_on(lost) == ["1> late @6", "1> behind @6", "1 fin @6"]
    wire = Wire().shake_hands()
    wire.segment(A, b"lost")
    assert wire.send(A, b"behind", FIN | ACK) == wire.send(B, flags=FIN | ACK) == []
    assert wire.finish() == ["1> -4 lost_segment @4", "1> behind @4", "1 end @5"]
    wire = Wire().shake_hands()
    wire.segment(A, b"lost")
    assert wire.send(A, flags=FIN | ACK) == wire.send(B, flags=FIN | ACK) == []
    assert wire.finish() == ["1> -4 lost_segment @5", "1 end @5"]


def test_ignored_connections() -> None:
    """Nothing comes of them but their end; their ports can be used again."""
    for end in (((A, FIN | ACK), (B, FIN | ACK)), ((B, RST),)):
        wire = Wire().shake_hands()
        wire.segment(A, b"lost")
        waiting = wire.tracker.feed(4, 40, wire.segment(A, b"behind"))
        assert waiting == []
        connection = wire.tracker._open[1].connection
        wire.tracker.ignore(connection)
        wire.frame = 4
        assert wire.send(A, b"more") == wire.send(B, b"more", missing=9) == wire.send(A) == []
        assert wire.tracker._held == 0
        told = [line for src, flags in end for line in wire.send(src, flags=flags)]
        assert told == [f"1 {'fin' if len(end) == 2 else 'rst'} @{wire.frame}"]
        wire.tracker.ignore(connection)
        assert wire.send(A, b"late") == wire.finish() == []
    wire = Wire().shake_hands()
    wire.tracker.ignore(wire.tracker._open[1].connection)
    new = Wire(wire.tracker, isn=(5000, 6000))
    new.frame = 3
    assert new.send(A, flags=SYN) == ["1 reused @4"]
    assert new.send(A, b"new") == ["2> new @5"]
    assert new.finish() == ["2 end @5"]


def test_eviction() -> None:
    """The connection that is idle for the longest goes, and what it holds back comes out."""
    tracker = TcpTracker(max_connections=16)
    told_all = []
    for number in range(16):
        syn = Segment(b"a", b"b", number, 80, 0, 0, SYN, b"")
        told_all += tracker.feed(number + 1, (number + 1) * 10, syn)
    held = Segment(b"a", b"b", 3, 80, 9, 0, ACK, b"held")
    assert told(tracker.feed(17, 170, held)) == []
    for number in range(3):
        told_all += tracker.feed(18, 180, Segment(b"a", b"b", number, 80, 1, 0, ACK, b"x"))
    for number in range(5, 9):
        syn = Segment(b"a", b"b", 90 + number, 80, 0, 0, SYN, b"")
        assert told(tracker.feed(19, 190, syn)) == [f"{number} evicted @{number}"]
    assert told(tracker.finish())[:4] == ["1 end @18", "2 end @18", "3 end @18", "4> -8 lost_segment @17"]


@pytest.mark.parametrize("flags", [SYN, ACK, SYN | ACK])
def test_bounded_connections(flags: int) -> None:
    """Half-open and one-packet connections without end: those beyond the bound cost nothing."""
    tracker = TcpTracker(max_connections=1000)
    tracemalloc.start()
    for number in range(50_000):
        source = number.to_bytes(4, "big")
        tracker.feed(number, number, Segment(source, b"b", 1, 80, 9, 0, flags, b"xx"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(tracker._directions) <= 2 * 1000
    assert peak < 3_000_000


def test_bounded_memory_of_closed_connections() -> None:
    """Those that are remembered for late segments."""
    tracker = TcpTracker()
    for number in range(30_000):
        source = number.to_bytes(4, "big")
        tracker.feed(1, 10, Segment(source, b"b", 1, 80, 9, 0, SYN, b""))
        tracker.feed(1, 10, Segment(source, b"b", 1, 80, 10, 0, RST, b""))
    assert len(tracker._closed) == len(tracker._directions) // 2 == 10_000


def test_bounded_waiting() -> None:
    """Holes in many connections at once: those that wait the longest are given up."""
    tracker = TcpTracker()
    items: list[StreamItem] = []
    for number in range(120):
        source = number.to_bytes(4, "big")
        tracker.feed(1, 10, Segment(source, b"b", 1, 80, 0, 0, SYN, b""))
        for part in range(12):
            segment = Segment(source, b"b", 1, 80, 100 + part * 60_000, 0, ACK, bytes(60_000))
            items += tracker.feed(2 + number, 0, segment)
            assert tracker._held <= 1 << 26
    assert tracker._held > 1 << 25
    holes = [item.connection.number for item in items if isinstance(item, StreamHole)]
    assert holes == list(range(1, len(holes) + 1))
    assert len(holes) > 20
    tracker.finish()
    assert tracker._held == len(tracker._waiting) == 0


@given(st.integers(0, WRAP - 1), st.integers(0, WRAP - 1), st.integers(0, 1 << 30))
def test_two_directions_displaced(isn_a: int, isn_b: int, seed: int) -> None:
    """Both ends talk, packets of both are displaced and repeated; the streams are what was sent."""
    random = Random(seed)
    wire = Wire(isn=(isn_a, isn_b)).shake_hands()
    sent, packets = {True: b"", False: b""}, []
    for _ in range(random.randrange(60)):
        from_a, data = random.random() < 0.6, random.randbytes(random.choice((0, 1, 5, 40))).hex().encode()
        sent[from_a] += data
        packets.append(wire.segment(A if from_a else B, data))
    order = sorted(range(len(packets)), key=lambda index: index + random.uniform(0, 4))
    packets = [packets[index] for index in order for _ in range(random.choice((1, 1, 2)))]
    got = {True: b"", False: b""}
    items = [item for n, packet in enumerate(packets) for item in wire.tracker.feed(n, n, packet)]
    for item in items + wire.tracker.finish():
        assert not isinstance(item, StreamHole)
        if isinstance(item, StreamData):
            got[item.from_initiator] += item.data
    assert got == sent


ENDS = st.sampled_from([(b"a", 1), (b"b", 2), (b"c", 3)])
NUMBERS = st.one_of(st.integers(0, 50), st.integers(0, WRAP - 1))


@given(
    st.lists(
        st.tuples(ENDS, ENDS, NUMBERS, NUMBERS, st.integers(0, 31), st.binary(max_size=5), st.sampled_from([0, 0, 9]))
    ),
    st.integers(1, 4),
)
def test_any_segments(
    segments: list[tuple[tuple[bytes, int], tuple[bytes, int], int, int, int, bytes, int]], bound: int
) -> None:
    """Never an exception; every connection closes exactly once, after all its data; nothing is left."""
    tracker = TcpTracker(max_connections=bound)
    items: list[StreamItem] = []
    for frame, (src, dst, seq, ack, flags, data, missing) in enumerate(segments, 1):
        items += tracker.feed(frame, frame, Segment(src[0], dst[0], src[1], dst[1], seq, ack, flags, data, missing))
        if items and frame % 7 == 0:
            tracker.ignore(items[-1].connection)
    items += tracker.finish()
    closed = [item.connection.number for item in items if isinstance(item, StreamClosed)]
    assert sorted(closed) == list(range(1, len(closed) + 1))
    seen_closed = set()
    for item in items:
        assert item.connection.number not in seen_closed
        if isinstance(item, StreamClosed):
            seen_closed.add(item.connection.number)
    assert tracker._held == len(tracker._open) == len(tracker._waiting) == 0


LOST = {"tcp_lost_segment.pcap": 81}
CUT = {"link_snaplen128.pcap": 7046}


def test_wireshark_agrees_on_all_captures(pcaps: list[Path], tshark: Callable[..., list[str]]) -> None:
    """The streams of the first connection are those of "Follow TCP Stream"; holes only where the captures have some."""
    for path in pcaps:
        tracker, table = TcpTracker(), FragmentTable()
        streams, missing = defaultdict[bool, bytes](bytes), defaultdict[str, int](int)
        with open_capture_file(path) as reader:
            items = [item for p in reader if (s := decode_segment(p.link_type, p.data, p.length, table))
                     for item in tracker.feed(p.number, p.time, s)]  # fmt: skip
        for item in items + tracker.finish():
            if isinstance(item, StreamHole):
                missing[item.kind] += item.size
            elif isinstance(item, StreamData) and item.connection.number == 1:
                streams[item.from_initiator] += item.data
        assert (missing["lost_segment"], missing["cut_packet"]) == (LOST.get(path.name, 0), CUT.get(path.name, 0)), (
            path.name
        )
        theirs = {True: "", False: ""}
        lines = tshark(path, "-q", "-z", "follow,tcp,raw,0", exit_status=2 * (path.name == "cut_file_truncated.pcap"))
        for line in lines[6:-1]:
            theirs[not line.startswith("\t")] += line.strip()
        if path.name in LOST:
            marker = f"[{LOST[path.name]} bytes missing in capture file]\0".encode().hex()
            assert marker in theirs[True]
            theirs[True] = theirs[True].replace(marker, "")
        assert {side: streams[side].hex() for side in theirs} == theirs, path.name


def connection_of(*segments: Segment) -> TcpConnection:
    """The connection as it is known when the capture ends; the segments are frames 1, 2, ..."""
    tracker = TcpTracker()
    items = [item for frame, segment in enumerate(segments, 1) for item in tracker.feed(frame, frame * 10, segment)]
    (closed,) = [item for item in [*items, *tracker.finish()] if isinstance(item, StreamClosed)]
    return closed.connection


def test_where_a_connection_begins() -> None:
    """SYNs that are sent again count with the first one; the SYN/ACK is that of the first answer."""
    wire = Wire()
    syn = wire.segment(A, flags=SYN)
    syn_ack = wire.segment(B, flags=SYN | ACK)
    connection = connection_of(syn, syn, syn_ack, syn_ack, wire.segment(A))
    assert connection.syns == [(1, 10), (2, 20)]
    assert connection.syn_ack == (3, 30) and connection.answered
    assert not connection_of(syn, syn).answered
    assert connection_of(syn, wire.segment(A)).answered, "the SYN/ACK was not captured, but its acknowledgment was"
    assert connection_of(wire.segment(A, b"data"), wire.segment(A, b"more")).syns == []
    assert len(connection_of(*[syn] * 100).syns) < 10


def test_initial_sequence_numbers() -> None:
    """Those of the SYN and of the SYN/ACK, as they are on the wire; 0 for one that was not captured."""
    wire = Wire(isn=(100, WRAP - 1))
    syn, syn_ack, data = wire.segment(A, flags=SYN), wire.segment(B, flags=SYN | ACK), wire.segment(A, b"data")
    for segments, numbers in (
        ((syn, syn, syn_ack, syn_ack, data), (100, WRAP - 1)),
        ((syn, data), (100, 0)),
        ((syn_ack, data), (0, WRAP - 1)),
        ((syn_ack, syn, data), (100, WRAP - 1)),
        ((data,), (0, 0)),
    ):
        connection = connection_of(*segments)
        assert (connection.syn_number, connection.syn_ack_number) == numbers


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("src", [A, B])
def test_who_closes_first(src: tuple[bytes, int], how: str) -> None:
    wire = Wire()
    start = [wire.segment(A, flags=SYN), wire.segment(B, flags=SYN | ACK), wire.segment(A)]
    first = wire.segment(src, flags=FIN | ACK if how == "fin" else RST)
    other = wire.segment(B if src == A else A, flags=FIN | ACK)
    assert connection_of(*start, first, other).closing == (how, src == A, (4, 40))


def test_an_old_fin_or_reset_closes_nothing() -> None:
    wire = Wire()
    start = [wire.segment(A, flags=SYN), wire.segment(B, flags=SYN | ACK), wire.segment(A, b"some data")]
    for flags in (FIN | ACK, RST):
        old = wire.segment(A, flags=flags)
        old.seq -= 5
        assert connection_of(*start, old).closing is None
        wire.sent[A] = start[2].seq + 9


def test_who_was_heard_last() -> None:
    """What has no end ends with its last packet."""
    wire = Wire().shake_hands()
    wire.send(B, b"data")
    (closed,) = wire.tracker.finish()
    assert isinstance(closed, StreamClosed)
    assert (closed.how, closed.frame, closed.from_initiator) == ("end", 4, False)
