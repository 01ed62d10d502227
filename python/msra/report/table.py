"""The report as a table: one row an event, be it a message, a moment or a gap.

Spreadsheets and data frames are made of it. All texts are printable; None is what an event does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from msra import codes
from msra.analysis.model import Moment, Report, Session
from msra.events import GAPS
from msra.report.printable import printable
from msra.report.story import Step, in_order, steps


class Row(NamedTuple):
    """One event; `time` is nanoseconds since 1970, UTC. The names of the columns are COLUMNS."""

    capture: str
    session: int
    frame: int
    time: int
    sender: str | None
    channel: str | None
    kind: str
    type: str
    result: int | None
    result_name: str | None
    detail: str | None
    notes: str | None


_Head: TypeAlias = "tuple[str, int, int, int, str | None]"
"""The first values of a row."""

COLUMNS = tuple("from" if name == "sender" else name for name in Row._fields)


def rows(report: Report, show_secrets: bool = False) -> Iterator[Row]:
    """In the order of captures, sessions and frames."""
    for capture in report.captures:
        path = printable(capture.path)
        for session in capture.sessions:
            yield from sorted(_events(path, session, show_secrets), key=lambda row: row.frame)


def _events(path: str, session: Session, show_secrets: bool) -> Iterator[Row]:
    for event, step in zip(in_order(session), steps(session, show_secrets), strict=True):
        head = (path, session.id, event.frame, event.time, event.sender)
        if isinstance(event, Moment):
            yield Row(*head, None, "moment", event.id, None, None, step.name, None)
        else:
            yield _message(head, step)
    for gap in session.gaps:
        detail = f"{GAPS[gap.kind]} ({gap.size} bytes)"
        head = (path, session.id, gap.frame, gap.time, gap.sender)
        yield Row(*head, None, "gap", gap.kind, None, None, detail, None)


def _message(head: _Head, step: Step) -> Row:
    name = None if step.result is None else codes.lookup(step.result).name
    values = [f"{name}={value}" for name, value in step.values]
    detail = ", ".join([step.argument, *values] if step.argument and step.result is None else values)
    notes = "; ".join(step.notes)
    return Row(*head, step.channel, "message", step.name, step.result, name, detail or None, notes or None)
