"""Live: events are shown as they happen, and the verdict on a session when its connection is closed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from msra.analysis.attempts import attempt
from msra.analysis.linking import reconnects
from msra.analysis.model import Attempt, CaptureReport, Outcome, Session
from msra.analysis.session import RA_CHANNELS, Collector, Given
from msra.budget import Account, Budget
from msra.engines.interface import Engine, EngineError, Options, Reading
from msra.events import ConnectFailed, ConnectionOpened, Event, Fact, Gap, Message
from msra.filters import Filters

_RECENT = 32
"""Ended sessions that are remembered, so that a reconnect is known as one."""


class Show(Protocol):
    """A format in pieces (see report/live.py); each piece is "" or whole lines."""

    def begin(self, session: int, opened: ConnectionOpened) -> str:
        """A connection turned out to be a session, or one that may be."""

    def event(self, session: int, event: Message | Fact | Gap) -> str:
        """Something happened in a session that goes on."""

    def session(self, session: Session, told: bool) -> str:
        """A session has ended; `told`: its events were shown."""

    def end(self, capture: CaptureReport, sessions: int) -> str:
        """Nothing more will come; so many sessions were shown."""


@dataclass(slots=True)
class _Running:
    """An open connection; `number` is that of the session, 0 while it is not known to be one."""

    collector: Collector
    number: int = 0


class LiveSessions:
    """Sorts events by connection, as they come. `outcomes` are those of the sessions that have ended and were shown.

    Sessions are numbered in the order in which they became known. Filters ask how a session ended: if there are any,
    its events are shown when that is known.
    """

    def __init__(
        self,
        show: Show,
        given: Given | None = None,
        filters: Filters | None = None,
        ended: Callable[[Session], None] = lambda _session: None,
    ) -> None:
        """`ended` is given each session that is shown, when it has ended."""
        self._show = show
        self._given = given
        self._filters = filters or Filters()
        self._ended = ended
        self._budget = Budget()
        self._running: dict[int, _Running] = {}
        self._recent: deque[Session] = deque(maxlen=_RECENT)
        self._numbers = 0
        self._attempts: list[Attempt] = []
        self._connections = 0
        self.shown = 0
        self.left_out = 0
        """Sessions that the filters did not let pass."""
        self.outcomes: set[Outcome] = set()

    def add(self, event: Event) -> Iterator[str]:
        """Take the next event; yields what is to be shown now."""
        if isinstance(event, ConnectionOpened):
            self._connections += 1
            self._running[event.connection] = _Running(Collector(event, Account(self._budget), event.time))
        elif isinstance(event, ConnectFailed):
            if self._filters.attempt(made := attempt(event)):
                self._attempts.append(made)
        elif isinstance(event, Message | Fact | Gap):
            running = self._running[event.connection]
            yield from self._tell(running, event)
            if isinstance(event, Fact) and event.name == "tcp_close":
                del self._running[event.connection]
                yield from self._finish(running)

    def finish(self, capture: CaptureReport) -> Iterator[str]:
        """Nothing more will come: end the sessions that are still open. The counts of `capture` are set."""
        for running in self._running.values():
            yield from self._finish(running)
        self._running.clear()
        capture.rdp_connections = self._connections
        capture.attempts = self._attempts
        yield self._show.end(capture, self.shown)

    def _tell(self, running: _Running, event: Message | Fact | Gap) -> Iterator[str]:
        collector, gaps = running.collector, len(running.collector.gaps)
        collector.add(event)
        news: list[Message | Fact | Gap] = [event]
        if isinstance(event, Gap) and len(collector.gaps) == gaps:
            return  # more of a gap that was told of
        if not running.number:
            if not _is_telling(event):
                return
            running.number = self._number()
            news = [*collector.gaps, *collector.story, *([event] if isinstance(event, Message) else [])]
            if not self._filters:
                yield self._show.begin(running.number, collector.opened)
        if not self._filters:
            for one in sorted(news, key=lambda one: one.frame):
                yield self._show.event(running.number, one)

    def _finish(self, running: _Running) -> Iterator[str]:
        collector = running.collector
        collector.account.close()
        if not collector.is_session():
            return
        session = collector.session(running.number or self._number(), self._given)
        session.reconnects = reconnects([*self._recent, session]).get(session.id)
        self._recent.append(session)
        if not self._filters.session(session):
            self.left_out += 1
            return
        self.shown += 1
        self.outcomes.add(session.verdict.outcome)
        self._ended(session)
        yield self._show.session(session, told=not self._filters)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers


def _is_telling(event: Event) -> bool:
    """Whether this makes an RDP connection a session, or one that may be."""
    if isinstance(event, Fact):
        names = event.data.get("channel_names")
        return event.name == "unreadable" or (isinstance(names, tuple) and not RA_CHANNELS.isdisjoint(names))
    return isinstance(event, Message)


def watch(
    path: str, engine: Engine, options: Options, stream: BinaryIO, live: LiveSessions, write: Callable[[str], None]
) -> CaptureReport:
    """Read the stream, shown as `path`, to its end, and write what `live` shows; returns all but the sessions."""
    capture = CaptureReport(path=path, engine=engine.name)
    reading: Reading | None = None
    try:
        reading = engine.read(None, options, stream)
        for event in reading.events():
            for text in live.add(event):
                write(text)
    except EngineError as error:
        capture.error = str(error)
    if reading is not None:
        capture.packets, capture.notes = reading.packets, reading.notes
    for text in live.finish(capture):
        write(text)
    return capture
