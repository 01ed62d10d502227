"""The overview: how many sessions ended how, with which code, and what there is to say about the captures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from msra import codes
from msra.analysis.model import Attempt, Outcome, Report
from msra.report.html.listing import Listed
from msra.report.html.words import OUTCOMES, endpoint, frames, shown

MOST_ATTEMPTS = 200
"""Failed connects that the page lists; somebody who scans ports makes thousands."""


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a chart: `start` and `width` are per cent of it."""

    name: str
    outcome: Outcome
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know about a capture."""

    severity: str
    head: str
    text: str


@dataclass(frozen=True, slots=True)
class FailedConnect:
    """A connect that led to nothing, in words."""

    capture: str
    expert: str
    novice: str
    text: str
    frames: str


def outcomes(sessions: list[Listed]) -> list[Share]:
    """The parts of the bar that is all sessions."""
    counts = Counter(listed.session.verdict.outcome for listed in sessions)
    shares, start = [], 0.0
    for outcome, word in OUTCOMES.items():
        width = 100 * counts[outcome] / max(len(sessions), 1)
        shares.append(Share(word, outcome, counts[outcome], round(start, 3), round(width, 3)))
        start += width
    return shares


def results(sessions: list[Listed]) -> list[Share]:
    """One bar for each result code, the commonest first; sessions without a code come by their outcomes."""
    counts = Counter((listed.session.verdict.result, listed.session.verdict.outcome) for listed in sessions)
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0][0] is None, one[0][0] or 0, one[0][1].value))
    longest = max(counts.values(), default=1)
    return [
        Share(_result(result, outcome), outcome, count, 0, round(100 * count / longest, 3))
        for (result, outcome), count in ordered
    ]


def _result(result: int | None, outcome: Outcome) -> str:
    if result is None:
        return f"no code: {outcome.value}"
    code = codes.lookup(result)
    return f"{code.number} {code.name}"


def remarks(report: Report, names: list[str]) -> list[Remark]:
    """The errors of all captures, then the notes."""
    errors = [
        Remark("error", "Error", f"{shown(capture.path)}: {shown(capture.error)}")
        for capture in report.captures
        if capture.error
    ]
    return errors + [
        Remark("info", "Note", shown(note) if len(names) == 1 else f"{name}: {shown(note)}")
        for capture, name in zip(report.captures, names, strict=True)
        for note in capture.notes
    ]


def attempts(report: Report, names: list[str]) -> list[FailedConnect]:
    """The failed connects of all captures."""
    return [
        _attempt(attempt, name)
        for capture, name in zip(report.captures, names, strict=True)
        for attempt in capture.attempts
    ]


def _attempt(attempt: Attempt, name: str) -> FailedConnect:
    ends = endpoint(attempt.expert), endpoint(attempt.novice)
    return FailedConnect(name, *ends, shown(attempt.text), frames(attempt.frames))
