"""What a notebook shows of a report, a session or a message: HTML, and plain text beside it. Secrets are masked."""

from __future__ import annotations

from dataclasses import replace

from msra.analysis.model import CaptureReport, Report, Session
from msra.events import Message
from msra.report.html import words
from msra.report.screen import PLAIN
from msra.report.story import step
from msra.report.text import to_text

MOST_SESSIONS = 100
"""Sessions of a report that a notebook shows; all of them are in the HTML report."""


def html(shown: object) -> str:
    """A fragment that needs nothing else, and does nothing to the page around it."""
    from msra.report.html import fragment  # Jinja2 is loaded only for who wants HTML

    if isinstance(shown, Message):
        return fragment.message(shown)
    if isinstance(shown, Session):
        return fragment.framed(_alone(shown), _line(shown), overview=False)
    report = _few(_report(shown))
    sessions = [session for capture in report.captures for session in capture.sessions]
    return fragment.framed(report, to_text(report, detail="summary") if len(sessions) != 1 else _line(sessions[0]))


def text(shown: object) -> str:
    """A few lines."""
    if isinstance(shown, Message):
        told = step(shown)
        values = f" ({told.open_values})" if told.open_values else ""
        return f"{told.frame} {told.sender}: {told.label}{values}"
    if isinstance(shown, Session):
        from msra.report.lines import rendered
        from msra.report.terminal import session_block

        return rendered(session_block(shown, False, "quiet", PLAIN), PLAIN).rstrip()
    return to_text(_report(shown), detail="quiet").rstrip()


def _report(shown: object) -> Report:
    if isinstance(shown, CaptureReport):
        return Report([shown])
    assert isinstance(shown, Report)  # noqa: S101 - for mypy: nothing else shows itself
    return shown


def _alone(session: Session) -> Report:
    return Report([CaptureReport(path="", engine="", sessions=[session])])


def _line(session: Session) -> str:
    return f"Session {session.id}: {session.verdict.outcome.value}. {words.shown(session.verdict.summary)}"


def _few(report: Report) -> Report:
    """The report, or its first sessions and a note that there are more."""
    left, captures = MOST_SESSIONS, []
    for capture in report.captures:
        more = max(0, len(capture.sessions) - left)
        if more:
            note = (
                f"{words.count(more, 'more session')}: a notebook shows {MOST_SESSIONS}, msra.report.html.to_html all"
            )
            capture = replace(capture, sessions=capture.sessions[:left], notes=[*capture.notes, note])
        left -= len(capture.sessions)
        captures.append(capture)
    same = report.same if captures == report.captures else []
    return Report(captures, same)
