"""How TCP connections begin and end: facts about those that carry RDP, and the connects that led to nothing.

Whether a failed connect concerns Remote Assistance shows its port, or the RDP connections that the capture has before
or after it. So the candidates are kept to the end, within bounds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from msra.capture.model import Seen
from msra.capture.tcp import StreamClosed
from msra.engines.tcp_walk import endpoints
from msra.events import ConnectFailed, ConnectFailure, Endpoint, Fact, Role
from msra.limits import MAX_FAILED, MAX_FAILED_CANDIDATES, MAX_FAILED_FRAMES

RDP_PORT = 3389

_TIMEOUT = 3_000_000_000  # ns without an answer; systems send the SYN again after one to three seconds (RFC 6298 2)
_RETRY = 3_000_000_000  # ns within which a connect that was refused is tried again by itself, as Windows does


def tcp_facts(number: int, closed: StreamClosed, client_initiated: bool) -> Iterator[Fact]:
    """SYN, SYN/ACK and close of RDP connection `number`, as far as they are in the capture."""
    connection = closed.connection

    def fact(seen: Seen, from_initiator: bool, name: str, **data: int | str) -> Fact:
        sender: Role = "expert" if from_initiator == client_initiated else "novice"
        return Fact(number, seen.frame, seen.time, sender, name, data)

    if connection.syns:
        yield fact(connection.syns[0], True, "tcp_syn", sequence_number=connection.syn_number)
    if connection.syn_ack:
        yield fact(connection.syn_ack, False, "tcp_syn_ack", sequence_number=connection.syn_ack_number)
    if connection.closing:
        yield fact(connection.closing.seen, connection.closing.from_initiator, "tcp_close", how=connection.closing.how)
    else:
        yield fact(Seen(closed.frame, closed.time), closed.from_initiator, "tcp_close", how=closed.how)


@dataclass(slots=True)
class _Failed:
    """A failed connect and the time of its last packet."""

    event: ConnectFailed
    last: int


class FailedConnects:
    """Collects the failed connects of a capture."""

    def __init__(self, ports: frozenset[int]) -> None:
        """`ports`: those on which a novice is expected, besides 3389."""
        self.left_out = 0
        """How many there were beyond MAX_FAILED; complete after `finish`."""
        self._ports = ports | {RDP_PORT}
        self.novices: set[Endpoint] = set()
        """Where RDP connections were made to."""
        self._failed: list[_Failed] = []
        self._candidates: deque[_Failed] = deque(maxlen=MAX_FAILED_CANDIDATES)
        self._latest: dict[tuple[Endpoint, Endpoint], _Failed] = {}

    def novice(self, endpoint: Endpoint) -> None:
        """An RDP connection was made to this address and port."""
        self.novices.add(endpoint)

    def add(self, closed: StreamClosed, now: int) -> None:
        """A TCP connection ended in which no byte was sent; `now` is the time of the capture's latest packet."""
        how = _failure(closed, now)
        if how is None:
            return
        connection = closed.connection
        seen = [*connection.syns, connection.syn_ack, connection.closing and connection.closing.seen]
        packets = sorted(packet for packet in seen if packet)
        initiator, acceptor = endpoints(connection)
        frames = tuple(packet.frame for packet in packets)
        failed = _Failed(ConnectFailed(0, *packets[0], initiator, acceptor, how, frames), packets[-1].time)
        if not self._is_retry(failed):
            self._keep(failed)

    def finish(self) -> Iterator[ConnectFailed]:
        """Those that concern us, by frame."""
        for failed in self._candidates:
            if failed.event.novice in self.novices:
                self._keep(failed)
        self._candidates.clear()
        yield from sorted((failed.event for failed in self._failed), key=lambda event: event.frame)

    def _is_retry(self, failed: _Failed) -> bool:
        """The system tried again from the same port what was refused: that is one connect to its user."""
        event = failed.event
        before = self._latest.get((event.expert, event.novice))
        if len(self._latest) >= MAX_FAILED_CANDIDATES:
            self._latest.clear()
        self._latest[event.expert, event.novice] = failed
        if before is None or before.event.how != event.how or event.time - before.last > _RETRY:
            return False
        frames = (before.event.frames + event.frames)[:MAX_FAILED_FRAMES]
        before.event, before.last = replace(before.event, frames=frames), failed.last
        self._latest[event.expert, event.novice] = before
        return True

    def _keep(self, failed: _Failed) -> None:
        if failed.event.novice.port not in self._ports and failed.event.novice not in self.novices:
            self._candidates.append(failed)
        elif len(self._failed) < MAX_FAILED:
            self._failed.append(failed)
        else:
            self.left_out += 1


def _failure(closed: StreamClosed, now: int) -> ConnectFailure | None:
    """How the connect failed; None if it did not, or if the capture is too short to tell."""
    connection = closed.connection
    closing = connection.closing
    if closing and connection.answered:
        return "closed"
    if closing and not closing.from_initiator and connection.syns:
        return "refused"
    if closing or connection.answered or not connection.syns:
        return None
    return "timed_out" if len(connection.syns) > 1 or now - connection.syns[0].time >= _TIMEOUT else None
