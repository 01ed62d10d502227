"""Sessions that belong together: reconnects within one capture, and one session that several captures show.

Captures from both sides differ in all that is on the way: NAT changes addresses and ports, clocks are wrong by hours,
one begins later or ends earlier, and the keys may be known for one of them only. What both show the same is evidence:

    TLS client random (RFC 8446 4.1.2)               is enough, even if a firewall rewrites sequence numbers
    initial sequence numbers of both sides           are enough
      (RFC 9293 3.4.1)
    initial sequence number of one side, if not      is enough with the same cookie, client name, user name, session id
      both captures have the other one               of the invitation or server key
    address and port of both ends                    are enough if seen at the same time, with most messages in both
    a message that each capture has only once        is enough if no message is missing, and people made four different
                                                     pauses that are the same

It is not the same session if one of these differs: sequence numbers, client random, cookie, client name, user name,
session id, server key, or the control messages where both captures have all of them from the start. So a retry is not
taken for the attempt before it, though it says the same. What could be two sessions of another capture is neither.
Without its start, behind NAT and with another clock, a session without long pauses is left alone: it may be a retry.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from msra.analysis.differences import Shown, compare, content, shown
from msra.analysis.model import CaptureReport, Session, SessionPlace
from msra.events import Role
from msra.limits import MAX_COMPARED, MAX_OPENING

MIN_PAUSES = 4
"""Different pauses that two captures have to share before what is said proves anything."""

_PAUSE = 2_000_000_000  # ns from which on a pause is a human one; programs answer faster
_SAME_PAUSE = 250_000_000  # ns by which the network may change a pause
_RECENT = 16  # earlier sessions that are looked at, of each kind that a session might follow
_NEAR = 8  # sessions of the same evidence that are compared with each other
_HEARTBEAT = "REMOTEDESKTOP_CTL_ISCONNECTED"

_RANDOM = ("tls_session", "client_random")
_SYN, _SYN_ACK = ("tcp_syn", "sequence_number"), ("tcp_syn_ack", "sequence_number")
_COOKIE, _COMPUTER = ("connection_request", "cookie"), ("client_core", "client_name")
_USER, _INVITATION = ("client_info", "user_name"), ("client_info", "working_dir")
_KEY = ("server_key", "sha256")
_TCP = (_SYN, _SYN_ACK)
_PERSON = (_COOKIE, _COMPUTER, _USER)
_MARKS = (_RANDOM, *_TCP, *_PERSON, _INVITATION, _KEY)
"""Facts, and what of them is the same wherever the session is captured."""

_Marks: TypeAlias = "dict[tuple[str, str], Hashable]"


def _marks(session: Session) -> _Marks:
    """The first value of each mark that the session's timeline shows; an empty one is none."""
    found: _Marks = {}
    for moment in session.timeline:
        for mark in _MARKS:
            if moment.id == mark[0] and moment.data.get(mark[1]):
                found.setdefault(mark, moment.data[mark[1]])
    return found


# -- reconnects ----------------------------------------------------------------------------------------------------


def reconnects(sessions: Sequence[Session]) -> dict[int, int]:
    """For the sessions of one capture: the id of a session, and the latest one before it that it follows.

    It has the same addresses, and the novice's port, the invitation's session id and user name, the cookie or the
    client name are the same. Cookie, client name and user name must not differ, or it is somebody else behind the same
    address. The one before has ended, or was heard of no more until it was reset.
    """
    found: dict[int, int] = {}
    recent: dict[Hashable, deque[tuple[Session, _Marks]]] = {}
    for session in sorted(sessions, key=lambda session: (session.start, session.id)):
        marks = _marks(session)
        traces = list(_traces(session, marks))
        earlier = [one for trace in traces for one in recent.get(trace, ()) if _follows(session, marks, *one)]
        if earlier:
            found[session.id] = max((before.start, before.id) for before, _ in earlier)[1]
        for trace in traces:
            recent.setdefault(trace, deque(maxlen=_RECENT)).append((session, marks))
    return found


def _traces(session: Session, marks: _Marks) -> Iterator[Hashable]:
    """Sessions of one expert and one novice share at least one of these."""
    ends = session.expert.ip, session.novice.ip
    yield (*ends, session.novice.port)
    for together in ((_INVITATION, _USER), (_COOKIE,), (_COMPUTER,)):
        if marks.keys() >= set(together):
            yield (*ends, *((mark, marks[mark]) for mark in together))


