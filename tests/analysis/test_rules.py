"""The findings: every rule fires when it should and stays silent when it should not."""

from __future__ import annotations

import pytest

from msra.analysis.rules import GAP_RULES, RESULT_RULES
from msra.events import GAPS
from tests.analysis.builders import Story

FIRES = {
    "unknown_result": lambda: Story().version2().result(1234),
    "hresult_result": lambda: Story().version2().result(0x80004005),
    "unused_result": lambda: Story().version2().result(36),
    "result_of_other_version": lambda: Story().version2().result(26),
}
SILENT = {
    "unknown_result": lambda: Story().version2().result(0x80004005),
    "hresult_result": lambda: Story().version2().result(1234),
    "unused_result": lambda: Story().version2().result(41),
    "result_of_other_version": lambda: Story().version1().result(0x80004005),
}


def test_every_rule_is_tested() -> None:
    assert {rule.id for rule in RESULT_RULES} == set(FIRES) == set(SILENT)


@pytest.mark.parametrize("rule", RESULT_RULES, ids=lambda rule: rule.id)
def test_rule(rule) -> None:  # type: ignore[no-untyped-def]
    fired = [finding for finding in FIRES[rule.id]().session().findings if finding.id == rule.id]
    assert len(fired) == 1
    assert fired[0].severity == rule.severity and rule.section in fired[0].text
    assert fired[0].frames == (4,)
    assert rule.id not in {finding.id for finding in SILENT[rule.id]().session().findings}


@pytest.mark.parametrize("rule", GAP_RULES, ids=lambda rule: rule.kind)
def test_gap_rule(rule) -> None:  # type: ignore[no-untyped-def]
    assert rule.kind in GAPS
    (finding,) = Story().version2().gap(rule.kind).session().findings
    assert (finding.id, finding.severity, finding.frames) == (rule.kind, rule.severity, (4,))
    assert rule.section in finding.text
    assert Story().version2().gap("encrypted").session().findings == []


def test_code_61_in_version_1() -> None:
    (finding,) = Story().version1().result(61).session().findings
    assert finding.id == "result_of_other_version" and "version 2 only" in finding.text
