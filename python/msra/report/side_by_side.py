"""One session that several captures show, as two columns of frames: what both show, and what only one of them does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from msra.analysis.differences import Difference, Why
from msra.analysis.model import Report, SessionPlace
from msra.events import Message

_WHY: Mapping[Why, str] = {
    "unseen": "never seen in the other capture",
    "unreadable": "in bytes that are lost or not readable in the other capture",
    "uncovered": "outside the time of the other capture",
}


def rows(report: Report, printable: Callable[[str], str]) -> Iterator[str]:
    """The lines for all sessions that were recognised as the same."""
    for same in report.same:
        yield "The same session, captured in several places:"
        for difference in same.differences:
            yield from _difference(difference, report, printable)
        yield ""


def _difference(difference: Difference, report: Report, printable: Callable[[str], str]) -> Iterator[str]:
    def name(place: SessionPlace) -> str:
        return f"{printable(report.captures[place.capture].path)}, session {place.session}"

    yield f"  A  {name(difference.first)}"
    yield f"  B  {name(difference.second)}{_clock(difference)}"
    yield f"  {'Frame A':>10} {'Frame B':>7}  {'From':<6}  Message"
    for message, frames, remark in sorted(_lines(difference), key=lambda line: line[0].time):
        yield f"  {frames[0]:>10} {frames[1]:>7}  {message.sender:<6}  {printable(message.type)}{remark}"


def _lines(difference: Difference) -> Iterator[tuple[Message, tuple[object, object], str]]:
    """The message, its frames in A and B, and a remark; times of B are put on A's clock."""
    for mine, theirs in difference.matched:
        yield mine, (mine.frame, theirs.frame), ""
    for one in difference.one_sided:
        in_first = one.place == difference.first
        message = one.message if in_first else _shifted(one.message, difference.later(one.message.sender))
        yield message, (one.message.frame, "-") if in_first else ("-", one.message.frame), f"  ({_WHY[one.why]})"


def _shifted(message: Message, later: int) -> Message:
    return replace(message, time=message.time - later)


def _clock(difference: Difference) -> str:
    if difference.offset is None:
        return ""
    ahead = difference.offset / 1e9
    return f" (its clock is {abs(ahead):.3f} s {'ahead' if ahead >= 0 else 'behind'})"
