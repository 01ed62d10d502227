"""The report as CSV (RFC 4180) for spreadsheets: one line an event, be it a message, a moment or a gap.

Cells cannot act in a spreadsheet: what would be taken for a formula gets an apostrophe in front, which makes it text,
and control characters are written as escapes.
"""

from __future__ import annotations

import csv
from io import StringIO

from msra.analysis.as_dict import rfc3339
from msra.analysis.model import Report
from msra.report.table import COLUMNS, rows

_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""How formulas begin, in full width, too."""
_LONGEST = 32_000
"""Characters; spreadsheets take 32,767 in a cell and spill the others."""


def to_csv(report: Report, show_secrets: bool = False) -> str:
    """One line an event, in the order of their frames, below a line with the names of the columns."""
    written = StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for row in rows(report, show_secrets):
        writer.writerow(map(_cell, row._replace(time=rfc3339(row.time))))  # type: ignore[arg-type]  # as text here
    return written.getvalue()


def _cell(value: object) -> object:
    """A cell that is what it looks like."""
    if not isinstance(value, str):
        return value
    text = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text
