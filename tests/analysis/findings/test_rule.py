"""How hits become findings: grouped by their text, and never more than can be read."""

from __future__ import annotations

from msra.analysis.findings.rule import Case, Hit, Rule, apply, listed, quoted
from msra.limits import MAX_FINDING_FRAMES, MAX_FINDINGS
from tests.analysis.findings.stories import Tale, evidence

CASE = Case(evidence(Tale()))


def rule(*hits: Hit) -> Rule:
    return Rule("id", "info", "[MS-RA] 1", "It happens.", "It is {what}.", lambda _case: hits)


def test_hits_with_the_same_text_are_one_finding() -> None:
    one, other = apply(rule(Hit((5,), {"what": "so"}), Hit((3, 5), {"what": "so"}), Hit((4,), {"what": "not"})), CASE)
    assert (one.text, one.frames) == ("It is so. ([MS-RA] 1)", (3, 5))
    assert other.frames == (4,)


def test_frames_are_bounded() -> None:
    (finding,) = apply(rule(*(Hit((frame,), {"what": "so"}) for frame in range(1000))), CASE)
    assert len(finding.frames) == MAX_FINDING_FRAMES and "1000 frames in all." in finding.text


def test_texts_are_bounded() -> None:
    found = apply(rule(*(Hit((frame,), {"what": frame}) for frame in range(1000))), CASE)
    assert len(found) == MAX_FINDINGS + 1
    assert found[-1].text.startswith("More of the same kind: It happens.") and found[-1].frames[0] == MAX_FINDINGS


def test_braces_of_the_wire_are_text() -> None:
    (finding,) = apply(rule(Hit((1,), {"what": quoted("{x}")})), CASE)
    assert 'It is "{x}".' in finding.text


def test_quoted() -> None:
    assert quoted("a\x1b\u202e\n\ud800b") == '"a\\x1b\\u202e\\n\\ud800b"'
    assert len(quoted("x" * 1000)) == 62


def test_listed() -> None:
    assert listed([]) == "" and listed(["a"]) == "a" and listed(["a", "b", "a"]) == "a and b"
    assert listed("abcdefg", 3) == "a, b, c and others"


def test_completeness() -> None:
    """Whether something may have been missed is asked by frame."""
    assert CASE.complete_until(100)
    assert not Case(evidence(Tale(start=False))).complete_until(1)
    lossy = Case(evidence(Tale().gap("lost_segment")))
    assert lossy.complete_until(2) and not lossy.complete_until(3)
