"""Words for people, and that nothing in them acts on the reader's eyes."""

from __future__ import annotations

from msra.analysis.model import Outcome
from msra.events import Endpoint
from msra.report.html import words
from tests.report.builders import HOSTILE


def test_hostile_text_is_escaped_and_endless_text_cut() -> None:
    assert words.shown(HOSTILE) == r"\x1b[31mred\x07 \u202egnp.exe\u2028<b>&\x00"
    assert words.shown("x" * 5000) == "x" * words.LONGEST + "… (5,000 characters in all)"
    assert words.shown(7) == "7"


def test_ends_and_frames() -> None:
    assert words.endpoint(Endpoint("10.0.0.1", 5)) == "10.0.0.1:5"
    assert words.endpoint(Endpoint("fe80::1", 5)) == "[fe80::1]:5"
    assert words.frames((7,)) == "Frame 7"
    assert words.frames(tuple(range(1, 13))) == "Frames 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more"


def test_counts() -> None:
    assert words.count(1, "session") == "1 session" and words.count(1200, "session") == "1,200 sessions"


def test_every_outcome_has_a_word() -> None:
    assert set(words.OUTCOMES) == set(Outcome)
