"""Remarks on the capture: each rule fires on its cause, and not on a story much like it."""

from __future__ import annotations

import pytest

from msra.events import GAPS
from tests.analysis.findings.stories import Stories, Tale, check, found

STORIES: Stories = {
    "incomplete_capture": (Tale().in_version(2).gap("lost_segment"), Tale().in_version(2).gap("encrypted")),
    "undecoded_data": (Tale().in_version(2).gap("compressed"), Tale().gap("compressed")),
    "missing_start": (Tale(start=False).in_version(2), Tale().in_version(2)),
    "left_out": (Tale().in_version(2).gap("left_out"), Tale().in_version(2).gap("compressed")),
    "wrong_mac": (Tale().in_version(2).gap("wrong_mac"), Tale().in_version(2).gap("encrypted")),
}


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


@pytest.mark.parametrize("kind", GAPS)
def test_every_gap_beside_messages_is_a_finding(kind: str) -> None:
    ids = {finding.id for finding in found(Tale().fact("tls", version="tls1.3").in_version(2).gap(kind))}
    assert len(ids) == 1


def test_gaps_are_added_up() -> None:
    (finding,) = found(Tale().gap("lost_segment", 1000).gap("cut_packet", 234), "incomplete_capture")
    assert "1,234 bytes" in finding.text and finding.frames == (3, 4)
    assert GAPS["lost_segment"] in finding.text and GAPS["cut_packet"] in finding.text
