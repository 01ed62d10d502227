"""The report as one HTML page that needs nothing else: no network, no other file."""

from __future__ import annotations

from msra.analysis.model import Report


def to_html(report: Report, show_secrets: bool = False) -> str:
    """The whole report. Secrets are masked unless `show_secrets`."""
    from msra.report.html.page import page  # Jinja2 is loaded only for who wants HTML

    return page(report, show_secrets)
