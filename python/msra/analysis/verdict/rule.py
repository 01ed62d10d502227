"""What a rule of the verdict is, and what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from msra.analysis.ending import Ending, ending
from msra.analysis.evidence import Evidence
from msra.analysis.model import Check, Handshake, Outcome, Verdict
from msra.analysis.verdict.deciding import deciding_result
from msra.codes import ResultCode, lookup
from msra.events import Message


@dataclass(frozen=True)
class View:
    """A session as the rules see it. `start`: when the connection was opened, in nanoseconds."""

    evidence: Evidence
    start: int
    handshake: Handshake
    checks: Sequence[Check] = ()

    @cached_property
    def decided(self) -> Message | None:
        """The RESULT that decided, or None."""
        return deciding_result(self.evidence)

    @cached_property
    def code(self) -> ResultCode | None:
        """Its code."""
        return None if self.decided is None else lookup(int(self.decided.fields["result"]))

    @cached_property
    def ending(self) -> Ending:
        """Who ended the connection first, and how."""
        return ending(self.evidence)

    def since_start(self, time: int) -> str:
        """How long after its start something happened, in words."""
        since = "the expert connected" if "connection_request" in self.evidence.facts else "the capture of it begins"
        return f"{seconds(time - self.start)} after {since}"


@dataclass(frozen=True)
class Reason:
    """Why a rule applies: the deciding frame, values for its texts, and sentences that only this case has.

    `causes` come before the rule's own, `next_steps` after them.
    """

    frame: int | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()


Finder: TypeAlias = Callable[[View], Reason | None]


@dataclass(frozen=True, slots=True)
class VerdictRule:
    """One row of the table: the outcome and the texts if `find` says that it applies.

    `summary` may use the values of the reason.
    """

    id: str
    outcome: Outcome
    summary: str
    find: Finder = field(compare=False, repr=False)
    causes: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()

    def apply(self, view: View) -> Verdict | None:
        """The verdict, or None."""
        reason = self.find(view)
        if reason is None:
            return None
        return Verdict(
            outcome=self.outcome,
            result=view.code.value if view.code else None,
            summary=self.summary.format(**reason.values),
            rule=self.id,
            frame=reason.frame,
            causes=reason.causes + self.causes,
            next_steps=self.next_steps + reason.next_steps,
        )


def seconds(nanoseconds: int) -> str:
    """A duration as people say it: 1.6 s, 3 min 20 s, 2 h 5 min."""
    tenths = (max(0, nanoseconds) + 50_000_000) // 100_000_000
    if tenths < 600:
        return f"{tenths // 10}.{tenths % 10} s"
    minutes, rest = divmod(tenths // 10, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
