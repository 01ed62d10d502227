"""Remarks on share control: each rule fires on its cause, and not on a story much like it."""

from __future__ import annotations

import pytest

from msra.analysis.model import Control
from tests.analysis.findings.stories import Stories, Tale, Told, check, found


def told(*controls: Control, start: bool = True) -> Told:
    return Told(Tale(start).in_version(1), controls)


GRANTED = Control(20, 21, 22, "taken_back", 5)
STORIES: Stories = {
    "unasked_control": (told(Control(None, 21, None, "accepted", None)), told(Control(20, 21, None, "accepted", None))),
    "control_without_grant": (told(Control(None, None, 22, "taken_back", None)), told(GRANTED)),
    "control_ended_twice": (
        told(GRANTED, Control(None, None, 23, "given_up", None)),
        told(Control(None, None, 23, "given_up", None)),
    ),
}


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


def test_what_ended_is_named() -> None:
    (finding,) = found(STORIES["control_ended_twice"][0], "control_ended_twice")
    assert finding.text.startswith("REMOTECTRLEND ends") and finding.frames == (23,)


def test_after_a_refusal_there_is_nothing_to_end() -> None:
    story = told(Control(20, 21, None, "denied", None), Control(None, None, 23, "given_up", None))
    assert found(story, "control_without_grant") and not found(story, "control_ended_twice")


def test_a_request_that_may_be_lost_is_not_missed() -> None:
    for rule in STORIES:
        controls = STORIES[rule][0].controls  # type: ignore[union-attr]
        assert not found(told(*controls, start=False), rule)
