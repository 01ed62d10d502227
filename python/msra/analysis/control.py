"""Shared control: every request of the expert, what became of it, and how long it lasted ([MS-RA] 3.15, 3.16).

              asks                    accepts
    viewing ---------> asked -----------------------> controlling
       ^                 | rejects, denies, ends           | ends
       +-----------------+---------------------------------+

Only who asks and who agrees is looked at, not the expert's input. What a side never sends is ignored, and so is a
question that is asked again, or an answer that comes again, before anything has changed.
"""

from __future__ import annotations

from collections.abc import Mapping

from msra.analysis.evidence import Evidence
from msra.analysis.findings.vocabulary import command
from msra.analysis.model import Control
from msra.events import Message, Role
from msra.limits import MAX_CONTROLS

_REQUEST_INTERACT = 2  # [MS-RDPEMC] 2.2.4.3

_ASKS, _RELEASES = ("asks", "pending"), ("releases", "given_up")
_MEANINGS: Mapping[tuple[str, Role], tuple[str, str]] = {
    # [MS-RA] 3.15.5, 3.16.5: what a command is to the table, and what it makes of the request (Control.how).
    # No section says who sends ABORTRC, or when: whoever does ends what there is.
    ("REMOTECTRLSTART", "expert"): _ASKS,
    ("ACCEPTRC", "novice"): ("accepts", "accepted"),
    ("REJECTRC", "novice"): ("refuses", "rejected"),
    ("DENIEDRC", "novice"): ("refuses", "denied"),
    ("TAKECONTROL", "novice"): ("ends", "taken_back"),
    ("ESCRC", "novice"): ("ends", "escaped"),
    ("REMOTECTRLEND", "expert"): ("gives_up", "given_up"),
    ("ABORTRC", "expert"): ("ends", "aborted"),
    ("ABORTRC", "novice"): ("ends", "aborted"),
}

STEPS: Mapping[tuple[str, str], tuple[str, str]] = {
    # (state, what is said): (state after it, what the message is to the request)
    ("viewing", "asks"): ("asked", "asked"),
    ("viewing", "accepts"): ("controlling", "answered"),
    ("viewing", "refuses"): ("viewing", "answered"),
    ("viewing", "ends"): ("viewing", "ended"),
    ("viewing", "gives_up"): ("viewing", "ended"),
    ("asked", "accepts"): ("controlling", "answered"),
    ("asked", "refuses"): ("viewing", "answered"),
    ("asked", "ends"): ("viewing", "ended"),
    ("asked", "gives_up"): ("viewing", "ended"),
    ("asked", "releases"): ("released", "ended"),
    ("controlling", "ends"): ("viewing", "ended"),
    ("controlling", "gives_up"): ("viewing", "ended"),
    ("controlling", "releases"): ("released", "ended"),
    # As "viewing", but the expert may say it once more, with a command.
    ("released", "asks"): ("asked", "asked"),
    ("released", "accepts"): ("controlling", "answered"),
    ("released", "refuses"): ("viewing", "answered"),
    ("released", "ends"): ("viewing", "ended"),
    ("released", "gives_up"): ("viewing", ""),
}


def controls(evidence: Evidence) -> list[Control]:
    """The requests in the order of their first messages, at most MAX_CONTROLS.

    An answer or an end that belongs to no request that was seen stands for itself.
    """
    found: list[Control] = []
    state, how, since = "viewing", "", 0
    frames: dict[str, int] = {}
    for message in evidence.messages:
        said, becomes = _meaning(message)
        step = STEPS.get((state, said))
        if step is None:
            continue
        state, part = step
        if not part:
            continue
        frames[part], how = message.frame, becomes
        if state == "controlling":
            since = message.time
        elif state != "asked":
            lasted = max(0, message.time - since) if part == "ended" and "answered" in frames else None
            found.append(_control(frames, how, lasted))
            frames = {}
            if len(found) == MAX_CONTROLS:
                return found
    return [*found, _control(frames, how, None)] if frames else found


def _control(frames: Mapping[str, int], how: str, duration: int | None) -> Control:
    return Control(frames.get("asked"), frames.get("answered"), frames.get("ended"), how, duration)


def _meaning(message: Message) -> tuple[str, str]:
    """What a message says about control, and what becomes of the request by it."""
    if message.type == "RCCOMMAND":
        return _MEANINGS.get((command(message), message.sender), ("", ""))
    flags = message.fields.get("flags")
    if message.type == "OD_PARTICIPANT_CTRL_CHANGE" and message.sender == "expert" and isinstance(flags, int):
        # The expert asks for a level: without REQUEST_INTERACT it gives control back, as FreeRDP does.
        return _ASKS if flags & _REQUEST_INTERACT else _RELEASES
    return "", ""
