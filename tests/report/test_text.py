"""The text report: what a support engineer reads first, and that hostile text cannot act on the terminal."""

from __future__ import annotations

from msra.analysis.model import Attempt, CaptureReport, Finding, Report
from msra.report.text import WIDTH, to_text
from tests.analysis.builders import EXPERT, NOVICE
from tests.report.builders import HOSTILE, report


def test_the_answer_comes_first() -> None:
    text = to_text(report())
    lines = text.splitlines()
    assert lines[:4] == [
        "dir/a.pcapng",
        "  81 packets, 2 RDP connections, 1 Remote Assistance session (embedded engine)",
        "  Note: a note",
        "",
    ]
    assert lines[4] == "Session 1: FAILED"
    assert lines[5] == "  Result    61 PASSWORDS_DONT_MATCH"
    assert lines[6] == "            An invalid password was used. This message is only used in version 2."
    assert "  Expert    10.0.0.1:50000" in lines
    assert "     +7.000s       8  novice  REMOTEDESKTOP_CTL_RESULT  61 PASSWORDS_DONT_MATCH" in lines
    assert (
        "  Gap       frame 9, from the novice: bytes of the TCP stream are missing from the capture (7 bytes)" in lines
    )
    assert "  Causes    1. " in text and "  Next      1. " in text
    assert lines[-4:-1] == ["", "b.pcap", "  could not be read: this is no pcap or pcapng file"]


def test_prose_is_wrapped() -> None:
    text = to_text(report())
    prose = text.partition("Frame  From")[0].splitlines()
    assert len(prose) > 15 and all(len(line) <= WIDTH for line in prose)


def test_nothing_from_the_network_reaches_the_terminal_raw() -> None:
    text = to_text(report())
    for character in HOSTILE:
        assert character in "red gnp.exe<b>&[31m" or character not in text
    assert r"\x1b[31mred\x07 \u202egnp.exe\u2028<b>&\x00" in text


def test_an_empty_report() -> None:
    assert to_text(Report()) == ""


def test_failed_connects_are_told() -> None:
    attempt = Attempt(EXPERT, NOVICE, "refused", 5, (1, 2), "Nothing listens.")
    text = to_text(Report([CaptureReport("a", "embedded", attempts=[attempt])]))
    assert "  Failed connect: 10.0.0.1:50000 to 10.0.0.2:49230. Nothing listens. Frames 1, 2." in text


def test_long_lists_of_frames_are_cut() -> None:
    made = report()
    made.captures[0].sessions[0].findings = [Finding("x", "info", "Text.", tuple(range(1, 30)))]
    assert "Text. Frames 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 19 more." in to_text(made)
