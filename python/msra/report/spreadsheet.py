"""The report as CSV (RFC 4180) for spreadsheets: one line an event, be it a message, a moment or a gap.

Cells cannot act in a spreadsheet: what would be taken for a formula gets an apostrophe in front, which makes it text,
and control characters are written as escapes.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from msra import codes
from msra.analysis.as_dict import rfc3339
from msra.analysis.model import Moment, Report, Session
from msra.events import GAPS
from msra.report.printable import printable
from msra.report.story import Step, in_order, steps

COLUMNS = (
    "capture", "session", "frame", "time", "from", "channel", "kind", "type", "result", "result_name", "detail", "notes"
)  # fmt: skip
_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""How formulas begin, in full width, too."""
_LONGEST = 32_000
"""Characters; spreadsheets take 32,767 in a cell and spill the others."""


def to_csv(report: Report, show_secrets: bool = False) -> str:
    """One line an event, in the order of their frames, below a line with the names of the columns."""
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for capture in report.captures:
        for session in capture.sessions:
            for _, cells in sorted(_events(session, show_secrets), key=lambda line: line[0]):
                writer.writerow(map(_cell, (capture.path, session.id, *cells)))
    return written.getvalue()


def _events(session: Session, show_secrets: bool) -> Iterator[tuple[int, tuple[object, ...]]]:
    """The frame of each event, and its cells behind the first two."""
    for event, step in zip(in_order(session), steps(session, show_secrets), strict=True):
        head = (event.frame, rfc3339(event.time), event.sender or "")
        if isinstance(event, Moment):
            yield event.frame, (*head, "", "moment", event.id, "", "", step.name, "")
        else:
            yield event.frame, (*head, *_message(step))
    for gap in session.gaps:
        detail = f"{GAPS[gap.kind]} ({gap.size} bytes)"
        yield gap.frame, (gap.frame, rfc3339(gap.time), gap.sender, "", "gap", gap.kind, "", "", detail, "")


def _message(step: Step) -> tuple[object, ...]:
    result = ("", "") if step.result is None else (step.result, codes.lookup(step.result).name)
    values = [f"{name}={value}" for name, value in step.values]
    detail = ", ".join([step.argument, *values] if step.argument and step.result is None else values)
    return (step.channel, "message", step.name, *result, detail, "; ".join(step.notes))


def _cell(value: object) -> object:
    """A cell that is what it looks like."""
    if not isinstance(value, str):
        return value
    text = printable(value)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
