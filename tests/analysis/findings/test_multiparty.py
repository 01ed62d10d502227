"""Remarks on encomsp: each rule fires on its cause, and not on a story much like it."""

from __future__ import annotations

import pytest

from tests.analysis.findings.stories import Stories, Tale, check, found

PAUSED, RESUMED = "OD_GRAPHICS_STREAM_PAUSED", "OD_GRAPHICS_STREAM_RESUMED"
STORIES: Stories = {
    "participant_error": (
        Tale().order("novice", "OD_PARTICIPANT_REMOVED", participant_id=1, disc_type=0, disc_code=0xD0000001),
        Tale().order("novice", "OD_PARTICIPANT_REMOVED", participant_id=1, disc_type=0, disc_code=0),
    ),
    "picture_paused": (Tale().order("novice", PAUSED), Tale().order("novice", PAUSED).order("novice", RESUMED)),
    "resumed_without_pause": (Tale().order("novice", RESUMED), Tale().order("novice", PAUSED).order("novice", RESUMED)),
    "unknown_order_id": (
        Tale().order("novice", "OD_APP_CREATED", app_id=1).order("novice", "OD_WND_CREATED", app_id=2, wnd_id=1),
        Tale().order("novice", "OD_APP_CREATED", app_id=1).order("novice", "OD_WND_CREATED", app_id=1, wnd_id=2),
    ),
}


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


@pytest.mark.parametrize(
    ("code", "name"), [(0xD00A0006, "could not send"), (0x80004005, "E_FAIL"), (0xD1234567, "without a name")]
)
def test_errors_have_names(code: int, name: str) -> None:
    (finding,) = found(Tale().order("novice", "OD_PARTICIPANT_REMOVED", disc_code=code), "participant_error")
    assert name in finding.text and f"0x{code:08x}" in finding.text


def test_an_order_that_may_be_lost_is_not_missed() -> None:
    assert not found(Tale().gap("lost_segment").order("novice", RESUMED), "resumed_without_pause")
    assert not found(Tale(start=False).order("expert", "OD_WND_SHOW", wnd_id=1), "unknown_order_id")
