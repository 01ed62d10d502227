"""One line a session."""

from __future__ import annotations

from msra.analysis.model import Attempt, CaptureReport, Report
from msra.report.screen import Screen
from msra.report.text import to_text
from tests.analysis.builders import EXPERT, NOVICE, Story, sessions


def report() -> Report:
    first, second = sessions(Story(1).version2().result(61), Story(2).version2())
    return Report([
        CaptureReport("dir/the first.pcapng", "embedded", sessions=[first, second]),
        CaptureReport("b\x1b.pcap", "embedded", sessions=[Story().version2().result(0x80004005).session()]),
        CaptureReport("c", "embedded", error="bad", attempts=[Attempt(EXPERT, NOVICE, "refused", 5, (1,), "x")]),
    ])  # fmt: skip


TABLE = r"""
Capture               Id  Time                  Outcome     Code                     Expert          Novice
dir/the first.pcapng  1   1970-01-01T00:00:01Z  failed      61 PASSWORDS_DONT_MATCH  10.0.0.1:50000  10.0.0.2:49230
dir/the first.pcapng  2   1970-01-01T00:00:01Z  incomplete  -                        10.0.0.1:50000  10.0.0.2:49230
b\x1b.pcap            1   1970-01-01T00:00:01Z  failed      0x80004005 E_FAIL        10.0.0.1:50000  10.0.0.2:49230

3 sessions in 3 captures: 2 failed, 1 incomplete; 1 failed connect; 1 capture could not be read
"""[1:]


def test_columns_and_a_sum() -> None:
    assert to_text(report(), detail="summary") == TABLE


def test_a_terminal_gets_the_ends_of_paths() -> None:
    lines = to_text(report(), detail="summary", screen=Screen(width=114, terminal=True)).splitlines()
    assert max(map(len, lines[:4])) == 114
    assert lines[1].startswith("…") and lines[1].split("  ")[0].endswith("first.pcapng")
    assert "  61 PASSWORDS_DONT_MATCH  " in lines[1]


def test_colours_by_outcome() -> None:
    assert "\x1b[1;31mfailed\x1b[0m" in to_text(report(), detail="summary", screen=Screen(colours="standard"))


def test_no_sessions_at_all() -> None:
    assert to_text(Report(), detail="summary") == "0 sessions in 0 captures\n"
