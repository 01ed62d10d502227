"""What a stream can show: pipes are always the same, and the environment is respected."""

from __future__ import annotations

from io import BytesIO, StringIO, TextIOWrapper

import pytest

from msra.report.screen import PLAIN, Screen, screen_of


class Terminal(StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


XTERM = {"TERM": "xterm-256color", "COLUMNS": "133"}


def test_a_pipe() -> None:
    pipe = TextIOWrapper(BytesIO(), "utf-8")
    assert screen_of(pipe, {}) == screen_of(pipe, XTERM) == PLAIN == Screen(100, None, True, False)
    assert screen_of(TextIOWrapper(BytesIO(), "cp1252"), {}).unicode is False
    assert screen_of(pipe, {**XTERM, "FORCE_COLOR": "1"}) == Screen(100, "256", True, False)


def test_a_terminal() -> None:
    assert screen_of(Terminal(), XTERM) == Screen(133, "256", True, True)
    assert screen_of(Terminal(), {**XTERM, "COLORTERM": "truecolor"}).colours == "truecolor"


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_no_colours(environment: dict[str, str]) -> None:
    assert screen_of(Terminal(), {**XTERM, **environment}).colours is None


def test_what_stands_for_more() -> None:
    assert (PLAIN.more, Screen(unicode=False).more) == ("…", "...")