def _follows(session: Session, marks: _Marks, before: Session, before_marks: _Marks) -> bool:
    """Without a SYN of its own, what comes from the same port is still the connection before."""
    connects = session.expert.port != before.expert.port or _SYN in marks
    differs = any(mark in marks and marks[mark] != before_marks.get(mark, marks[mark]) for mark in _PERSON)
    return connects and not differs and _over(before) <= session.start


def _over(session: Session) -> int:
    """When the session was over. A reset may come long after the other side has gone: then silence is the end."""
    if not any(moment.id == "tcp_close" and moment.data.get("how") == "rst" for moment in session.timeline):
        return session.end
    heard = [moment.time for moment in session.timeline if moment.id != "tcp_close"]
    return max([*heard, *(event.time for event in (*session.messages, *session.gaps))], default=session.start)


# -- the same session in several captures --------------------------------------------------------------------------


@dataclass(eq=False)
class _Sighting:
    """A session as one capture shows it. `opening`: the control messages of each side from the start to a gap."""

    shown: Shown
    place: SessionPlace
    session: Session
    marks: _Marks
    opening: dict[Role, list[Hashable]]


def _sighting(one: Shown) -> _Sighting:
    marks = _marks(one.session)
    opening: dict[Role, list[Hashable]] = {}
    if not marks.keys().isdisjoint(_TCP):
        for role in ("expert", "novice"):
            gap = min((gap.frame for gap in one.session.gaps if gap.sender == role), default=None)
            said = [message for message in one.session.messages if message.sender == role]
            whole = [message for message in said if gap is None or message.frame < gap]
            control = [content(message) for message in whole if message.channel == "RC_CTL"]
            opening[role] = control[:MAX_OPENING]
    return _Sighting(one, one.place, one.session, marks, opening)


class _Rule(NamedTuple):
    """A kind of evidence. Sessions that share one of `marks` are compared; if `holds`, they are one and the same.

    `alone`: a mark is none if two sessions of one capture have it. `despite`: what may differ all the same.
    """

    marks: Callable[[_Sighting], Iterator[Hashable]]
    holds: Callable[[_Sighting, _Sighting], bool] = lambda _one, _other: True
    alone: bool = False
    despite: tuple[tuple[str, str], ...] = ()


def _tls(one: _Sighting) -> Iterator[Hashable]:
    if _RANDOM in one.marks:
        yield one.marks[_RANDOM]


def _tcp(one: _Sighting) -> Iterator[Hashable]:
    if one.marks.keys() >= set(_TCP):
        yield one.marks[_SYN], one.marks[_SYN_ACK]


def _half_tcp(one: _Sighting) -> Iterator[Hashable]:
    yield from ((mark, one.marks[mark]) for mark in _TCP if mark in one.marks)


def _support(one: _Sighting, other: _Sighting) -> bool:
    return any(mark not in _TCP and value == other.marks.get(mark) for mark, value in one.marks.items())


def _ends(one: _Sighting) -> Iterator[Hashable]:
    yield one.session.expert, one.session.novice


def _at_once(one: _Sighting, other: _Sighting) -> bool:
    """At the same time, and mostly with the same messages; without any, for most of the shorter one."""
    mine, theirs = one.session, other.session
    common = min(mine.end, theirs.end) - max(mine.start, theirs.start)
    if common < 0 or not (mine.messages and theirs.messages):
        return 2 * common >= min(mine.end - mine.start, theirs.end - theirs.start)
    difference = compare(one.shown, other.shown)
    return len(difference.matched) > len(difference.unseen)


def _words(one: _Sighting) -> Iterator[Hashable]:
    """Messages that are sent once in this session."""
    counted = Counter(content(message) for message in one.session.messages)
    yield from (word for word, count in counted.items() if count == 1)


