"""One session that several captures show, side by side: what both show, and what only one of them does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from msra.analysis.differences import Difference, Why
from msra.analysis.model import Report, SessionPlace
from msra.report.html.listing import Listed
from msra.report.html.words import shown

_WHY: Mapping[Why, str] = {
    "unseen": "never seen in the other capture",
    "unreadable": "in bytes that are lost or not readable in the other capture",
    "uncovered": "outside the time of the other capture",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One message: its frames in both captures (None where it is not), and a remark."""

    first: int | None
    second: int | None
    sender: str
    type: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two captures of one session."""

    first: Listed
    second: Listed
    clock: str
    lines: tuple[Line, ...]


def comparisons(report: Report, sessions: Mapping[SessionPlace, Listed]) -> list[Comparison]:
    """All pairs of captures that show the same session."""
    return [
        Comparison(sessions[pair.first], sessions[pair.second], _clock(pair), _lines(pair))
        for same in report.same
        for pair in same.differences
    ]


def _lines(pair: Difference) -> tuple[Line, ...]:
    """In the order of the first capture's clock."""
    return tuple(line for _time, line in sorted(_timed(pair), key=lambda timed: timed[0]))


def _timed(pair: Difference) -> Iterator[tuple[int, Line]]:
    for mine, theirs in pair.matched:
        yield mine.time, Line(mine.frame, theirs.frame, mine.sender, shown(mine.type))
    for one in pair.one_sided:
        message, why = one.message, _WHY[one.why]
        if one.place == pair.first:
            yield message.time, Line(message.frame, None, message.sender, shown(message.type), why)
        else:
            at = message.time - pair.later(message.sender)
            yield at, Line(None, message.frame, message.sender, shown(message.type), why)


def _clock(pair: Difference) -> str:
    if pair.offset is None:
        return ""
    ahead = pair.offset / 1e9
    return f"The clock of B is {abs(ahead):.3f} s {'ahead of' if ahead >= 0 else 'behind'} that of A."
