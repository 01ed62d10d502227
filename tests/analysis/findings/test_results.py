"""Remarks on results: each rule fires on its cause, and not on a story much like it."""

from __future__ import annotations

import pytest

from msra.codes import SAFERROR
from tests.analysis.findings.stories import Stories, Tale, check, found

STORIES: Stories = {
    "unknown_result": (
        Tale().expert("EXPERT_ON_VISTA").novice("CTL_RESULT", result=1234),
        Tale().expert("EXPERT_ON_VISTA").novice("CTL_RESULT", result=0x80004005),
    ),
    "hresult_result": (
        Tale().expert("EXPERT_ON_VISTA").novice("CTL_RESULT", result=0x80004005),
        Tale().expert("EXPERT_ON_VISTA").novice("CTL_RESULT", result=1234),
    ),
    "unused_result": (
        Tale().expert("EXPERT_ON_VISTA").novice("CTL_RESULT", result=36),
        Tale().expert("EXPERT_ON_VISTA").novice("CTL_RESULT", result=37),
    ),
    "result_of_other_version": (
        Tale().expert("EXPERT_ON_VISTA").novice("CTL_RESULT", result=26),
        Tale().expert("CTL_AUTHENTICATE").novice("CTL_RESULT", result=26),
    ),
    "unrequested_result": (
        Tale().novice("CTL_RESULT", result=41).expert("EXPERT_ON_VISTA"),
        Tale().expert("EXPERT_ON_VISTA").novice("CTL_RESULT", result=41),
    ),
    "result_from_expert": (
        Tale().novice("CTL_VERSIONINFO").expert("CTL_RESULT", result=34),
        Tale().novice("CTL_VERSIONINFO").expert("CTL_RESULT", result=47),
    ),
    "shadow_session": (
        Tale().in_version(2).novice("CTL_RESULT", result=300),
        Tale().in_version(2).novice("CTL_RESULT", result=5),
    ),
}


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


def test_code_61_in_version_1() -> None:
    (finding,) = found(Tale().in_version(1).novice("CTL_RESULT", result=61), "result_of_other_version")
    assert "version 2 only" in finding.text


def test_a_handshake_by_the_book_is_not_remarkable() -> None:
    for version in (2, 3):
        assert found(Tale().fact("tls", version="tls1.3").in_version(version)) == []


def test_two_results_in_version_2_and_no_third() -> None:
    """[MS-RA] 3.5.5: the password is answered, then the user says no."""
    story = Tale().in_version(2).novice("CTL_RESULT", result=41)
    assert found(story, "unrequested_result") == []
    assert len(found(story.novice("CTL_RESULT", result=41), "unrequested_result")) == 1


def test_nothing_is_unrequested_where_the_request_may_be_lost() -> None:
    for story in (Tale(start=False), Tale().gap("lost_segment")):
        assert found(story.novice("CTL_RESULT", result=41), "unrequested_result") == []


@pytest.mark.parametrize("code", [code for code in SAFERROR if code not in (26, 35, 36, 38, 47, 48)])
def test_ordinary_codes_are_no_finding_in_version_2(code: SAFERROR) -> None:
    story = Tale().fact("tls", version="tls1.3")
    story.novice("CTL_SERVER_ANNOUNCE").expert("EXPERT_ON_VISTA").expert("CTL_VERIFY_PASSWORD")
    story.novice("CTL_RESULT", result=code.value)
    assert {finding.id for finding in found(story)} <= {"shadow_session"}
