"""All sessions in one list."""

from __future__ import annotations

from msra.analysis.model import CaptureReport, Report, SessionPlace
from msra.report.html.listing import by_place, listing, short_names
from tests.analysis.builders import Story


def test_sessions_are_numbered_through_the_report() -> None:
    made = [
        CaptureReport(path, "embedded", sessions=[Story().result(61).session()]) for path in ("a/x.pcap", "a/y.pcap")
    ]
    sessions = listing(Report(made))
    assert [(one.number, one.anchor, one.place, one.capture) for one in sessions] == [
        (1, "s1", SessionPlace(0, 1), "x.pcap"), (2, "s2", SessionPlace(1, 1), "y.pcap"),
    ]  # fmt: skip
    assert sessions[0].outcome == "Failed" and sessions[0].start == "1970-01-01 00:00:01"
    assert sessions[0].result is not None and sessions[0].result.name == "PASSWORDS_DONT_MATCH"
    assert by_place(sessions)[SessionPlace(1, 1)] is sessions[1]


def test_short_names_tell_captures_apart() -> None:
    paths = ["a/x.pcap", "b/x.pcap", "C:\\b\\y.pcap", "-", "d/"]
    names = short_names([CaptureReport(path, "embedded") for path in paths])
    assert names == ["a/x.pcap", "b/x.pcap", "y.pcap", "-", "d/"]
