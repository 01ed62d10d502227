"""The text report as a whole: that hostile text cannot act on the terminal, and that Rich is loaded for text only."""

from __future__ import annotations

import subprocess
import sys

import pytest

from msra.analysis.model import Report
from msra.report.screen import Screen
from msra.report.text import Detail, to_text
from tests.report.builders import HOSTILE, report

DETAILS: tuple[Detail, ...] = ("summary", "quiet", "normal", "verbose")


@pytest.mark.parametrize("detail", DETAILS)
def test_nothing_from_the_network_reaches_the_terminal_raw(detail: Detail) -> None:
    text = to_text(report(), detail=detail)
    for character in HOSTILE:
        assert character in "red gnp.exe<b>&[31m" or character not in text
    assert (r"\x1b[31mred\x07 \u202egnp.exe\u2028<b>&\x00" in text) == (detail in ("normal", "verbose"))


@pytest.mark.parametrize("detail", DETAILS)
def test_colours_change_nothing_else(detail: Detail) -> None:
    """Not even with text that looks like the markup of Rich."""
    made = report()
    made.captures[0].notes = ["[bold red]no[/] markup [link=http://x]y[/link] :warning:"]
    coloured = to_text(made, detail=detail, screen=Screen(colours="standard"))
    assert "\x1b[" in coloured
    assert _without_colours(coloured) == to_text(made, detail=detail)


def _without_colours(text: str) -> str:
    first, *rest = text.split("\x1b[")
    return first + "".join(part.partition("m")[2] for part in rest)


@pytest.mark.parametrize("width", [1, 40, 80, 120, 500])
def test_pages_are_neither_too_narrow_nor_too_wide(width: int) -> None:
    longest = max(map(len, to_text(report(), screen=Screen(width)).splitlines()))
    assert longest <= max(40, min(width, 120)) + (width < 80) * 60, "headings are not wrapped"
    assert longest >= min(width, 120)


def test_an_empty_report() -> None:
    assert to_text(Report()) == ""


def test_rich_is_loaded_for_text_only() -> None:
    """It takes time, and other formats need none of it."""
    script = "import msra.cli, msra.report.text, sys; print('rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"
