"""What differs between two captures of the same session: the clocks, and what one of them shows and the other does not.

    first    expert >---- m1 ---- m2 ---- m3 ----        matched: m1, m2 (by content, repeated ones by time)
    second   expert >---- m1' --- m2' -----------        m3: unseen, unreadable or uncovered

A message has two times. The difference is the offset of the clocks, plus the time on the way from the first place to
the second for what the expert sends, minus it for what the novice sends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median_high, median_low
from typing import Literal, TypeAlias

from msra.analysis.model import CaptureReport, Moment, Session, SessionPlace
from msra.events import Message, Role

Why: TypeAlias = Literal["unseen", "unreadable", "uncovered"]
"""A message is not in the other capture: it was not there to be seen; it is in bytes that the other could not read, or
lost; or the other had not begun by then, or may have ended."""

_SLACK = 10_000_000_000  # ns by which the times of a repeated message may differ; heart-beats come every 30 seconds
_LAST = 1 << 62  # a frame behind all others
_ROLES: tuple[Role, Role] = ("expert", "novice")

_Event: TypeAlias = "Message | Moment"
_Pair: TypeAlias = "tuple[_Event, _Event]"


@dataclass(frozen=True, slots=True)
class OneSided:
    """A message that only the capture of `place` shows."""

    place: SessionPlace
    message: Message
    why: Why


@dataclass(frozen=True, slots=True)
class Difference:
    """Two captures of one session.

    `offset`: ns by which the second clock is ahead; `delay`: ns from the first place to the second on the way to the
    novice, negative if the first one is the closer to it. None if nothing tells. `matched`: the messages that both
    show. All in the order of their frames.
    """

    first: SessionPlace
    second: SessionPlace
    offset: int | None
    delay: int | None
    matched: tuple[tuple[Message, Message], ...]
    one_sided: tuple[OneSided, ...]

    @property
    def unseen(self) -> list[OneSided]:
        """What the other capture should show."""
        return [one for one in self.one_sided if one.why == "unseen"]

    def later(self, sender: Role) -> int:
        """ns by which the second capture's time of a message is ahead of the first one's."""
        delay = self.delay or 0
        return (self.offset or 0) + (delay if sender == "expert" else -delay)


class Shown:
    """A session as one capture shows it."""

    def __init__(self, place: SessionPlace, session: Session, captured: int) -> None:
        """`captured`: the capture goes on until this time at least."""
        self.place = place
        self.session = session
        self._captured = captured

    @cached_property
    def until(self) -> float:
        """From then on the capture may have ended; a closed connection is seen to its end."""
        closed = any(moment.id == "tcp_close" and moment.sender for moment in self.session.timeline)
        return float("inf") if closed else self._captured

    @cached_property
    def said(self) -> dict[Hashable, list[_Event]]:
        """Messages, and what the transport learned, by content."""
        found: dict[Hashable, list[_Event]] = {}
        events: list[_Event] = [*self.session.messages, *self.session.timeline]
        for event in events:
            found.setdefault(content(event), []).append(event)
        return found


def shown(index: int, capture: CaptureReport, number: int | None = None) -> Iterator[Shown]:
    """The sessions of this capture, which has this index, or the one with this number."""
    captured = max((session.end for session in capture.sessions), default=0)
    for session in capture.sessions:
        if number in (None, session.id):
            yield Shown(SessionPlace(index, session.id), session, captured)


def content(event: _Event) -> Hashable:
    """What is the same wherever it is captured."""
    if isinstance(event, Message):
        return (event.sender, event.channel, event.type, *sorted(event.fields.items()))
    return (Moment, event.sender, event.id, *sorted(event.data.items()))


def differences(captures: Sequence[CaptureReport], group: Sequence[SessionPlace]) -> list[Difference]:
    """The captures of one session (see linking.same_sessions): the first one compared with each of the others."""
    first, *others = (one for at in group for one in shown(at.capture, captures[at.capture], at.session))
    return [compare(first, other) for other in others]


def compare(first: Shown, second: Shown) -> Difference:
    """Two captures that are taken for captures of one session."""
    once = [(mine[0], theirs[0]) for mine, theirs in _alike(first, second) if len(mine) == len(theirs) == 1]
    offset = _clock(once)[0] or 0
    pairs = [pair for mine, theirs in _alike(first, second) for pair in _pair(mine, theirs, offset)]
    pairs.sort(key=lambda pair: pair[0].frame)
    clock, delay = _clock(pairs)
    matched = tuple((one, other) for one, other in pairs if isinstance(one, Message) and isinstance(other, Message))
    one_sided = (
        *_one_sided(first, second, matched, clock),
        *_one_sided(second, first, [(theirs, mine) for mine, theirs in matched], None if clock is None else -clock),
    )
    return Difference(first.place, second.place, clock, delay, matched, one_sided)


def _alike(first: Shown, second: Shown) -> Iterator[tuple[list[_Event], list[_Event]]]:
    for word, mine in first.said.items():
        if word in second.said:
            yield mine, second.said[word]


def _clock(pairs: Iterable[_Pair]) -> tuple[int | None, int | None]:
    """Offset and delay, from the medians of what each side sent: the way there and back cancels out of their mean."""
    ahead: dict[Role | None, list[int]] = {}
    for mine, theirs in pairs:
        ahead.setdefault(mine.sender, []).append(theirs.time - mine.time)
    medians = [(median_low(ahead[role]) + median_high(ahead[role])) // 2 for role in _ROLES if role in ahead]
    if len(medians) < 2:
        return (medians[0] if medians else None), None
    return sum(medians) // 2, (medians[0] - medians[1]) // 2


def _pair(mine: list[_Event], theirs: list[_Event], offset: int) -> Iterator[_Pair]:
    """The same content in both captures: what is repeated is paired in order, with what is closest in time."""
    if len(mine) == len(theirs) == 1:
        yield mine[0], theirs[0]
        return

    def apart(at: int, to: int) -> int:
        return theirs[to].time - mine[at].time - offset

    at = to = 0
    while at < len(mine) and to < len(theirs):
        now = apart(at, to)
        spare = (len(theirs) - to) - (len(mine) - at)
        if now < -_SLACK or (spare > 0 and abs(apart(at, to + 1)) < abs(now)):
            to += 1
        elif now > _SLACK or (spare < 0 and abs(apart(at + 1, to)) < abs(now)):
            at += 1
        else:
            yield mine[at], theirs[to]
            at, to = at + 1, to + 1


def _one_sided(
    one: Shown, other: Shown, matched: Iterable[tuple[Message, Message]], clock: int | None
) -> Iterator[OneSided]:
    """The messages of `one` that are not matched; `clock`: ns by which the clock of `other` is ahead."""
    both = list(matched)
    known = {id(mine) for mine, _ in both}
    for role in _ROLES:
        frames = sorted((mine.frame, theirs.frame) for mine, theirs in both if mine.sender == role)
        gaps = sorted(gap.frame for gap in other.session.gaps if gap.sender == role)
        for message in one.session.messages:
            if message.sender == role and id(message) not in known:
                yield OneSided(one.place, message, _why(message, other, frames, gaps, clock))


def _why(message: Message, other: Shown, frames: list[tuple[int, int]], gaps: list[int], clock: int | None) -> Why:
    """`frames`: of the matched messages of the same sender; `gaps`: of its gaps in `other`; both in order.

    A gap between what was sent before the message and what was sent after it may hide it.
    """
    if clock is None or not other.session.start <= message.time + clock <= other.until:
        return "uncovered"
    before = bisect_left(frames, (message.frame, 0))
    after = bisect_right(frames, (message.frame, _LAST))
    low = frames[before - 1][1] if before else 0
    high = frames[after][1] if after < len(frames) else _LAST
    return "unreadable" if bisect_left(gaps, low) < bisect_right(gaps, high) else "unseen"
