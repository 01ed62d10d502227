"""Durations: what each of them is measured from and to, and that no clock makes them negative."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.analysis.control import controls
from msra.analysis.durations import durations
from msra.analysis.model import Durations
from msra.events import Message
from msra.layers.msra import MSG_TYPES
from tests.analysis.builders import SECOND
from tests.analysis.findings.stories import Tale, evidence


def measured(tale: Tale, decided: Message | None = None, end: int = 60) -> Durations:
    """The story runs from second 1 to `end`, a frame a second. Its last message decides, if no other one is given."""
    seen = evidence(tale)
    return durations(seen, controls(seen), decided or next(reversed(seen.messages), None), SECOND, end * SECOND)


def test_total() -> None:
    assert measured(Tale()).total == 59 * SECOND
    assert measured(Tale(), end=0).total == 0


@pytest.mark.parametrize(
    ("tale", "seconds"),
    [
        # [MS-RA] 3.3.5: a wrong password is answered after AUTHENTICATE, the user's decision after ...CONTROL_DESKTOP
        (Tale().expert("CTL_AUTHENTICATE").expert("CTL_ISCONNECTED").novice("CTL_RESULT", result=26), 2),
        (Tale().in_version(1), 1),
        (Tale().expert("CTL_REMOTE_CONTROL_DESKTOP").expert("CTL_AUTHENTICATE").novice("CTL_RESULT", result=0), 2),
        # [MS-RA] 3.5.5: VERIFY_PASSWORD, the last one
        (Tale().in_version(2), 1),
        (Tale().in_version(2).expert("CTL_ISCONNECTED").novice("CTL_RESULT", result=41), 3),
        (Tale().expert("CTL_VERIFY_PASSWORD").expert("CTL_VERIFY_PASSWORD").novice("CTL_RESULT", result=61), 1),
        # what was asked is not there, nothing was asked, or the wrong side answers
        (Tale().expert("EXPERT_ON_VISTA").novice("CTL_RESULT", result=0), None),
        (Tale().novice("CTL_RESULT", result=0), None),
        (Tale().in_version(3).novice("CTL_RESULT", result=0), None),
        (Tale().expert("EXPERT_ON_VISTA").novice("CTL_VERIFY_PASSWORD").novice("CTL_RESULT", result=0), None),
        (Tale().expert("CTL_VERIFY_PASSWORD").expert("CTL_RESULT", result=0), None),
    ],
)
def test_the_time_to_an_answer(tale: Tale, seconds: int | None) -> None:
    assert measured(tale).to_answer == (None if seconds is None else seconds * SECOND)


def test_only_what_was_asked_before_is_answered() -> None:
    tale = Tale().in_version(2).expert("CTL_VERIFY_PASSWORD")
    (result,) = [message for message in evidence(tale).messages if "result" in message.fields]
    assert measured(tale, result).to_answer == SECOND


def test_without_a_decision_there_is_no_answer() -> None:
    seen = evidence(Tale().in_version(2))
    assert durations(seen, [], None, 0, SECOND).to_answer is None


def test_shared_control_is_summed() -> None:
    tale = Tale().command("expert", "REMOTECTRLSTART")
    assert measured(tale).under_control is None
    tale.command("novice", "ACCEPTRC").command("expert", "EXPERTIP").command("expert", "REMOTECTRLEND")
    assert measured(tale).under_control == 2 * SECOND
    tale.command("novice", "ACCEPTRC")  # in second 7, and nobody ends it
    assert measured(tale).under_control == (2 + 53) * SECOND
    assert measured(tale, end=5).under_control == 2 * SECOND


def test_an_end_without_a_start_has_no_duration() -> None:
    assert measured(Tale().command("novice", "TAKECONTROL")).under_control is None


def test_silence_is_what_follows_the_last_message() -> None:
    tale = Tale().in_version(3).fact("tcp_close", how="fin")
    assert measured(tale).silence == (60 - 4) * SECOND
    assert measured(tale, end=1).silence == 0
    assert measured(Tale()).silence is None


def test_heartbeats_of_both_sides_are_counted() -> None:
    assert measured(Tale().expert("CTL_ISCONNECTED").novice("CTL_ISCONNECTED")).heartbeats == 2
    assert measured(Tale().in_version(1)).heartbeats == 0


KINDS = [*MSG_TYPES.values(), "ACCEPTRC", "TAKECONTROL", "REMOTECTRLSTART", "REMOTECTRLEND"]
ANYTHING = st.tuples(st.booleans(), st.sampled_from(KINDS), st.integers(-(2**63), 2**63), st.integers(1, 9))


@given(st.lists(ANYTHING, max_size=20), st.integers(), st.integers(), st.integers(0, 19))
def test_no_clock_makes_them_negative(said: list[tuple[bool, str, int, int]], start: int, end: int, at: int) -> None:
    tale = Tale()
    for expert, kind, time, frame in said:
        tale.command("expert" if expert else "novice", kind) if kind in KINDS[-4:] else tale.message(
            "expert" if expert else "novice", kind
        )
        tale.events[-1] = replace(tale.events[-1], time=time, frame=frame)
    seen = evidence(tale)
    decided = seen.messages[at] if at < len(seen.messages) else None
    found = durations(seen, controls(seen), decided, start, end)
    measures = (found.total, found.to_answer, found.under_control, found.silence, found.heartbeats)
    assert all(measure is None or measure >= 0 for measure in measures)
