"""One direction of a TCP connection: segments in any order become the stream (RFC 9293 3.4, 3.10).

Positions in the stream are sequence numbers that go on counting where the 32 bits on the wire start again.

When bytes are missing, what follows them is held back. They count as lost

* when the receiver has acknowledged them, and 8 to 16 more packets of the connection, in either direction, have not
  brought them: a capture may show an acknowledgment before the segment, but not much before it;
* when more than 1 MiB is held back; or
* when the connection or the capture ends.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Literal, NamedTuple

from msra.capture.model import Segment, StreamData, StreamHole, StreamItem, TcpConnection
from msra.limits import MAX_HELD

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10  # RFC 9293 3.1

PATIENCE = 8
"""Packets between two looks at what has been acknowledged, and is missing since before the last look."""


_PIECE_COST = 256
_WRAP = 1 << 32
_HALF = 1 << 31
_LARGEST_WINDOW = 1 << 30  # no receiver takes bytes farther ahead (RFC 7323 2.3)


class _Piece(NamedTuple):
    """Bytes held back, for the positions from start to end; `data` may lack the last of them."""

    start: int
    end: int
    data: bytes
    frame: int
    time: int


class Direction:
    """The bytes that one side of a connection sends; `peer` is the other direction."""

    __slots__ = (
        "_frame", "_mark", "_patience", "_pieces", "_time",
        "ack", "connection", "counted", "ended", "fin", "first", "from_initiator", "held", "next", "peer", "seen_frame",
        "seen_time", "state", "syn",
    )  # fmt: skip

    peer: Direction

    def __init__(self, connection: TcpConnection, from_initiator: bool) -> None:
        self.connection = connection
        self.from_initiator = from_initiator
        self.first = -1  # the position where the stream began, -1 while unknown
        self.next = -1  # the position of the next byte to deliver
        self.ack = -1  # the last acknowledgment number that the peer sent
        self.fin = -1  # the position where the stream ends
        self.held = 0  # what the pieces cost
        self._pieces: list[_Piece] = []  # by position, without overlaps, all behind `next`
        self._patience = PATIENCE
        self._mark = -1  # acknowledged at the last look
        self._frame = self._time = 0  # of the latest frame whose bytes were delivered
        # What TcpTracker notes down.
        self.state = 0
        self.syn = self.ended = False
        self.counted = 0
        self.seen_frame = self.seen_time = 0

    @property
    def untouched(self) -> bool:
        """Nothing was delivered yet."""
        return self.next == self.first

    @property
    def complete(self) -> bool:
        """All up to the FIN was delivered."""
        return 0 <= self.fin <= self.next

    def begin(self, seq: int) -> None:
        """The first byte has this sequence number. Positions start high enough to stay above 0."""
        self.first = self.next = self.position(seq) if self.next >= 0 else seq % _WRAP + _WRAP

    def position(self, seq: int) -> int:
        """The position nearest to `next` that has this sequence number."""
        return self.next + (seq - self.next + _HALF) % _WRAP - _HALF

    def receive(self, frame: int, time: int, segment: Segment, items: list[StreamItem]) -> None:
        """Take a segment with payload; what it makes deliverable is added to `items`."""
        seq = segment.seq + 1 if segment.flags & SYN else segment.seq
        data = segment.payload
        if self.next < 0:
            if _may_be_keep_alive(segment):
                return
            self.begin(seq)
        start = self.position(seq)
        end = start + len(data) + segment.missing
        if start <= self.next and not self._pieces:
            if end > self.next:
                self._deliver(end, data[self.next - start :], frame, time, items)
        elif start < self.next + _LARGEST_WINDOW:
            self._hold(start, end, data, frame, time)
            self._release(items)

    def end(self, segment: Segment) -> bool:
        """Take a FIN; false for an old or a forged one, which is not believed."""
        if self.next < 0:
            self.begin(segment.seq)
        fin = self.position(segment.seq) + len(segment.payload) + segment.missing
        believed = self.next <= fin < self.next + _LARGEST_WINDOW
        if believed:
            self.fin = fin
        return believed

    def wait(self, items: list[StreamItem]) -> None:
        """One more packet of the connection was seen while bytes are missing: count as lost what must be."""
        self._patience -= 1
        if self._patience <= 0:
            lost, self._patience = self._mark, PATIENCE
            self._mark = self.position(self.ack) if self.ack >= 0 else -1
            while self._pieces and self._pieces[0].start <= lost:
                self._give_up(items)
        while self.held > MAX_HELD:
            self._give_up(items)

    def flush(self, items: list[StreamItem]) -> None:
        """Count all missing bytes as lost."""
        while self._pieces:
            self._give_up(items)

    def finish(self, frame: int, time: int, items: list[StreamItem]) -> None:
        """Nothing more comes. The end may be missing too: the FIN's position, or an acknowledgment, tells."""
        self.flush(items)
        if self.next < 0:
            return
        size = self.fin - self.next
        if self.fin < 0:
            size = self.position(self.ack) - self.next if self.ack >= 0 else 0
            size = size if size > 1 else 0  # a single one is that of a FIN that was not captured
        if 0 < size < _LARGEST_WINDOW:
            self._advance(frame, time)
            self._hole(size, "lost_segment", items)

    def discard(self) -> None:
        """Forget what is held back."""
        self._pieces.clear()
        self.held = 0

    def _hold(self, start: int, end: int, data: bytes, frame: int, time: int) -> None:
        """Keep what is neither delivered nor held yet: the first bytes that came win."""
        pieces = self._pieces
        if not pieces:
            self._patience, self._mark = PATIENCE, -1
        at = max(start, self.next)
        index = bisect_left(pieces, (at,))
        if index and pieces[index - 1].end > at:
            at = pieces[index - 1].end
        while at < end:
            stop = min(end, pieces[index].start) if index < len(pieces) else end
            if at < stop:
                piece = _Piece(at, stop, data[at - start : stop - start], frame, time)
                pieces.insert(index, piece)
                self.held += len(piece.data) + _PIECE_COST
                index += 1
            if index == len(pieces):
                break
            at = pieces[index].end
            index += 1

    def _release(self, items: list[StreamItem]) -> None:
        """Deliver what is no longer behind missing bytes."""
        pieces = self._pieces
        count = 0
        for piece in pieces:
            if piece.start > self.next:
                break
            count += 1
            self.held -= len(piece.data) + _PIECE_COST
            self._deliver(piece.end, piece.data, piece.frame, piece.time, items)
        del pieces[:count]

    def _give_up(self, items: list[StreamItem]) -> None:
        """The bytes before the first piece are lost."""
        piece = self._pieces[0]
        self._advance(piece.frame, piece.time)
        self._hole(piece.start - self.next, "lost_segment", items)
        self._release(items)

    def _deliver(self, end: int, data: bytes, frame: int, time: int, items: list[StreamItem]) -> None:
        """The stream goes on with `data`, and what is missing from there to `end`."""
        self._advance(frame, time)
        if data:
            items.append(StreamData(self.connection, self.from_initiator, data, self._frame, self._time))
            self.next += len(data)
        if self.next < end:
            self._hole(end - self.next, "cut_packet", items)

    def _hole(self, size: int, kind: Literal["lost_segment", "cut_packet"], items: list[StreamItem]) -> None:
        items.append(StreamHole(self.connection, self.from_initiator, size, self._frame, self._time, kind))
        self.next += size

    def _advance(self, frame: int, time: int) -> None:
        if frame > self._frame:
            self._frame, self._time = frame, time


def _may_be_keep_alive(segment: Segment) -> bool:
    """A keep-alive may repeat the last byte, or send garbage in its place (RFC 9293 3.8.4)."""
    return len(segment.payload) == 1 and not segment.flags & (PSH | SYN) and not segment.missing
