"""The pages: the answer on the first screen, and as much of the rest as was asked for."""

from __future__ import annotations

from msra.analysis.model import Attempt, CaptureReport, Finding, Report, SameSession, SessionPlace
from msra.report.screen import PLAIN
from msra.report.text import Detail, to_text
from tests.analysis.builders import EXPERT, NOVICE, Story
from tests.report.builders import report


def failed(detail: Detail = "normal") -> str:
    session = Story().fact("tcp_syn", "expert").version2().result(61).session()
    session.findings = [Finding("x", "warning", "Careful.", (2,)), Finding("y", "info", "By the way.", (3,))]
    return to_text(Report([CaptureReport("a.pcapng", "embedded", 5, 1, sessions=[session])]), detail=detail)


VERDICT = """\
a.pcapng
  5 packets, 1 RDP connection, 1 Remote Assistance session (embedded engine)

Session 1: FAILED
  Result    61 PASSWORDS_DONT_MATCH
            An invalid password was used. This message is only used in version 2.
  Summary   The novice answered with an error, 4.0 s after the capture of it begins:
            PASSWORDS_DONT_MATCH (61).
  Causes    1. The expert typed the password wrong, or used that of another invitation: Windows
               makes a new one for each.
"""
STORY = """\
            3. With FreeRDP check the value after /assistance: and its quoting in the shell.
  Sides     expert 10.0.0.1:50000, novice 10.0.0.2:49230
  Version   2 (frame 3: REMOTEDESKTOP_EXPERT_ON_VISTA)
  Security  none
  Time      1970-01-01T00:00:01Z, 4.0 s in all, 1.0 s to the answer

        Time   Frame  Expert                                                                  Novice
     +1.000s       2  │                                TCP connect                                 │
     +2.000s       3  │────────────────────── REMOTEDESKTOP_EXPERT_ON_VISTA ──────────────────────→│
     +3.000s       4  │──────────────────── REMOTEDESKTOP_CTL_VERIFY_PASSWORD ────────────────────→│
     +4.000s       5  │←──────────── REMOTEDESKTOP_CTL_RESULT 61 PASSWORDS_DONT_MATCH ─────────────│

  Warning   Careful. Frame 2.
  Info      1 minor remark: -v shows it
"""


def test_the_verdict_comes_first_and_the_rest_is_compact() -> None:
    assert failed().startswith(VERDICT)
    assert failed().endswith(STORY)
    assert len(failed().splitlines()) < 40


def test_quiet_is_the_verdict() -> None:
    assert (
        failed("quiet")
        == """\
a.pcapng

Session 1: FAILED
  Result    61 PASSWORDS_DONT_MATCH
  Summary   The novice answered with an error, 4.0 s after the capture of it begins:
            PASSWORDS_DONT_MATCH (61).
  Causes    1. The expert typed the password wrong, or used that of another invitation: Windows
               makes a new one for each.
  Next      1. Have the user read the password from the Remote Assistance window that is open now.
"""
    )


def test_verbose_is_everything() -> None:
    text = failed("verbose")
    assert text.startswith(VERDICT)
    for line in (
        "  Handshake The novice has answered with an error.",
        "  Time      1970-01-01T00:00:01.000000Z to 1970-01-01T00:00:05.000000Z",
        "  Durations 4.0 s in all, 1.0 s to the answer",
        "  Info      By the way. Frame 3.",
    ):
        assert f"\n{line}\n" in text
    assert "The expert connects (TCP SYN)." in text
    assert "encrypted_password=<masked>" in to_text(report(), detail="verbose")
    assert "-v shows" not in text


def test_what_worked_needs_no_advice() -> None:
    made = Report([CaptureReport("a", "embedded", sessions=[Story().version2().result(0).session()])])
    assert "Causes" not in to_text(made) and "Next" not in to_text(made)


def test_prose_is_wrapped() -> None:
    assert all(len(line) <= PLAIN.width for line in to_text(report(), detail="verbose").splitlines())


def test_captures_that_could_not_be_read_and_connects_that_failed() -> None:
    attempt = Attempt(EXPERT, NOVICE, "refused", 5, (1, 2), "Nothing listens.")
    made = report()
    made.captures.append(CaptureReport("c", "embedded", attempts=[attempt]))
    lines = to_text(made).splitlines()
    assert lines[:3] == [
        "dir/a.pcapng",
        "  81 packets, 2 RDP connections, 1 Remote Assistance session (embedded engine)",
        "  Note      a note",
    ]
    place = lines.index("b.pcap")
    assert lines[place - 1] == "" and lines[place + 1] == "  could not be read: this is no pcap or pcapng file"
    assert lines[-1] == "  Failed connect: 10.0.0.1:50000 to 10.0.0.2:49230. Nothing listens. Frames 1, 2."
    assert "could not be read" in to_text(made, detail="quiet")


def test_the_same_sessions_come_last() -> None:
    made = report()
    assert "The same session" not in to_text(made)
    made.same = [SameSession((SessionPlace(0, 1), SessionPlace(1, 1)), ())]
    assert to_text(made).endswith("\n\nThe same session, captured in several places:\n")
