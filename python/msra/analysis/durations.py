"""How long things took: the answer, shared control, the silence at the end. Times are nanoseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msra.analysis.evidence import Evidence
from msra.analysis.findings.vocabulary import AUTHENTICATE, CONTROL_DESKTOP, VERIFY_PASSWORD
from msra.analysis.model import Control, Durations
from msra.events import Message

_HEARTBEAT = "REMOTEDESKTOP_CTL_ISCONNECTED"  # [MS-RA] 2.2.1.6
_REQUESTS: Mapping[int, tuple[str, ...]] = {
    # [MS-RA] 3.3.5, 3.5.5: what a RESULT answers, the last request of a sequence first; version 3 has no RESULT
    1: (CONTROL_DESKTOP, AUTHENTICATE),
    2: (VERIFY_PASSWORD,),
}


def durations(
    evidence: Evidence, controls: Sequence[Control], decided: Message | None, start: int, end: int
) -> Durations:
    """`controls` are those of the same evidence, `decided` is the RESULT that decided, `start` and `end` the session's.

    Control that nobody ended counts to the end. No duration is negative, whatever the clocks of a capture say.
    """
    messages = evidence.messages
    return Durations(
        total=max(0, end - start),
        to_answer=_to_answer(evidence, decided),
        under_control=_under_control(messages, controls, end),
        silence=max(0, end - messages[-1].time) if messages else None,
        heartbeats=sum(message.type == _HEARTBEAT for message in messages),
    )


def _to_answer(evidence: Evidence, decided: Message | None) -> int | None:
    """From the expert's last request before the RESULT."""
    if decided is None or decided.sender != "novice":
        return None
    types = _REQUESTS.get(evidence.version or 0, ())
    asked = {
        message.type: message.time
        for message in evidence.messages
        if message.sender == "expert" and message.type in types and message.frame <= decided.frame
    }
    return next((max(0, decided.time - asked[kind]) for kind in types if kind in asked), None)


def _under_control(messages: Sequence[Message], controls: Sequence[Control], end: int) -> int | None:
    """None if there is no control of which both ends are known."""
    running = {control.answered for control in controls if control.how == "accepted"}
    since = {message.frame: message.time for message in messages if message.frame in running}
    lasted = [control.duration for control in controls if control.duration is not None]
    lasted += [max(0, end - time) for time in since.values()]
    return sum(lasted) if lasted else None
