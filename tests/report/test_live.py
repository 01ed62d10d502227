"""Reports in pieces: lines for people and for programs, harmless and masked as everywhere."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from msra.analysis.model import CaptureReport
from msra.events import ConnectionOpened, Fact, Gap, Message
from msra.report.data import to_jsonl
from msra.report.live import LiveLines, LiveText
from msra.report.screen import PLAIN, Detail
from tests.report.builders import HOSTILE, SECRETS, report, story


def text(detail: Detail = "normal", secrets: bool = False) -> str:
    made = story().fact("tcp_syn", "expert", sequence_number=1).fact("tcp_close", "novice", how="rst")
    made.gap("lost_segment", 7)
    show = LiveText(secrets, detail, PLAIN)
    opened, *events = made.events
    assert isinstance(opened, ConnectionOpened)
    lines = show.begin(4, opened)
    for event in events:
        assert isinstance(event, Message | Fact | Gap)
        lines += show.event(4, event)
    return lines


def test_lines_for_people() -> None:
    lines = text().splitlines()
    assert lines[0] == ("00:00:01.000Z  [4]           A session begins: expert 10.0.0.1:50000, novice 10.0.0.2:49230.")
    assert lines[1] == "00:00:02.000Z  [4]  expert → REMOTEDESKTOP_EXPERT_ON_VISTA"
    assert "[4]  novice → REMOTEDESKTOP_CTL_RESULT 61 PASSWORDS_DONT_MATCH" in lines[7]
    assert lines[8].endswith("novice → The novice is the first to close the TCP connection, with a reset")
    assert lines[9] == " " * 29 + "(RST)."
    assert lines[10].endswith("novice → unreadable: bytes of the TCP stream are missing from the capture")
    assert len(lines) == 11


def test_details() -> None:
    """-v shows the values and the moments of every session, -q the verdicts only."""
    everything = text("verbose")
    assert "connects (TCP SYN)" in everything and "connects (TCP SYN)" not in text()
    assert "(msg_type=" not in text()
    assert text("quiet") == ""


def test_old_terminals_get_their_characters() -> None:
    show = LiveText(False, "normal", replace(PLAIN, unicode=False))
    event = story().events[1]
    assert isinstance(event, Message) and "expert -> REMOTE" in show.event(1, event)


@pytest.mark.parametrize("detail", ["quiet", "normal", "verbose"])
def test_nothing_acts_on_the_terminal_and_secrets_are_masked(detail: Detail) -> None:
    whole = text(detail) + LiveText(False, detail, PLAIN).session(story().session(), told=True)
    assert not set(HOSTILE) - set(" <b>&redgnp.exe[31m") & set(whole)
    assert not [secret for secret in SECRETS if secret in whole]


def test_the_session_and_the_end() -> None:
    show = LiveText(False, "normal", PLAIN)
    block = show.session(story().session(), told=True)
    assert block.startswith("\nSession 1: FAILED\n") and "PASSWORDS_DONT_MATCH" in block and block.endswith("\n\n")
    capture = CaptureReport("eth0", "tshark", packets=7, rdp_connections=2, notes=["a note"])
    assert show.end(capture, 1) == (
        "eth0: 7 packets, 2 RDP connections, 1 Remote Assistance session (tshark engine)\n  Note      a note\n"
    )
    assert "could not be read: why" in show.end(replace(capture, error="why"), 0)


def test_lines_for_programs_are_those_of_the_whole_report() -> None:
    """Those of a session that was told of are not repeated."""
    (session,) = report().captures[0].sessions
    show = LiveLines("dir/a.pcapng", False)
    told = "".join(show.event(1, message) for message in session.messages)
    assert told == show.session(session, told=False) == to_jsonl(report())
    assert show.session(session, told=True) == show.end(report().captures[0], 1) == ""
    opened, fact = story().events[0], story().fact("tls").events[-1]
    assert isinstance(opened, ConnectionOpened) and isinstance(fact, Fact)
    assert show.begin(1, opened) == show.event(1, fact) == ""
    assert all(json.loads(line)["session"] == 1 for line in told.splitlines())
