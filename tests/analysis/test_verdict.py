"""The verdict: which result decides, and an honest word where none does."""

from __future__ import annotations

import pytest

from msra.analysis.model import Outcome
from msra.analysis.verdict import LOGON_ERRORS, NEGOTIATION_FAILURES
from msra.codes import SAFERROR
from tests.analysis.builders import Story

OTHER_CODES = [code for code in SAFERROR if code not in (0, 41)]


def outcome(story: Story) -> tuple[Outcome, int | None]:
    verdict = story.session().verdict
    return verdict.outcome, verdict.result


def test_version_2_is_decided_by_the_result() -> None:
    assert outcome(Story().version2().result(0)) == (Outcome.ESTABLISHED, 0)
    assert outcome(Story().version2().result(41)) == (Outcome.REFUSED, 41)


@pytest.mark.parametrize("code", OTHER_CODES, ids=lambda code: code.name)
def test_every_other_code_is_a_failure(code: SAFERROR) -> None:
    assert outcome(Story().version2().result(code)) == (Outcome.FAILED, code)


def test_unknown_codes_and_hresults_are_failures() -> None:
    assert outcome(Story().version2().result(1234)) == (Outcome.FAILED, 1234)
    verdict = Story().version2().result(0x80004005).session().verdict
    assert (verdict.outcome, verdict.result) == (Outcome.FAILED, 0x80004005)
    assert "E_FAIL (0x80004005)" in verdict.summary


def test_version_2_may_refuse_after_the_password_was_accepted() -> None:
    """[MS-RA] 3.5.5."""
    assert outcome(Story().version2().result(0).result(41)) == (Outcome.REFUSED, 41)


def test_version_1_needs_a_result_for_the_screen() -> None:
    """[MS-RA] 3.3.5: the first RESULT accepts the password only."""
    story = Story().version1().result(0)
    assert outcome(story) == (Outcome.INCOMPLETE, None)
    story.say("expert", "CTL_REMOTE_CONTROL_DESKTOP").result(0)
    assert outcome(story) == (Outcome.ESTABLISHED, 0)


def test_version_1_without_the_first_result() -> None:
    story = Story().version1().say("expert", "CTL_REMOTE_CONTROL_DESKTOP").result(0)
    assert outcome(story) == (Outcome.ESTABLISHED, 0)


def test_the_first_success_decides() -> None:
    verdict = Story().version2().result(0).result(0).session().verdict
    assert "3.0 s after" in verdict.summary


def test_how_a_session_ended_does_not_undo_it() -> None:
    assert outcome(Story().version2().result(0).result(301)) == (Outcome.ESTABLISHED, 0)


def test_the_experts_result_does_not_decide_against_the_novices() -> None:
    assert outcome(Story().version2().result(0).result(34, sender="expert")) == (Outcome.ESTABLISHED, 0)
    assert outcome(Story().version2().result(34, sender="expert")) == (Outcome.FAILED, 34)


def test_version_3_is_established_when_both_go_on_after_their_tokens() -> None:
    story = Story().say("novice", "CTL_TOKEN").say("expert", "CTL_TOKEN")
    assert outcome(story) == (Outcome.INCOMPLETE, None)
    story.say("novice", "CHAT", channel="70", text="hi")
    assert outcome(story) == (Outcome.ESTABLISHED, None)


@pytest.mark.parametrize("code", NEGOTIATION_FAILURES)
def test_negotiation_failures(code: int) -> None:
    verdict = Story().fact("negotiation_failure", failure_code=code).session().verdict
    assert verdict.outcome is Outcome.FAILED
    assert NEGOTIATION_FAILURES[code] in verdict.summary


def test_logons_that_failed() -> None:
    for code, name in LOGON_ERRORS.items():
        verdict = Story().fact("credssp", credssp_version=6).fact("credssp", error_code=code).session().verdict
        assert verdict.outcome is Outcome.FAILED and f"{name} (0x{code:08x})" in verdict.summary
    assert "an NTSTATUS" in Story().fact("credssp", error_code=0xC0001234).session().verdict.summary
    denied = Story().fact("early_authorization", authorization_result=5)
    assert outcome(denied) == (Outcome.REFUSED, None)
    assert outcome(Story().fact("early_authorization", authorization_result=0).version2().result(0))[1] == 0


def test_encrypted_sessions_say_what_is_missing() -> None:
    verdict = Story().fact("tls", version="tls1.3").gap("encrypted").session().verdict
    assert verdict.outcome is Outcome.UNREADABLE
    assert "TLS 1.3" in verdict.summary and "ordinary RDP" in verdict.summary
    assert "key log" in verdict.advice
    story = Story().fact("client_channels", "expert", channel_names=("remdesk",))
    verdict = story.fact("security", encryption_method=2).gap("encrypted").session().verdict
    assert "128-bit RC4" in verdict.summary and "ordinary RDP" not in verdict.summary
    assert "RSA private key" in verdict.advice


def test_a_result_counts_although_something_else_was_unreadable() -> None:
    assert outcome(Story().version2().result(61).gap("compressed")) == (Outcome.FAILED, 61)


def test_compressed_sessions() -> None:
    assert outcome(Story().version2().gap("compressed")) == (Outcome.UNREADABLE, None)


def test_a_missing_channel_list() -> None:
    verdict = Story().gap("bad_framing").session().verdict
    assert verdict.outcome is Outcome.UNREADABLE and "ordinary RDP" in verdict.summary


def test_incomplete_sessions_say_how_they_ended() -> None:
    story = Story().version2()
    assert "VERIFY_PASSWORD from the expert" in story.session().verdict.summary
    story.fact("disconnect", reason=3)
    assert "novice closed" in story.session().verdict.summary
    story.say("expert", "CTL_DISCONNECT")
    assert "expert disconnected" in story.session().verdict.summary
    assert outcome(story) == (Outcome.INCOMPLETE, None)
