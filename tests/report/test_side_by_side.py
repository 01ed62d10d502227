"""One session in several captures: two columns of frames, in the order of time."""

from __future__ import annotations

from msra.analysis.differences import Difference, OneSided
from msra.analysis.model import CaptureReport, Report, SameSession, SessionPlace
from msra.report.side_by_side import rows
from msra.report.text import printable, to_text
from tests.analysis.builders import SECOND, Story

FIRST, SECOND_PLACE = SessionPlace(0, 1), SessionPlace(1, 2)


def report() -> Report:
    messages = Story().version2().result(41).session().messages
    late = Story().fact("x").fact("x").fact("x").fact("x").say("expert", "CTL_DISCONNECT").session().messages
    difference = Difference(
        FIRST, SECOND_PLACE, 100 * SECOND, None,
        matched=((messages[0], messages[0]), (messages[1], messages[1])),
        one_sided=(OneSided(FIRST, messages[2], "unseen"), OneSided(SECOND_PLACE, late[0], "uncovered")),
    )  # fmt: skip
    captures = [CaptureReport("a\x1b.pcap", "embedded"), CaptureReport("b.pcap", "embedded")]
    return Report(captures, [SameSession((FIRST, SECOND_PLACE), (difference,))])


def test_two_columns_in_the_order_of_time() -> None:
    """The second clock is ahead: what it shows at second 6 happened before all that the first one shows."""
    assert list(rows(report(), printable)) == [
        "The same session, captured in several places:",
        r"  A  a\x1b.pcap, session 1",
        "  B  b.pcap, session 2 (its clock is 100.000 s ahead)",
        "     Frame A Frame B  From    Message",
        "           -       6  expert  REMOTEDESKTOP_CTL_DISCONNECT  (outside the time of the other capture)",
        "           2       2  expert  REMOTEDESKTOP_EXPERT_ON_VISTA",
        "           3       3  expert  REMOTEDESKTOP_CTL_VERIFY_PASSWORD",
        "           4       -  novice  REMOTEDESKTOP_CTL_RESULT  (never seen in the other capture)",
        "",
    ]


def test_it_follows_the_captures_in_the_text() -> None:
    assert to_text(report()).index("The same session") > to_text(report()).index("b.pcap")
    assert "The same session" not in to_text(Report(report().captures))
