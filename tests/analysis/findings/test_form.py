"""Remarks on the form of messages: each rule fires on its cause, and not on a story much like it."""

from __future__ import annotations

import pytest

from msra.events import NOTES
from tests.analysis.findings.stories import Pair, Stories, Tale, check, found


def noted(note: str, kind: str = "CHAT") -> Pair:
    other = "bstr_counted" if note != "bstr_counted" else "odd_length"
    return Tale().message("novice", kind, notes=(note,)), Tale().message("novice", kind, notes=(other,))


STORIES: Stories = {
    **{
        note: noted(note)
        for note in (
            "missing_terminator", "no_separator", "truncated", "bad_length", "trailing_data", "odd_length",
            "malformed_xml", "name_not_terminated", "name_padded",
        )
    },
    "bstr_form": noted("bstr_raw", "REMOTEDESKTOP_EXPERT_ON_VISTA"),
    "bad_header": (Tale().gap("bad_header"), Tale().gap("bad_pdu")),
    "unknown_msg_type": (
        Tale().message("expert", "UNKNOWN", msg_type=13),
        Tale().message("expert", "UNKNOWN", notes=("truncated",)),
    ),
    "unknown_channel": (
        Tale().message("expert", "UNKNOWN", "72", data=b""),
        Tale().message("expert", "UNKNOWN", "remdesk", msg_type=13),
    ),
    "unknown_order": (
        Tale().order("novice", "UNKNOWN", order_type=14),
        Tale().order("novice", "OD_APP_REMOVED", order_type=2, app_id=1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


def test_every_note_has_a_rule() -> None:
    """A note that no rule speaks of would be lost between decoder and report."""
    assert set(NOTES) - set(STORIES) == {"bstr_counted", "bstr_raw"}, "these are bstr_form"


def test_both_forms_of_bstrs_are_one_finding() -> None:
    story = Tale().message("expert", "REMOTEDESKTOP_EXPERT_ON_VISTA", notes=("bstr_raw",))
    story.message("novice", "REMOTEDESKTOP_CTL_RANOVICE_NAME", notes=("bstr_counted",))
    (finding,) = found(story, "bstr_form")
    assert finding.frames == (3, 4)
    assert "EXPERT_ON_VISTA without a BSTR byte count, REMOTEDESKTOP_CTL_RANOVICE_NAME with one" in finding.text


def test_what_peers_send_is_quoted() -> None:
    (finding,) = found(Tale().message("expert", "UNKNOWN", "\x1b[2J" + "x" * 100), "unknown_channel")
    assert "\x1b" not in finding.text and "\\x1b[2J" in finding.text and len(finding.text) < 160
