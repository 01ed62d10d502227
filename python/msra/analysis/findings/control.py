"""Remarks on share control ([MS-RA] 3.15, 3.16). The expert's input itself is not looked at."""

from __future__ import annotations

from collections.abc import Iterator

from msra.analysis.findings.rule import Case, Hit, Rule
from msra.analysis.model import Control

_ENDS = {"taken_back": "TAKECONTROL", "escaped": "ESCRC", "given_up": "REMOTECTRLEND", "aborted": "ABORTRC"}
_ANSWERS = {"rejected": "REJECTRC", "denied": "DENIEDRC"}


def _frames(control: Control) -> tuple[int, ...]:
    return tuple(frame for frame in (control.asked, control.answered, control.ended) if frame is not None)


def _unasked(case: Case) -> Iterator[Hit]:
    for control in case.controls:
        if control.asked is None and control.answered is not None and case.complete_until(control.answered):
            yield Hit((control.answered,), {"answer": _ANSWERS.get(control.how, "ACCEPTRC")})


def _ends_of_nothing(case: Case) -> Iterator[tuple[Control, bool]]:
    """Ends of a control that nobody granted, and whether another one was running, or had run, before."""
    granted = False
    for control in case.controls:
        unknown = control.asked is None and control.answered is None
        if unknown and control.ended is not None and case.complete_until(control.ended):
            yield control, granted
        granted = granted or (control.answered is not None and control.how not in _ANSWERS)


def _without_grant(case: Case) -> Iterator[Hit]:
    for control, granted in _ends_of_nothing(case):
        if not granted:
            yield Hit(_frames(control), {"end": _ENDS.get(control.how, control.how)})


def _ended_twice(case: Case) -> Iterator[Hit]:
    for control, granted in _ends_of_nothing(case):
        if granted:
            yield Hit(_frames(control), {"end": _ENDS.get(control.how, control.how)})


RULES = (
    Rule(
        "unasked_control", "warning", "[MS-RA] 3.15.5",
        "The novice answers a request for control that the expert did not make.",
        "The novice sent {answer}, but the expert had not asked for control. If the expert takes it for an answer, the "
        "two sides do not agree on who is in control.",
        _unasked,
    ),
    Rule(
        "control_without_grant", "warning", "[MS-RA] 3.15.5, 3.16.5",
        "Control ends although it was never granted.",
        "{end} ends a control that was never granted with ACCEPTRC: either control was shared without the question, or "
        "the message means nothing. Input itself is not looked at.",
        _without_grant,
    ),
    Rule(
        "control_ended_twice", "info", "[MS-RA] 3.15.5, 3.16.5",
        "Control ends again after it has ended.",
        "{end} ends a control that had ended before; both sides may have ended it at the same time.",
        _ended_twice,
    ),
)  # fmt: skip
"""Remarks on share control."""
