"""What the command says on standard error, and its exit status."""

from __future__ import annotations

import pytest

from msra.analysis.model import Outcome
from msra.console import complain, status, warn_of
from tests.analysis.builders import Story


def test_complaints_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    complain("a\x1b[2Jb")
    assert capsys.readouterr().err == "analyze-pcap: a\\x1b[2Jb\n"


@pytest.mark.parametrize(
    ("unread", "outcomes", "fail_on", "expected"),
    [
        (False, set(), "failure", 0),
        (False, {Outcome.FAILED}, "never", 0),
        (False, {Outcome.FAILED, Outcome.ESTABLISHED}, "failure", 1),
        (False, {Outcome.REFUSED}, "failure", 1),
        (False, {Outcome.INCOMPLETE}, "failure", 0),
        (True, {Outcome.FAILED}, "failure", 3),
    ],
)
def test_the_exit_status(unread: bool, outcomes: set[Outcome], fail_on: str, expected: int) -> None:
    assert status(unread, outcomes, fail_on) == expected


def test_sessions_without_events_are_named_where_lines_are_events(capsys: pytest.CaptureFixture[str]) -> None:
    told, silent = Story().result(0).session(), Story().fact("unreadable", reason="it needs keys").session()
    for one in (told, silent):
        for form in ("jsonl", "text"):
            warn_of("a.pcap", one, form)
    assert capsys.readouterr().err.startswith("analyze-pcap: a.pcap: session 1 has no events: ")
