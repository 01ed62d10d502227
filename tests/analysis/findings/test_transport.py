"""Remarks on the connection below: each rule fires on its cause, and not on a story much like it."""

from __future__ import annotations

import pytest

from tests.analysis.findings.stories import Stories, Tale, check, found

STORIES: Stories = {
    "license_error": (
        Tale().fact("license_error", error_code=2, state_transition=1),
        Tale().fact("license_error", error_code=7, state_transition=2),
    ),
    "error_info": (Tale().fact("error_info", error_info=0xC), Tale().fact("error_info", error_info=0)),
    "tls_alert": (
        Tale().fact("tls_alert", level=2, description=48),
        Tale().fact("tls_alert", level=1, description=0),
    ),
}


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


def test_who_ended_it_is_named() -> None:
    (finding,) = found(Tale().fact("tls_alert", "expert", level=2, description=48), "tls_alert")
    assert finding.text.startswith("The expert ended TLS with the alert unknown_ca.")


def test_codes_have_their_names() -> None:
    (finding,) = found(Tale().fact("error_info", error_info=0x19), "error_info")
    assert "ERRINFO_SERVER_SHUTDOWN" in finding.text
    (finding,) = found(Tale().fact("error_info", error_info=0xFFFF), "error_info")
    assert "0x0000FFFF" in finding.text


def test_every_one_counts() -> None:
    """A later normal end of licensing does not hide the error."""
    story = Tale().fact("license_error", error_code=7).fact("license_error", error_code=2)
    assert [finding.frames for finding in found(story, "license_error")] == [(4,)]
