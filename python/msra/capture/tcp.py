"""TCP connections and their streams: segments in, the bytes of each direction out, in order."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal, TypeAlias

from msra.capture.model import Closing, Seen, Segment, StreamClosed, StreamData, StreamHole, StreamItem, TcpConnection
from msra.capture.reassembly import ACK, FIN, RST, SYN, Direction
from msra.limits import MAX_CLOSED, MAX_CONNECTIONS, MAX_HELD_IN_ALL, MAX_SYNS

__all__ = ["StreamClosed", "StreamData", "StreamHole", "StreamItem", "TcpConnection", "TcpTracker"]


_NEAR = 1 << 24  # bytes from the end of a closed connection within which a segment belongs to it
_OPEN, _IGNORED, _CLOSED = range(3)
_WRAP = 1 << 32

_Ends: TypeAlias = tuple[bytes, int, bytes, int]
_How: TypeAlias = Literal["fin", "rst", "reused", "end", "evicted"]


class TcpTracker:
    """Follows all TCP connections of a capture.

    A SYN, or payload without one, opens a connection. It closes with a FIN from both sides and all bytes up to it, with
    a RST, when a SYN with another sequence number reuses its ports, and at the end of the capture.
    """

    def __init__(self, max_connections: int = MAX_CONNECTIONS) -> None:
        self.now = 0
        """The time of the latest segment, in ns."""
        self.ignored: dict[int, TcpConnection] = {}
        """The open connections of which nothing more is delivered, by their numbers."""
        self._max_connections = max_connections
        self._count = 0
        self._directions: dict[_Ends, Direction] = {}
        # By the connection's number; those that were idle, or are closed, for the longest come first.
        self._open: OrderedDict[int, Direction] = OrderedDict()
        self._closed: OrderedDict[int, Direction] = OrderedDict()
        self._waiting: OrderedDict[Direction, None] = OrderedDict()  # which hold bytes back, the longest first
        self._held = 0

    def feed(self, frame: int, time: int, segment: Segment) -> list[StreamItem]:
        """Take the segment of this frame; returns what it makes deliverable."""
        items: list[StreamItem] = []
        self.now = time
        flags = segment.flags
        direction = self._directions.get((segment.src, segment.sport, segment.dst, segment.dport))
        if direction is None or flags & SYN or direction.state == _CLOSED:
            direction = self._admit(direction, frame, time, segment, items)
            if direction is None:
                return items
            if flags & SYN:
                _note_syn(direction.connection, Seen(frame, time), segment)
        direction.seen_frame = frame
        direction.seen_time = time
        self._open.move_to_end(direction.connection.number)
        if direction.state == _OPEN:
            self._follow(direction, frame, time, segment, items)
        elif flags & (FIN | RST):
            self._end_ignored(direction, frame, time, segment, items)
        return items

    def ignore(self, connection: TcpConnection) -> None:
        """Deliver nothing more of this connection but its StreamClosed."""
        direction = self._open.get(connection.number)
        if direction is None:
            return
        self.ignored[connection.number] = connection
        for side in (direction, direction.peer):
            side.state = _IGNORED
            side.discard()
            self._settle(side)

    def finish(self) -> list[StreamItem]:
        """The capture has ended; returns what is left, connection by connection."""
        items: list[StreamItem] = []
        for _, direction in sorted(self._open.items()):
            self._close_silent(direction, "end", items)
        return items

    def _follow(self, direction: Direction, frame: int, time: int, segment: Segment, items: list[StreamItem]) -> None:
        """A segment of an open connection."""
        flags, peer = segment.flags, direction.peer
        if (segment.payload or segment.missing) and not flags & RST:
            direction.receive(frame, time, segment, items)
        if flags & ACK and not flags & RST:
            peer.ack = segment.ack
            if peer.next < 0 and direction.connection.started:
                peer.begin(segment.ack)  # the SYN/ACK was not captured
                direction.connection.answered = True
        if direction.held or direction.counted or peer.held:
            self._wait(direction, items)
        if flags & (FIN | RST) or (direction.fin >= 0 and peer.fin >= 0):
            self._end(direction, frame, time, segment, items)

    # Opening

    def _admit(
        self, direction: Direction | None, frame: int, time: int, segment: Segment, items: list[StreamItem]
    ) -> Direction | None:
        """The connection of a SYN, or of a segment without an open connection; None if it belongs to none."""
        if direction is not None:
            if direction.state == _CLOSED:
                if _is_late(direction, segment):
                    return None
            elif _repeats_syn(direction, segment):
                return direction
            else:
                self._close(direction, frame, time, "reused", items)
            self._forget(direction)
        opens = segment.flags & SYN or segment.payload or segment.missing
        if not opens or segment.flags & RST:
            return None
        if len(self._open) >= self._max_connections:
            self._evict(items)
        return self._create(segment)

    def _create(self, segment: Segment) -> Direction:
        self._count += 1
        syn, by_acceptor = bool(segment.flags & SYN), segment.flags & (SYN | ACK) == SYN | ACK
        sender, receiver = (segment.src, segment.sport), (segment.dst, segment.dport)
        initiator, acceptor = (receiver, sender) if by_acceptor else (sender, receiver)
        connection = TcpConnection(self._count, *initiator, *acceptor, started=syn)
        direction, peer = Direction(connection, not by_acceptor), Direction(connection, by_acceptor)
        direction.peer, peer.peer = peer, direction
        if syn:
            direction.syn = True
            direction.begin(segment.seq + 1)
        if by_acceptor:
            peer.begin(segment.ack)
        self._directions[(*sender, *receiver)] = direction
        self._directions[(*receiver, *sender)] = peer
        self._open[connection.number] = direction
        return direction

    def _evict(self, items: list[StreamItem]) -> None:
        """Give up the connection that was idle for the longest."""
        direction = next(iter(self._open.values()))
        self._close_silent(direction, "evicted", items)
        self._forget(direction)

    # Waiting for missing segments

    def _wait(self, direction: Direction, items: list[StreamItem]) -> None:
        for side in (direction, direction.peer):
            if side.held:
                side.wait(items)
            self._settle(side)
        while self._held > MAX_HELD_IN_ALL:
            longest = next(iter(self._waiting))
            longest.flush(items)
            self._settle(longest)

    def _settle(self, side: Direction) -> None:
        """Keep account of what is held back."""
        self._held += side.held - side.counted
        side.counted = side.held
        if side.held:
            self._waiting.setdefault(side)
        else:
            self._waiting.pop(side, None)

    # Closing

    def _end(self, direction: Direction, frame: int, time: int, segment: Segment, items: list[StreamItem]) -> None:
        """A RST, a FIN, or the last bytes before the FINs."""
        if segment.flags & RST:
            if direction.next >= 0 and direction.position(segment.seq) < direction.next:
                return  # an old or a forged one (RFC 9293 3.10.7.4)
            direction.ended = True
            self._note_closing(direction, frame, time, "rst")
            self._close(direction, frame, time, "rst", items)
            return
        if segment.flags & FIN and direction.end(segment):
            self._note_closing(direction, frame, time, "fin")
        if direction.complete and direction.peer.complete:
            direction.ended = direction.peer.ended = True
            self._close(direction, frame, time, "fin", items)

    def _end_ignored(
        self, direction: Direction, frame: int, time: int, segment: Segment, items: list[StreamItem]
    ) -> None:
        direction.ended = True
        if segment.flags & RST:
            self._close(direction, frame, time, "rst", items)
        elif direction.peer.ended:
            self._close(direction, frame, time, "fin", items)

    def _note_closing(self, direction: Direction, frame: int, time: int, how: Literal["fin", "rst"]) -> None:
        connection = direction.connection
        connection.closing = connection.closing or Closing(how, direction.from_initiator, Seen(frame, time))

    def _close_silent(self, direction: Direction, how: _How, items: list[StreamItem]) -> None:
        """No packet ends the connection: it ends with the last one that was seen of it."""
        last = max(direction, direction.peer, key=_seen)
        self._close(last, *_seen(last), how, items)

    def _close(self, direction: Direction, frame: int, time: int, how: _How, items: list[StreamItem]) -> None:
        """The connection ends with the packet of this frame, which `direction` sent."""
        connection = direction.connection
        for side in (direction, direction.peer):
            if side.state == _OPEN:
                side.finish(frame, time, items)
            else:
                side.next = -1  # not followed; see _is_late
            self._settle(side)
            side.state = _CLOSED
        items.append(StreamClosed(connection, direction.from_initiator, frame, time, how))
        del self._open[connection.number]
        self.ignored.pop(connection.number, None)
        self._closed[connection.number] = direction
        if len(self._closed) > MAX_CLOSED:
            self._forget(next(iter(self._closed.values())))

    def _forget(self, direction: Direction) -> None:
        """Late segments of this closed connection are no longer recognised."""
        connection = direction.connection
        initiator = (connection.initiator, connection.initiator_port)
        acceptor = (connection.acceptor, connection.acceptor_port)
        for ends in ((*initiator, *acceptor), (*acceptor, *initiator)):
            self._directions.pop(ends, None)  # they are the same if something sent to itself
        del self._closed[connection.number]
        del direction.peer.peer, direction.peer  # a cycle would keep the memory until the next garbage collection


def _seen(direction: Direction) -> Seen:
    """The last packet of this direction."""
    return Seen(direction.seen_frame, direction.seen_time)


def _note_syn(connection: TcpConnection, seen: Seen, segment: Segment) -> None:
    """A SYN or a SYN/ACK that belongs to this connection."""
    if segment.flags & ACK:
        connection.answered = True
        if connection.syn_ack is None:
            connection.syn_ack, connection.syn_ack_number = seen, segment.seq
        return
    if not connection.syns:
        connection.syn_number = segment.seq
    if len(connection.syns) < MAX_SYNS:
        connection.syns.append(seen)


def _is_late(direction: Direction, segment: Segment) -> bool:
    """A segment belongs to a closed connection: a repetition, or something that crossed its RST on the way."""
    if segment.flags & SYN:
        return bool(segment.flags & ACK) and (segment.seq + 1 - direction.first) % _WRAP == 0
    if direction.next < 0:
        return True
    distance = direction.position(segment.seq) - direction.next
    return -_NEAR < distance < (0 if direction.ended else _NEAR)


def _repeats_syn(direction: Direction, segment: Segment) -> bool:
    """A SYN or SYN/ACK is of this open connection: seen again, or the first one of its direction."""
    connection, peer = direction.connection, direction.peer
    acknowledges = bool(segment.flags & ACK)
    fits = acknowledges and peer.first >= 0 and (segment.ack - peer.first) % _WRAP <= peer.next - peer.first
    seen_again = direction.first >= 0 and (segment.seq + 1 - direction.first) % _WRAP == 0
    if direction.next < 0:
        if not (fits if acknowledges else connection.started):
            return False
        direction.begin(segment.seq + 1)
    elif fits and not direction.syn and not seen_again:
        if direction.untouched and direction.position(segment.seq + 1) < direction.next:
            direction.begin(segment.seq + 1)  # the first acknowledgment was seen before it
    elif not seen_again:
        return False
    direction.syn = True
    if direction.from_initiator != acknowledges:
        connection.started = True
    return True
