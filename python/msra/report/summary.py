"""One line a session, in columns: what became of a night of captures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

from msra.analysis.as_dict import rfc3339
from msra.analysis.model import CaptureReport, Outcome, Report, Session
from msra.report.facts import count, endpoint, result
from msra.report.lines import OUTCOMES, cut
from msra.report.printable import printable
from msra.report.screen import Screen

_COLUMNS = ("Capture", "Id", "Time", "Outcome", "Code", "Expert", "Novice")
_NARROWEST = 16
"""Columns that a path keeps, however narrow the terminal is."""


def summary(report: Report, screen: Screen) -> Iterator[Text]:
    """The table, and its sum. A terminal gets paths without their beginnings where it has no room for them."""
    found = [(capture, session) for capture in report.captures for session in capture.sessions]
    rows = [_cells(capture, session) for capture, session in found]
    if rows:
        widths = [max(map(cell_len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
        if screen.terminal:
            widths[0] = min(widths[0], max(screen.width - sum(widths[1:]) - 2 * len(widths[1:]), _NARROWEST))
        yield _line(_COLUMNS, widths, ["bold"] * len(_COLUMNS), screen)
        for row, (_, session) in zip(rows, found, strict=True):
            style = OUTCOMES[session.verdict.outcome]
            yield _line(row, widths, ["", "", "dim", style, style, "", ""], screen)
        yield Text()
    yield Text(_sum(report, Counter(session.verdict.outcome for _, session in found)))


def _cells(capture: CaptureReport, session: Session) -> tuple[str, ...]:
    return (
        printable(capture.path),
        str(session.id),
        f"{rfc3339(session.start)[:19]}Z",
        session.verdict.outcome.value,
        result(session) or "-",
        endpoint(session.expert),
        endpoint(session.novice),
    )


def _line(cells: Sequence[str], widths: Sequence[int], styles: Sequence[str], screen: Screen) -> Text:
    line = Text()
    for cell, width, style in zip(cells, widths, styles, strict=True):
        shown = cell if cell_len(cell) <= width else cut(cell[::-1], width, screen.more[::-1])[::-1]
        line.append(shown, style)
        line.append(" " * (width - cell_len(shown) + 2))
    return line


def _sum(report: Report, outcomes: Counter[Outcome]) -> str:
    """How many there are of each, and what the table does not show."""
    parts = [f"{outcomes[outcome]} {outcome.value}" for outcome in Outcome if outcomes[outcome]]
    shown = f"{count(outcomes.total(), 'session')} in {count(len(report.captures), 'capture')}"
    connects = sum(len(capture.attempts) for capture in report.captures)
    unread = sum(capture.error is not None for capture in report.captures)
    more = [count(connects, "failed connect")] * (connects > 0)
    more += [f"{count(unread, 'capture')} could not be read"] * (unread > 0)
    return "; ".join([shown + (f": {', '.join(parts)}" if parts else ""), *more])
