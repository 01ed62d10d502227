"""Decided sessions: every code, and the words that the invitation adds."""

from __future__ import annotations

import pytest

from msra.analysis.model import Check, Outcome
from msra.codes import CODES
from tests.analysis.findings.stories import Tale
from tests.analysis.verdict.stories import asked, outcome, result, verdict


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_every_code_has_its_verdict(code) -> None:  # type: ignore[no-untyped-def]
    got = verdict(result(asked(), code.value))
    assert (got.outcome, got.result, got.frame) == (Outcome(code.outcome), code.value, 8)
    assert (got.causes, got.next_steps) == (code.causes, code.next_steps) and got.causes and got.next_steps
    if code.value:
        assert f"{code.name} ({code.value})" in got.summary


def test_the_outcomes() -> None:
    assert outcome(result(asked(), 0)) == (Outcome.ESTABLISHED, 0)
    assert outcome(result(asked(), 41)) == (Outcome.REFUSED, 41)
    assert outcome(result(asked(), 61)) == (Outcome.FAILED, 61)


def test_unknown_codes_and_hresults_are_failures() -> None:
    assert outcome(result(asked(), 1234)) == (Outcome.FAILED, 1234)
    got = verdict(result(asked(), 0x80004005))
    assert (got.outcome, got.result) == (Outcome.FAILED, 0x80004005)
    assert "E_FAIL (0x80004005)" in got.summary


def test_the_summary_says_who_when_and_what() -> None:
    assert verdict(result(asked(), 41)).summary == (
        "The novice's user refused, 7.0 s after the expert connected: SAFERROR_HELPEESAIDNO (41)."
    )
    assert "6.0 s after the capture of it begins" in verdict(result(Tale(False).in_version(2), 41)).summary
    assert "The expert answered with an error" in verdict(asked().expert("CTL_RESULT", result=34)).summary


def test_the_summary_of_an_established_session_says_how_it_ended() -> None:
    tale = result(asked(), 0)
    assert verdict(tale).summary.endswith("it was still running when the capture ended.")
    tale.message("novice", "CHAT", "70").fact("tcp_close", "novice", how="rst")
    assert verdict(tale).summary.endswith("it ran 2.0 s, then the novice reset the TCP connection.")


def test_version_3_is_established_when_both_go_on_after_their_tokens() -> None:
    tale = Tale().in_version(3)
    assert verdict(tale).outcome is Outcome.INCOMPLETE
    tale.message("novice", "CHAT", "70", text="hi")
    got = verdict(tale)
    assert (got.outcome, got.result, got.rule, got.frame) == (Outcome.ESTABLISHED, None, "tokens", 5)
    tale.expert("CTL_DISCONNECT")
    assert verdict(tale).outcome is Outcome.ESTABLISHED, "how it ended does not undo it"


def test_an_attribute_called_result_is_no_result() -> None:
    assert verdict(asked().command("novice", "X", result="abc")).result is None
    assert verdict(asked().command("novice", "X", result=41)).result is None


def test_a_result_counts_although_something_else_was_unreadable() -> None:
    assert outcome(result(asked(), 61).gap("compressed").gap("lost_segment")) == (Outcome.FAILED, 61)


@pytest.mark.parametrize(
    ("check", "status", "text"),
    [
        ("expert_password", "failed", "differs from that of the invitation"),
        ("expert_password", "passed", "that of another one"),
        ("expiry", "failed", "had expired"),
        ("session_id", "failed", "another invitation than the one given"),
    ],
)
def test_the_invitation_explains_a_wrong_password(check: str, status, text: str) -> None:  # type: ignore[no-untyped-def]
    checks = [Check(check, status, "")]
    assert text in verdict(result(asked(), 61), checks).summary
    assert text in verdict(result(asked(1), 26), checks).summary
    assert text not in verdict(result(asked(), 41), checks).summary
    assert text not in verdict(result(asked(), 61), [Check(check, "not_checkable", "")]).summary
