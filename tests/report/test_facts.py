"""What is known of a session, as labelled sentences."""

from __future__ import annotations

from msra.analysis.model import Attempt, CaptureReport, Check, Finding
from msra.events import Endpoint
from msra.report.facts import (
    Row,
    capture_line,
    capture_rows,
    count,
    endpoint,
    frames,
    minor,
    remarks,
    result,
    session_rows,
)
from tests.analysis.builders import EXPERT, NOVICE, Story


def test_numbers_and_addresses() -> None:
    assert (count(1, "packet"), count(2000, "packet")) == ("1 packet", "2,000 packets")
    assert endpoint(Endpoint("10.0.0.1", 80)) == "10.0.0.1:80"
    assert endpoint(Endpoint("::1", 80)) == "[::1]:80"
    assert frames((7,)) == "Frame 7"
    assert frames(tuple(range(1, 30))) == "Frames 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 19 more"


def test_a_capture() -> None:
    attempt = Attempt(EXPERT, NOVICE, "refused", 5, (1, 2), "Nothing listens.")
    capture = CaptureReport("a", "embedded", 1, 2, notes=["x\x1b"], attempts=[attempt])
    assert capture_line(capture) == "1 packet, 2 RDP connections, 0 Remote Assistance sessions (embedded engine)"
    assert list(capture_rows(capture)) == [
        Row("Note", r"x\x1b"),
        Row("Failed connect", "10.0.0.1:50000 to 10.0.0.2:49230. Nothing listens. Frames 1, 2.", "warning"),
    ]


def test_the_result() -> None:
    assert result(Story().version2().result(61).session()) == "61 PASSWORDS_DONT_MATCH"
    assert result(Story().version2().session()) == ""


def test_a_session_in_short_and_in_full() -> None:
    session = Story().fact("client_channels", channel_names=("remdesk", "e\x1b")).version2().result(61).session()
    session.checks = [Check("ticket", "failed", "The ticket\x07 does not open.")]
    short = [
        Row("Check", r"FAILED: The ticket\x07 does not open.", "error"),
        Row("Sides", "expert 10.0.0.1:50000, novice 10.0.0.2:49230"),
        Row("Version", "2 (frame 3: REMOTEDESKTOP_EXPERT_ON_VISTA)"),
        Row("Security", "none"),
        Row("Time", "1970-01-01T00:00:01Z, 4.0 s in all, 1.0 s to the answer"),
    ]
    assert list(session_rows(session)) == short
    assert list(session_rows(session, everything=True)) == [
        *short[:3],
        Row("Handshake", "The novice has answered with an error."),
        short[3],
        Row("Channels", r"remdesk, e\x1b"),
        Row("Time", "1970-01-01T00:00:01.000000Z to 1970-01-01T00:00:05.000000Z"),
        Row("Durations", "4.0 s in all, 1.0 s to the answer"),
    ]


def test_what_is_missing_is_told_where_nothing_decided() -> None:
    labels = [row.label for row in session_rows(Story().fact("unreadable", reason="keys").gap("encrypted").session())]
    assert "Handshake" in labels and "Version" in labels


def test_remarks_that_matter_and_all_of_them() -> None:
    session = Story().version2().gap("lost_segment", 1000).gap("lost_segment", 24, "expert").gap("bad_pdu", 1).session()
    session.findings = [Finding("a", "info", "Harmless.", (1,)), Finding("b", "error", "Bad\x1b.", (2, 3))]
    lost, bad = "bytes of the TCP stream are missing from the capture", "the RDP packet could not be decoded"
    assert list(remarks(session)) == [
        Row("Error", r"Bad\x1b. Frames 2, 3.", "error"),
        Row("Gap", f"{lost} (1,024 bytes). Frames 4, 5.", "warning"),
        Row("Gap", f"{bad} (1 byte). Frame 6.", "warning"),
    ]
    assert minor(session) == 1
    assert list(remarks(session, everything=True)) == [
        Row("Info", "Harmless. Frame 1.", "info"),
        Row("Error", r"Bad\x1b. Frames 2, 3.", "error"),
        Row("Gap", f"frame 4, from the novice: {lost} (1,000 bytes)", "warning"),
        Row("Gap", f"frame 5, from the expert: {lost} (24 bytes)", "warning"),
        Row("Gap", f"frame 6, from the novice: {bad} (1 byte)", "warning"),
    ]
