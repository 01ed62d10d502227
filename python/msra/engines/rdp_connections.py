"""From TCP streams to RDP connections: finds those that carry RDP and decodes each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from msra.capture.tcp import StreamClosed, StreamData, StreamHole, StreamItem, TcpTracker
from msra.engines.connects import FailedConnects, tcp_facts
from msra.engines.effort import Effort, Reserve
from msra.engines.rdp_stream import RdpStream
from msra.engines.secrets import Secrets
from msra.engines.tcp_walk import endpoints
from msra.events import ConnectFailed, Endpoint, Event
from msra.limits import MAX_UNRECOGNISED
from msra.transport import x224
from msra.transport.recognise import Recognised, Recogniser
from msra.transport.room import Rooms


class _Candidate:
    """A TCP connection that has not shown RDP yet; `recognisers` of the acceptor's stream and the initiator's."""

    __slots__ = ("recognisers", "seen")

    def __init__(self) -> None:
        self.recognisers = Recogniser(), Recogniser()
        self.seen = 0


class _Rdp:
    """A TCP connection that carries RDP; `client_initiated`: the RDP client sent the SYN, as it should."""

    def __init__(self, stream: RdpStream, client_initiated: bool) -> None:
        self.stream = stream
        self.client_initiated = client_initiated


class RdpConnections:
    """All RDP connections of a capture, or of live traffic, numbered in the order in which they were recognised."""

    def __init__(self, tracker: TcpTracker, secrets: Secrets, decode_as: frozenset[int] = frozenset()) -> None:
        """`tracker` gives the items, and is told what to ignore; `decode_as`: TCP ports that are taken for RDP."""
        self._tracker = tracker
        self._secrets = secrets
        self._decode_as_ports = decode_as
        self._streams: dict[int, _Candidate | _Rdp | None] = {}
        """By the number of the TCP connection; None if it was found to carry no RDP."""
        self._connections = 0
        self._rooms = Rooms()
        self._reserve = Reserve()
        self._failed = FailedConnects(decode_as)

    @property
    def notes(self) -> list[str]:
        """Sentences about the capture as a whole; complete after `finish`."""
        count = self._failed.left_out
        return [f"{count} more TCP connects led to nothing, and are left out"] if count else []

    @property
    def novices(self) -> Set[Endpoint]:
        """Where RDP connections were made to; grows."""
        return self._failed.novices

    def finish(self) -> Iterator[ConnectFailed]:
        """The capture is at its end, and all of its connections were closed."""
        return self._failed.finish()

    def feed(self, item: StreamItem) -> Iterable[Event]:
        """The next piece of some TCP stream."""
        if isinstance(item, StreamClosed):
            return self._closed(item)
        number = item.connection.number
        if number not in self._streams:
            self._streams[number] = _Candidate()
        stream = self._streams[number]
        if isinstance(stream, _Rdp):
            return self._rdp(stream, item)
        if stream is not None and isinstance(item, StreamData):
            return self._candidate(stream, item)
        return ()

    def _closed(self, item: StreamClosed) -> Iterator[Event]:
        if item.connection.number not in self._streams:
            self._failed.add(item, self._tracker.now)
            return
        stream = self._streams.pop(item.connection.number)
        if isinstance(stream, _Rdp):
            yield from stream.stream.finish()
            if stream.stream.opened:
                yield from tcp_facts(stream.stream.number, item, stream.client_initiated)

    def _rdp(self, rdp: _Rdp, item: StreamData | StreamHole) -> Iterator[Event]:
        from_client = item.from_initiator == rdp.client_initiated
        if isinstance(item, StreamData):
            return rdp.stream.feed(from_client, item.data, item.frame, item.time)
        return rdp.stream.hole(from_client, item.size, item.kind, item.frame, item.time)

    def _candidate(self, candidate: _Candidate, item: StreamData) -> Iterator[Event]:
        found = self._by_port(item) or candidate.recognisers[item.from_initiator].feed(item.data)
        if found is None:
            candidate.seen += len(item.data)
            if item.connection.started and candidate.seen > MAX_UNRECOGNISED:
                self._tracker.ignore(item.connection)
                self._streams[item.connection.number] = None
            return
        self._connections += 1
        client_initiated = item.from_initiator == found.from_client
        initiator, acceptor = endpoints(item.connection)
        expert, novice = (initiator, acceptor) if client_initiated else (acceptor, initiator)
        self._failed.novice(novice)
        other = candidate.recognisers[not item.from_initiator].rest()
        # Before the X.224 connection confirm, nobody sends anything but the request: both sides begin with a whole PDU.
        started = (item.connection.started or x224.is_connect(found.data[:6]) != 0) and not other
        stream = RdpStream(
            self._connections,
            expert,
            novice,
            found.from_client or started,
            not found.from_client or started,
            self._secrets,
            self._rooms,
            Effort(self._reserve),
        )
        self._streams[item.connection.number] = _Rdp(stream, client_initiated)
        if other:
            yield from stream.feed(not found.from_client, other, item.frame, item.time)
        yield from stream.feed(found.from_client, found.data, item.frame, item.time)

    def _by_port(self, item: StreamData) -> Recognised | None:
        """A port the user took for RDP is the novice's."""
        connection = item.connection
        for port, from_client in ((connection.acceptor_port, True), (connection.initiator_port, False)):
            if port in self._decode_as_ports:
                return Recognised(item.from_initiator == from_client, item.data)
        return None
