"""What notebooks show: masked in HTML and in the plain text beside it, and never endless."""

from __future__ import annotations

from html import unescape

import pytest

from msra.analysis.model import CaptureReport, Report
from msra.analyzer import together
from msra.report import notebook
from msra.report.notebook import html, text
from tests.analysis.builders import Story, sessions
from tests.report.builders import HOSTILE, SECRETS, report


def test_no_secret_is_shown() -> None:
    made = report()
    for shown in (made, made.captures[0], made.captures[0].sessions[0], *made.captures[0].sessions[0].messages):
        for made_of_it in (unescape(html(shown)), text(shown)):
            assert made_of_it and not [secret for secret in SECRETS if secret in made_of_it]


def test_texts() -> None:
    session = report().captures[0].sessions[0]
    assert text(session.messages[0]) == "2 expert: REMOTEDESKTOP_EXPERT_ON_VISTA"
    assert text(session.messages[-1]) == "8 novice: REMOTEDESKTOP_CTL_RESULT 61 PASSWORDS_DONT_MATCH"
    assert HOSTILE[:5] not in text(session.messages[5]) and "\\u202e" in text(session.messages[5])
    assert text(session).splitlines()[:2] == ["Session 1: FAILED", "  Result    61 PASSWORDS_DONT_MATCH"]
    assert "b.pcap\n  could not be read: this is no pcap or pcapng file" in text(report())


def test_a_session_is_shown_without_a_capture() -> None:
    shown = unescape(html(report().captures[0].sessions[0]))
    assert '<h2 id="s1-title" tabindex="-1">Session 1</h2>' in shown and 'id="overview"' not in shown
    assert "read by the" not in shown and "<pre" in shown and "Session 1: failed. " in shown


def test_captions() -> None:
    assert "2 sessions in 1 capture: 2 failed" in html(CaptureReport("a", "", sessions=many(2)))
    assert "0 sessions in 0 captures" in html(Report())


def test_of_very_many_sessions_the_first_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook, "MOST_SESSIONS", 3)
    captures = [CaptureReport(name, "embedded", sessions=many(2)) for name in ("a", "b", "c")]
    shown = unescape(html(Report(captures)))
    assert shown.count("<article") == 3
    assert "1 more session: a notebook shows 3" in shown and "2 more sessions: " in shown
    assert captures[1].notes == [] and len(captures[1].sessions) == 2
    assert unescape(html(together(captures[:1]))).count("<article") == 2


def many(number: int) -> list:  # type: ignore[type-arg]
    return sessions(*(Story(at).version2().result(61) for at in range(1, number + 1)))
