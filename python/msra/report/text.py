"""The report as text for people: for terminals with colours, for files and pipes without."""

from __future__ import annotations

from dataclasses import replace

from msra.analysis.model import Report
from msra.report.printable import printable
from msra.report.screen import PLAIN, Detail, Screen

__all__ = ["Detail", "printable", "to_text"]

_NARROWEST, _WIDEST = 40, 120
"""Columns: a ladder needs some room, and lines that are too long are hard to read."""


def to_text(report: Report, show_secrets: bool = False, detail: Detail = "normal", screen: Screen = PLAIN) -> str:
    """The whole report."""
    from msra.report.lines import rendered  # with Rich, which takes time to load: only text needs it

    if detail == "summary":
        from msra.report.summary import summary

        return rendered(summary(report, screen), screen)
    from msra.report.terminal import pages

    page = replace(screen, width=min(max(screen.width, _NARROWEST), _WIDEST))
    return rendered(pages(report, show_secrets, detail, page), screen)
