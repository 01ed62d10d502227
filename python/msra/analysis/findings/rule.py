"""What a rule is, what it looks at, and how what it hits becomes findings.

    Case (a session) -> Rule.find -> Hit, Hit, ... -> those with the same text are one Finding with several frames

Rules only read. What they show of the wire goes through :func:`quoted`; secrets are never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TypeAlias

from msra.analysis.evidence import Evidence
from msra.analysis.findings.vocabulary import command
from msra.analysis.model import Control, Finding, Severity, Transfer
from msra.events import Fact, Gap, Message
from msra.limits import MAX_FINDING_FRAMES, MAX_FINDINGS, MAX_QUOTED

LOSSES = frozenset({"lost_segment", "cut_packet", "incomplete_pdu", "incomplete_message"})
"""Gaps that may hide whole messages: what seems to be missing may just not be captured (keys of events.GAPS)."""
UNREAD = frozenset({"bad_framing", "bad_pdu", "encrypted", "wrong_mac", "compressed", "left_out", "bad_header"})
"""Gaps that may hide messages, too: the bytes are there."""


@dataclass(frozen=True)
class Case:
    """A session as the rules see it. `controls` and `transfers` are those of the same evidence."""

    evidence: Evidence
    controls: tuple[Control, ...] = ()
    transfers: tuple[Transfer, ...] = ()

    @cached_property
    def version(self) -> int | None:
        """The protocol version in use, None if unknown."""
        return self.evidence.version

    @cached_property
    def _by_type(self) -> Mapping[str, list[Message]]:
        found: dict[str, list[Message]] = {}
        for message in self.evidence.messages:
            found.setdefault(message.type, []).append(message)
        return found

    @cached_property
    def noted(self) -> list[Message]:
        """The messages whose form is odd."""
        return [message for message in self.evidence.messages if message.notes]

    def messages(self, *types: str) -> list[Message]:
        """The messages of these types in the order of their frames."""
        if len(types) == 1:
            return self._by_type.get(types[0], [])
        return sorted((m for kind in types for m in self._by_type.get(kind, ())), key=lambda message: message.frame)

    def commands(self, *names: str) -> list[Message]:
        """The RCCOMMANDs of these names ([MS-RA] 2.2.2)."""
        return [message for message in self.messages("RCCOMMAND") if command(message) in names]

    def facts(self, name: str) -> list[Fact]:
        """All facts of this name in the order of their frames."""
        return [fact for fact in self.evidence.story if fact.name == name]

    def gaps(self, *kinds: str) -> list[Gap]:
        """The gaps of these kinds."""
        return [gap for gap in self.evidence.gaps if gap.kind in kinds]

    @cached_property
    def starts(self) -> bool:
        """Whether the capture shows the beginning of the connection: then what is not there was not sent."""
        return any(name in self.evidence.facts for name in ("connection_request", "client_channels"))

    @cached_property
    def _first_gap(self) -> int | None:
        hiding = [gap.frame for gap in self.evidence.gaps if gap.kind in LOSSES | UNREAD]
        return min(hiding, default=None)

    def complete_until(self, frame: int) -> bool:
        """Whether everything up to this frame could be read."""
        return self.starts and (self._first_gap is None or self._first_gap > frame)


@dataclass(frozen=True)
class Hit:
    """What a rule found: one frame or more, and the values for its text."""

    frames: tuple[int, ...]
    values: Mapping[str, object] = field(default_factory=dict)


Finder: TypeAlias = Callable[[Case], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the catalogue. `about` says in one line when it fires; `text` may use the values of the hits.

    `section` is "" for remarks on the capture itself, which no specification makes.
    """

    id: str
    severity: Severity
    section: str
    about: str
    text: str
    find: Finder = field(compare=False, repr=False)


def hit(event: Message | Fact | Gap, **values: object) -> Hit:
    """A hit on one event."""
    return Hit((event.frame,), values)


def hits(events: Iterable[Message | Fact | Gap], **values: object) -> Iterator[Hit]:
    """One hit on all these events together, or none if there are none."""
    frames = tuple(event.frame for event in events)
    if frames:
        yield Hit(frames, values)


def apply(rule: Rule, case: Case) -> list[Finding]:
    """The findings of one rule: hits with the same text are one finding; more than MAX_FINDINGS texts share one."""
    causes: dict[str, list[int]] = {}
    others: list[int] = []
    for found in rule.find(case):
        text = _harmless(rule.text.format(**found.values))
        frames = causes.setdefault(text, []) if text in causes or len(causes) < MAX_FINDINGS else others
        frames.extend(found.frames)
    rows = [*causes.items(), *([("More of the same kind: " + rule.about, others)] if others else [])]
    return [_finding(rule, text, frames) for text, frames in rows]


def _finding(rule: Rule, text: str, frames: Iterable[int]) -> Finding:
    distinct = sorted(set(frames))
    more = f" {len(distinct)} frames in all." if len(distinct) > MAX_FINDING_FRAMES else ""
    section = f" ({rule.section})" if rule.section else ""
    return Finding(rule.id, rule.severity, text + more + section, tuple(distinct[:MAX_FINDING_FRAMES]))


def quoted(value: object) -> str:
    """What a peer sent, in quotes, short, and without anything that acts on a terminal."""
    text = str(value)
    shown = text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 3] + "..."
    return f'"{_harmless(shown)}"'


def _harmless(text: str) -> str:
    """The same, with everything that could act on a terminal written as an escape."""
    if text.isprintable():  # nearly always
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def listed(names: Iterable[str], most: int = 5) -> str:
    """Distinct names as people write them: "A, B and C"; "A, B and others" if there are more than `most`."""
    distinct = list(islice(dict.fromkeys(names), most + 1))
    if len(distinct) > most:
        distinct[most:] = ["others"]
    return " and ".join(filter(None, (", ".join(distinct[:-1]), *distinct[-1:])))
