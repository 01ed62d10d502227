"""The sessions of all captures in one list, numbered from 1 through the whole report, as the templates show them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from msra import codes
from msra.analysis.as_dict import rfc3339
from msra.analysis.model import CaptureReport, Report, Session, SessionPlace
from msra.codes import ResultCode
from msra.report.html import words


@dataclass(frozen=True, slots=True)
class Listed:
    """One session: where it is, and the values of its row."""

    number: int
    place: SessionPlace
    session: Session
    path: str
    capture: str
    """A short name of the capture, where that is enough to tell it from the others."""

    @property
    def anchor(self) -> str:
        """The id of its part of the page."""
        return f"s{self.number}"

    @property
    def outcome(self) -> str:
        """The outcome's word."""
        return words.OUTCOMES[self.session.verdict.outcome]

    @property
    def result(self) -> ResultCode | None:
        """The result code that decided."""
        value = self.session.verdict.result
        return None if value is None else codes.lookup(value)

    @property
    def start(self) -> str:
        """Date and time, to the second, UTC."""
        return rfc3339(self.session.start)[:19].replace("T", " ")


def listing(report: Report) -> list[Listed]:
    """All sessions in the order of the report."""
    names = short_names(report.captures)
    places = [
        (at, session, capture) for at, capture in enumerate(report.captures) for session in capture.sessions
    ]  # fmt: skip
    return [
        Listed(number, SessionPlace(at, session.id), session, words.shown(capture.path), names[at])
        for number, (at, session, capture) in enumerate(places, start=1)
    ]


def by_place(sessions: list[Listed]) -> Mapping[SessionPlace, Listed]:
    """The same by their places."""
    return {listed.place: listed for listed in sessions}


def short_names(captures: list[CaptureReport]) -> list[str]:
    """The captures' file names; the whole path where two have the same."""
    last = [re.split(r"[/\\]", capture.path)[-1] or capture.path for capture in captures]
    often = Counter(last)
    return [
        words.shown(name if often[name] == 1 else capture.path) for name, capture in zip(last, captures, strict=True)
    ]
