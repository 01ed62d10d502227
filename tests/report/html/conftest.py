"""One browser for all tests of pages, and pages made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from msra.analysis.model import Report
from msra.report.html import to_html
from tests.report.html.browser import Browser, browser


@pytest.fixture(scope="session")
def window() -> Iterator[Browser]:
    with browser() as window:
        yield window


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Report], Path]:
    """Write a report as HTML, as the command does; a name stands for one report."""
    folder = tmp_path_factory.mktemp("pages")

    def write(name: str, report: Report) -> Path:
        path = folder / f"{name}.html"
        if not path.exists():
            path.write_bytes(to_html(report).encode("utf-8", "backslashreplace"))
        return path

    return write
