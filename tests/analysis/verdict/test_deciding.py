"""Which RESULT decides."""

from __future__ import annotations

from msra.analysis.verdict.deciding import deciding_result
from tests.analysis.findings.stories import Tale, evidence
from tests.analysis.verdict.stories import asked, result


def decided(tale: Tale) -> int | None:
    message = deciding_result(evidence(tale))
    return None if message is None else message.frame


def test_without_a_result_nothing_is_decided() -> None:
    assert decided(asked()) is None


def test_version_2_may_refuse_after_the_password_was_accepted() -> None:
    """[MS-RA] 3.5.5."""
    assert decided(result(result(asked(), 0), 41)) == 9


def test_version_1_needs_a_result_for_the_screen() -> None:
    """[MS-RA] 3.3.5: the first RESULT accepts the password only."""
    tale = result(asked(1), 0)
    assert decided(tale) is None
    assert decided(result(tale.expert("CTL_REMOTE_CONTROL_DESKTOP"), 0)) == 10


def test_one_result_may_answer_both_requests_of_version_1() -> None:
    assert decided(result(asked(1).expert("CTL_REMOTE_CONTROL_DESKTOP"), 0)) == 9


def test_the_first_success_decides() -> None:
    assert decided(result(result(asked(), 0), 0)) == 8


def test_how_a_session_ended_does_not_undo_it() -> None:
    assert decided(result(result(asked(), 0), 301)) == 8


def test_the_experts_result_does_not_decide_against_the_novices() -> None:
    assert decided(result(asked(), 0).expert("CTL_RESULT", result=34)) == 8
    assert decided(asked().expert("CTL_RESULT", result=34)) == 8
