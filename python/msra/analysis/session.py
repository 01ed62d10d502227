"""Events become sessions: one for each RDP connection that is, or may be, Remote Assistance."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from msra.analysis.attempts import attempt
from msra.analysis.control import controls
from msra.analysis.durations import durations
from msra.analysis.evidence import Evidence
from msra.analysis.findings import findings
from msra.analysis.handshake import handshake
from msra.analysis.invitation import Invitation, check
from msra.analysis.linking import reconnects
from msra.analysis.model import Attempt, Check, Session
from msra.analysis.timeline import timeline
from msra.analysis.transfers import transfers
from msra.analysis.verdict import decide, deciding_result
from msra.budget import Account, Budget
from msra.events import ConnectFailed, ConnectionOpened, Event, Fact, Gap, Message
from msra.limits import MAX_SESSIONS, MAX_STORY, MAX_WAITING

RA_CHANNELS = frozenset({"remdesk", "encomsp"})
"""Static channels that only Remote Assistance uses ([MS-RA] 2.2.1.2, [MS-RDPEMC] 2.1)."""


@dataclass(slots=True)
class Collector:
    """What one connection has shown so far."""

    opened: ConnectionOpened
    account: Account
    end: int = 0
    messages: list[Message] = field(default_factory=list)
    facts: dict[str, Fact] = field(default_factory=dict)
    story: list[Fact] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    separated: int = 0
    """Gaps before this index are followed by a message, and grow no more."""

    def add(self, event: Event) -> None:
        """Take the next event of this connection."""
        self.end = max(self.end, event.time)
        if isinstance(event, Message):
            self._add_message(event)
        elif isinstance(event, Fact):
            self._add_fact(event)
        elif isinstance(event, Gap):
            self._add_gap(event)

    def _add_message(self, message: Message) -> None:
        if self.account.take(message):
            self.messages.append(message)
            self.separated = len(self.gaps)
        else:
            self._leave_out(message, len(message.data))

    def _add_fact(self, fact: Fact) -> None:
        known = self.facts.get(fact.name)
        self.facts[fact.name] = fact if known is None else replace(known, data={**fact.data, **known.data})
        if len(self.story) < MAX_STORY and self.account.take(fact):
            self.story.append(fact)
        else:
            self._leave_out(fact, 0)

    def _leave_out(self, event: Message | Fact, size: int) -> None:
        self._add_gap(Gap(event.connection, event.frame, event.time, event.sender, "left_out", size))

    def _add_gap(self, gap: Gap) -> None:
        """Gaps of one kind and side without a message between them are one gap: an encrypted session has thousands."""
        for index in range(self.separated, len(self.gaps)):
            last = self.gaps[index]
            if (last.kind, last.sender) == (gap.kind, gap.sender):
                self.gaps[index] = replace(last, size=last.size + gap.size)
                return
        self.account.take(gap)  # also if it is full: without messages in between, there are no more gaps than kinds
        self.gaps.append(gap)

    def is_session(self) -> bool:
        """Whether this is Remote Assistance, or may be because its channel list could not be read."""
        evidence = self.evidence()
        return bool(self.messages) or evidence.channels is None or bool(RA_CHANNELS.intersection(evidence.channels))

    def evidence(self) -> Evidence:
        """What the rules look at."""
        return Evidence(tuple(self.messages), self.facts, tuple(self.gaps), tuple(self.story))

    def session(self, number: int, given: Given | None) -> Session:
        """Draw the conclusions.

        Data behind a lost segment is known only when the loss is certain, so events may come late: frames put them
        into order. The TCP connect comes before what recognises RDP.
        """
        self.messages.sort(key=lambda message: message.frame)
        self.gaps.sort(key=lambda gap: gap.frame)
        self.story.sort(key=lambda fact: fact.frame)
        start = min([self.opened.time, *(fact.time for fact in self.story[:1])])
        evidence = self.evidence()
        came_to = handshake(evidence)
        control, files = controls(evidence), transfers(self.messages)
        checks = given.check(evidence, self.opened, start, self.end) if given else []
        return Session(
            id=number,
            expert=self.opened.expert,
            novice=self.opened.novice,
            security=evidence.security,
            security_details=evidence.security_details,
            version=evidence.version,
            version_evidence=evidence.version_evidence,
            channels=evidence.channels,
            start=start,
            end=self.end,
            verdict=decide(evidence, start, came_to, checks),
            messages=self.messages,
            gaps=self.gaps,
            timeline=timeline(evidence),
            handshake=came_to,
            controls=control,
            transfers=files,
            durations=durations(evidence, control, deciding_result(evidence), start, self.end),
            findings=list(findings(evidence, control, files)),
            checks=checks,
        )


@dataclass(frozen=True)
class Given:
    """The invitation that the sessions are checked against, and its password if it is known."""

    invitation: Invitation
    password: str | None = field(default=None, repr=False)

    def check(self, evidence: Evidence, opened: ConnectionOpened, start: int, end: int) -> list[Check]:
        """One session against it."""
        return check(self.invitation, self.password, evidence, opened.expert, opened.novice, start, end)


class Sessions:
    """Sorts the events of one capture by connection."""

    def __init__(self, given: Given | None = None) -> None:
        self._given = given
        self._budget = Budget()
        self._collectors: dict[int, Collector] = {}
        """The connections that are kept."""
        self._waiting: OrderedDict[int, Collector] = OrderedDict()
        """Those beyond, the oldest first, which may still show a message."""
        self._forgotten = 0
        self.attempts: list[Attempt] = []
        """The TCP connects that led to nothing."""
        self.with_messages = 0
        """Connections that have shown a message of Remote Assistance, and are sessions for certain."""

    def add(self, event: Event) -> None:
        """Take the next event of the capture."""
        if isinstance(event, ConnectionOpened):
            self._open(event)
        elif isinstance(event, ConnectFailed):
            self.attempts.append(attempt(event))
        elif collector := self._collector(event):
            self.with_messages += isinstance(event, Message) and not collector.messages
            collector.add(event)

    def _open(self, opened: ConnectionOpened) -> None:
        kept = self._collectors if len(self._collectors) < MAX_SESSIONS else self._waiting
        kept[opened.connection] = Collector(opened, Account(self._budget), opened.time)
        if len(self._waiting) > MAX_WAITING:
            _, oldest = self._waiting.popitem(last=False)
            oldest.account.close()
            self._forgotten += 1

    def _collector(self, event: Event) -> Collector | None:
        """The connection of this event, which is kept from its first message on; None if it was forgotten."""
        waiting = self._waiting.get(event.connection)
        if waiting is None:
            return self._collectors.get(event.connection)
        if isinstance(event, Message) and len(self._collectors) < 2 * MAX_SESSIONS:
            self._collectors[event.connection] = self._waiting.pop(event.connection)
        return waiting

    @property
    def rdp_connections(self) -> int:
        """RDP connections seen, with or without Remote Assistance."""
        return len(self._collectors) + self._left_out

    @property
    def _left_out(self) -> int:
        return len(self._waiting) + self._forgotten

    @property
    def notes(self) -> list[str]:
        """Sentences about the capture as a whole."""
        count = self._left_out
        return [f"{count} more RDP connections, which showed no message, are left out"] if count else []

    def finish(self) -> list[Session]:
        """The sessions, numbered from 1 in the order in which their connections were opened."""
        found = [collector for _, collector in sorted(self._collectors.items()) if collector.is_session()]
        sessions = [collector.session(number, self._given) for number, collector in enumerate(found, start=1)]
        follows = reconnects(sessions)
        for session in sessions:
            session.reconnects = follows.get(session.id)
        return sessions
