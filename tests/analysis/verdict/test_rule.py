"""The table as a whole, and how its rules become verdicts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from msra.analysis.handshake import handshake
from msra.analysis.model import Outcome
from msra.analysis.verdict import RULES, decide
from msra.analysis.verdict.rule import Reason, VerdictRule, View, seconds
from tests.analysis.findings.stories import Tale, evidence
from tests.analysis.findings.test_catalogue import EVENTS
from tests.analysis.verdict.stories import verdict


def test_ids_are_unique() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))


def test_the_sentences_are_sentences() -> None:
    for rule in RULES:
        assert rule.summary.endswith((".", "{text}", "{remarks}", "{ordinary}", "{state}"))
        assert all(sentence.endswith(".") for sentence in (*rule.causes, *rule.next_steps))


def test_the_reason_adds_to_the_rule() -> None:
    found = Reason(7, {"who": "the novice"}, ("A.",), ("D.",))
    rule = VerdictRule("x", Outcome.FAILED, "Because of {who}.", lambda _view: found, ("B.",), ("C.",))
    seen = evidence(Tale())
    got = rule.apply(View(seen, 0, handshake(seen)))
    assert got and (got.summary, got.rule, got.frame) == ("Because of the novice.", "x", 7)
    assert (got.causes, got.next_steps, got.result) == (("A.", "B."), ("C.", "D."), None)
    assert got.advice == "A. B. C. D."


def test_a_rule_that_does_not_apply() -> None:
    seen = evidence(Tale())
    assert VerdictRule("x", Outcome.FAILED, "", lambda _view: None).apply(View(seen, 0, handshake(seen))) is None


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (-5, "0.0 s"),
        (1_649_999_999, "1.6 s"),
        (1_650_000_000, "1.7 s"),
        (59_949_999_999, "59.9 s"),
        (60_000_000_000, "1 min 0 s"),
        (3_599_000_000_000, "59 min 59 s"),
        (7_500_000_000_000, "2 h 5 min"),
    ],
)
def test_durations_as_people_say_them(nanoseconds: int, text: str) -> None:
    assert seconds(nanoseconds) == text


@settings(max_examples=200, deadline=None)
@given(EVENTS)
def test_there_is_a_verdict_on_everything(rows) -> None:  # type: ignore[no-untyped-def]
    tale = Tale()
    tale.events += [kind(1, frame, frame, *row) for frame, (kind, row) in enumerate(rows, start=3)]
    got = verdict(tale)
    assert got.summary and "{" not in got.rule and got == verdict(tale)
    seen = evidence(tale)
    frames = {event.frame for event in (*seen.messages, *seen.story)}
    assert got.frame is None or got.frame in frames
    assert decide(seen, 0, handshake(seen)).outcome is got.outcome