def _same_rhythm(one: _Sighting, other: _Sighting) -> bool:
    """Everything is said in both captures, and people waited equally long before they said it."""
    difference = compare(one.shown, other.shown)
    talk = [
        (mine.time, theirs.time - difference.later(mine.sender))
        for mine, theirs in difference.matched
        if mine.type != _HEARTBEAT
    ]
    pauses = [(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(talk)]
    human = [pause for pause in pauses if max(pause) >= _PAUSE]
    same = [mine for mine, theirs in human if abs(mine - theirs) <= _SAME_PAUSE]
    different = len(human) - len(same)
    return not difference.unseen and different <= 1 and len({mine // _SAME_PAUSE for mine in same}) >= MIN_PAUSES


_RULES = (
    _Rule(_tls, despite=_TCP),
    _Rule(_tcp),
    _Rule(_half_tcp, _support),
    _Rule(_ends, _at_once),
    _Rule(_words, _same_rhythm, alone=True),
)


@dataclass(eq=False)
class _Group:
    """Sightings of one session, and all that they show of it."""

    members: dict[int, _Sighting]
    """By capture."""
    marks: dict[tuple[str, str], set[Hashable]]
    opening: dict[Role, list[Hashable]]

    @classmethod
    def of(cls, one: _Sighting) -> _Group:
        return cls({one.place.capture: one}, {mark: {value} for mark, value in one.marks.items()}, dict(one.opening))

    def fits(self, other: _Group, despite: Collection[tuple[str, str]]) -> bool:
        """Nothing says that they are different sessions."""
        if not self.members.keys().isdisjoint(other.members):
            return False
        shared = (self.marks.keys() & other.marks.keys()).difference(despite)
        if any(self.marks[mark].isdisjoint(other.marks[mark]) for mark in shared):
            return False
        return all(
            mine == theirs
            for role in self.opening
            for mine, theirs in zip(self.opening[role], other.opening.get(role, ()), strict=False)
        )

    def take(self, other: _Group) -> None:
        """They are the same session."""
        self.members |= other.members
        for mark, values in other.marks.items():
            self.marks.setdefault(mark, set()).update(values)
        for role, said in other.opening.items():
            self.opening[role] = max(self.opening.get(role, []), said, key=len)


def same_sessions(captures: Sequence[CaptureReport]) -> list[tuple[SessionPlace, ...]]:
    """Groups of two sessions or more that are one and the same, each in another capture; in the order of captures."""
    if len(captures) < 2:
        return []
    sightings = [_sighting(one) for index, capture in enumerate(captures) for one in shown(index, capture)]
    groups = {one: _Group.of(one) for one in sightings}
    for rule in _RULES:
        for one, other in _agreed(rule, sightings, groups):
            mine, theirs = groups[one], groups[other]
            if mine is not theirs and mine.fits(theirs, rule.despite):
                smaller, larger = sorted((mine, theirs), key=lambda group: len(group.members))
                larger.take(smaller)
                groups.update(dict.fromkeys(smaller.members.values(), larger))
    found = [tuple(one.place for _, one in sorted(group.members.items())) for group in dict.fromkeys(groups.values())]
    return sorted((group for group in found if len(group) > 1), key=lambda group: (group[0].capture, group[0].session))


def _agreed(
    rule: _Rule, sightings: Sequence[_Sighting], groups: Mapping[_Sighting, _Group]
) -> list[tuple[_Sighting, _Sighting]]:
    """The pairs for which the rule holds, if neither of them has another partner in the other's capture."""
    pairs = [
        (one, other)
        for one, other in _pairs(rule, sightings)
        if groups[one] is not groups[other] and groups[one].fits(groups[other], rule.despite) and rule.holds(one, other)
    ]
    partners = Counter(key for one, other in pairs for key in ((one, other.place.capture), (other, one.place.capture)))
    return [(a, b) for a, b in pairs if partners[a, b.place.capture] == partners[b, a.place.capture] == 1]


def _pairs(rule: _Rule, sightings: Sequence[_Sighting]) -> Iterator[tuple[_Sighting, _Sighting]]:
    """Sightings to compare: those that share a mark, and are near in time if many do; the rarest marks first."""
    alike: dict[Hashable, list[_Sighting]] = {}
    for one in sightings:
        for mark in rule.marks(one):
            alike.setdefault(mark, []).append(one)
    tried: set[tuple[_Sighting, _Sighting]] = set()
    tries = Counter[_Sighting]()
    for found in sorted(alike.values(), key=len):
        if rule.alone and len({one.place.capture for one in found}) < len(found):
            continue
        found.sort(key=lambda one: one.session.start)
        for at, one in enumerate(found):
            for other in reversed(found[max(0, at - _NEAR) : at]):
                if (other, one) not in tried and max(tries[one], tries[other]) < MAX_COMPARED:
                    tried.add((other, one))
                    tries.update((one, other))
                    yield other, one
