"""The counts behind the charts."""

from __future__ import annotations

from msra.analysis.model import Attempt, CaptureReport, Outcome, Report
from msra.report.html.listing import listing
from msra.report.html.overview import attempts, outcomes, remarks, results
from tests.analysis.builders import EXPERT, NOVICE, Story


def made() -> Report:
    stories = [Story().version2().result(code) for code in (61, 61, 61, 0)] + [Story().version2()]
    return Report([CaptureReport("a", "embedded", sessions=[story.session() for story in stories])])


def test_outcomes_are_parts_of_a_whole() -> None:
    shares = {share.outcome: share for share in outcomes(listing(made()))}
    assert {name.value: share.count for name, share in shares.items()} == {
        "established": 1, "refused": 0, "failed": 3, "incomplete": 1, "unreadable": 0,
    }  # fmt: skip
    failed = shares[Outcome.FAILED]
    assert (failed.start, failed.width) == (20, 60)
    assert sum(share.width for share in shares.values()) == 100


def test_results_are_counted_the_commonest_first() -> None:
    shares = [(share.name, share.count, share.width) for share in results(listing(made()))]
    assert shares[0] == ("61 PASSWORDS_DONT_MATCH", 3, 100)
    assert set(shares[1:]) == {("0 SAFERROR_NOERROR", 1, 33.333), ("no code: incomplete", 1, 33.333)}


def test_nothing_at_all() -> None:
    assert [share.width for share in outcomes([])] == [0] * 5 and results([]) == []


def test_failed_connects() -> None:
    report = Report(
        [CaptureReport("a", "", attempts=[Attempt(EXPERT, NOVICE, "refused", 5, (1, 2), "Nothing listens.")])]
    )
    (attempt,) = attempts(report, ["a"])
    assert (attempt.expert, attempt.novice, attempt.frames) == ("10.0.0.1:50000", "10.0.0.2:49230", "Frames 1, 2")


def test_errors_come_before_notes() -> None:
    captures = [CaptureReport("a/x", "", notes=["a note"]), CaptureReport("a/y", "", error="no pcap")]
    assert [(one.head, one.text) for one in remarks(Report(captures), ["x", "y"])] == [
        ("Error", "a/y: no pcap"), ("Note", "x: a note"),
    ]  # fmt: skip
