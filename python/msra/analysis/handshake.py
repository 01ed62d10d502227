"""How far the two sides came in the sequence that lets the expert in ([MS-RA] 3.3 to 3.8), one table a version.

    the novice begins -> the expert chooses a version -> password or token -> the novice answers -> established

Real peers leave messages out and do not wait for answers, and captures begin and end where they like. So the states of
a table are in the order of the sequence, and a message leads to its state from every one before it; never back, except
where a row says from which states. Messages that no row knows change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

from msra.analysis.evidence import Evidence
from msra.analysis.findings.rule import LOSSES, UNREAD, Case
from msra.analysis.findings.vocabulary import (
    ANNOUNCE,
    AUTHENTICATE,
    CONTROL_DESKTOP,
    DISCONNECT,
    EXPERT_NAME,
    NOVICE_NAME,
    ON_VISTA,
    RESULT,
    TOKEN,
    VERIFY_PASSWORD,
    VERSIONINFO,
)
from msra.analysis.model import Handshake
from msra.codes import lookup
from msra.events import Message, Role

# What is said besides the types of messages: a RESULT by what its code means, and everything outside RC_CTL.
OK, NO, ERROR, END = "RESULT: no error", "RESULT: the user refuses", "RESULT: an error", "RESULT: the session ended"
ELSEWHERE = "a message of another channel"
_OUTCOMES = {"established": OK, "refused": NO, "failed": ERROR}

_LATER = " Later messages may be missing: not all bytes could be read."

_Event: TypeAlias = "tuple[Role, str]"


class State(NamedTuple):
    """`awaited` is the side whose turn it is; `text` may name the {sender} who led there and what was {before}."""

    id: str
    awaited: Role | None
    text: str


class Step(NamedTuple):
    """`sender` (None: either side) says this, and both are at `to`: from the states `at`, () for all up to there."""

    sender: Role | None
    says: str
    to: str
    at: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """The states in the order of the sequence, and what leads to them; the first step that applies counts."""

    states: tuple[State, ...]
    steps: tuple[Step, ...]

    @cached_property
    def state(self) -> Mapping[str, State]:
        """The states by id."""
        return {state.id: state for state in self.states}

    @cached_property
    def _rank(self) -> Mapping[str, int]:
        return {state.id: rank for rank, state in enumerate(self.states)}

    @cached_property
    def _by_event(self) -> Mapping[_Event, list[Step]]:
        found: dict[_Event, list[Step]] = {}
        roles: tuple[Role, ...] = ("expert", "novice")
        for step in self.steps:
            for sender in roles if step.sender is None else (step.sender,):
                found.setdefault((sender, step.says), []).append(step)
        return found

    def target(self, at: str, event: _Event) -> str | None:
        """The state that this event leads to, which may be the same; None if it leads nowhere from `at`."""
        for step in self._by_event.get(event, ()):
            if at in step.at if step.at else self._rank[at] <= self._rank[step.to]:
                return step.to
        return None


_BEGINNING = (
    # One of these is where every table begins: see _first.
    State("not_seen", None, "No message of the handshake is in the capture, or none of it could be read."),
    State("not_reached", None, "The connection did not come as far as the handshake."),
    State("waiting_for_novice", "novice", "The novice has not begun the handshake."),
)
_WAITING = State("waiting_for_expert", "expert", "The novice has begun the handshake; the expert has not answered.")
_NOT_LET_IN = (
    State("disconnected", None, "The {sender} has disconnected before there was a decision. {before}"),
    State("expert_refused", None, "The expert has answered with an error."),  # [MS-RA] 3.3.5: a version it can't use
    State("failed", None, "The novice has answered with an error."),
    State("refused", None, "The novice's user has refused to let the expert in."),
)
_ENDED = State("ended", None, "The novice had let the expert in; later the {sender} said that the session is over.")

_ENDS = (
    # [MS-RA] 2.2.1.5, 2.2.1.10, 2.2.6: the same in all versions, although version 3 should have no RESULT.
    Step("novice", NO, "refused"),
    Step("novice", NO, "refused", ("established", "ended")),  # the password was right, then the user says no
    Step("novice", ERROR, "failed"),
    Step("novice", ERROR, "failed", ("refused", "established", "ended")),
    Step(None, END, "ended", ("established",)),
    Step("novice", END, "failed"),
    Step("expert", NO, "expert_refused"),
    Step("expert", ERROR, "expert_refused"),
    Step("expert", END, "expert_refused"),
    Step(None, DISCONNECT, "ended", ("established",)),
    Step(None, DISCONNECT, "disconnected"),
)

_VERSION_1 = Table(
    # [MS-RA] 3.3.5, 3.4.5: the novice answers twice, for the password and for the screen.
    states=(
        *_BEGINNING,
        _WAITING,
        State("version_chosen", "expert", "The expert has chosen version 1; its AUTHENTICATE has not come."),
        State("password_sent", "novice", "The expert has sent AUTHENTICATE; the novice has not answered."),
        State("password_accepted", "expert", "The password is accepted; the expert has not asked for the screen."),
        State(
            "screen_requested", "novice",
            "The expert has asked for the screen; the novice, who asks its user, has not answered.",
        ),
        *_NOT_LET_IN,
        State("established", None, "The novice has let the expert in."),
        _ENDED,
    ),
    steps=(
        Step("novice", ANNOUNCE, "waiting_for_expert"),
        Step("novice", VERSIONINFO, "waiting_for_expert"),
        Step("expert", VERSIONINFO, "version_chosen"),
        Step("expert", AUTHENTICATE, "password_sent"),
        # FreeRDP asks for the screen at once, and one RESULT may answer both.
        Step("novice", OK, "established", ("screen_requested", "refused")),
        Step("novice", OK, "password_accepted", ("failed",)),
        Step("novice", OK, "password_accepted"),
        Step("expert", CONTROL_DESKTOP, "screen_requested"),
        Step("expert", CONTROL_DESKTOP, "screen_requested", ("expert_refused",)),
        *_ENDS,
    ),
)  # fmt: skip

_VERSION_2 = Table(
    # [MS-RA] 3.5.5, 3.6.5: the novice answers once; a user who says yes sends nothing more, one who says no 41.
    states=(
        *_BEGINNING,
        _WAITING,
        State("version_chosen", "expert", "The expert has chosen version 2; its VERIFY_PASSWORD has not come."),
        State("password_sent", "novice", "The expert has sent VERIFY_PASSWORD; the novice has not answered."),
        *_NOT_LET_IN,
        State("established", None, "The novice has accepted the password, and no refusal of its user followed."),
        _ENDED,
    ),
    steps=(
        Step("novice", ANNOUNCE, "waiting_for_expert"),
        Step("novice", VERSIONINFO, "waiting_for_expert"),
        Step("expert", ON_VISTA, "version_chosen"),
        Step("expert", VERIFY_PASSWORD, "password_sent"),
        Step("novice", OK, "ended", ("disconnected",)),  # both were on their way
        Step("novice", OK, "established"),
        *_ENDS,
    ),
)

_VERSION_3 = Table(
    # [MS-RA] 3.7.5, 3.8.5: nobody answers. What goes on was accepted; else the connection ends, mostly without a word.
    states=(
        *_BEGINNING,
        State("novice_token_sent", "expert", "The novice has sent its token; the expert has not sent its own."),
        State("expert_token_sent", "novice", "The expert has sent its token; that of the novice was not seen."),
        State(
            "tokens_exchanged", "novice",
            "Both sides have sent a token; nothing shows that the novice and its user accept the expert.",
        ),
        *_NOT_LET_IN,
        State("established", None, "Both sides have sent a token and went on: the novice has let the expert in."),
        _ENDED,
    ),
    steps=(
        Step("novice", TOKEN, "tokens_exchanged", ("expert_token_sent",)),
        Step("expert", TOKEN, "tokens_exchanged", ("novice_token_sent",)),
        Step("novice", TOKEN, "novice_token_sent"),
        Step("expert", TOKEN, "expert_token_sent"),
        Step(None, ELSEWHERE, "established", ("tokens_exchanged",)),
        Step("novice", OK, "established"),
        *_ENDS,
    ),
)  # fmt: skip

_UNKNOWN = Table(
    # No message of the expert tells the version: it has sent none, or the capture does not show it.
    states=(
        *_BEGINNING,
        State("running", None, "The sides exchange what belongs to a running session; its handshake was not seen."),
        _WAITING,
        State("accepted", None, "The novice has answered without an error; what it answers was not seen."),
        *_NOT_LET_IN,
        State("established", None, "The novice has let the expert in; the expert's part of the sequence was not seen."),
        State("ended", None, "The {sender} has said that the session is over; not all of its handshake was seen."),
    ),
    steps=(
        Step("novice", ANNOUNCE, "waiting_for_expert"),
        Step("novice", VERSIONINFO, "waiting_for_expert"),
        Step("novice", OK, "established", ("accepted",)),  # version 1 answers twice
        Step("novice", OK, "accepted", ("refused", "failed")),
        Step("novice", OK, "accepted"),
        Step(None, ELSEWHERE, "established", ("accepted",)),
        Step(None, ELSEWHERE, "running"),
        Step("novice", NOVICE_NAME, "established", ("accepted",)),
        Step("novice", NOVICE_NAME, "running"),
        Step("expert", EXPERT_NAME, "established", ("accepted",)),
        Step("expert", EXPERT_NAME, "running"),
        Step(None, END, "ended", ("not_seen", "running", "accepted")),
        Step(None, DISCONNECT, "ended", ("not_seen", "running", "accepted")),
        *_ENDS,
    ),
)

TABLES: Mapping[int | None, Table] = {1: _VERSION_1, 2: _VERSION_2, 3: _VERSION_3, None: _UNKNOWN}
"""By version; None if it is not known."""


def handshake(evidence: Evidence) -> Handshake:
    """How far the sides came. Of messages that repeat one another, only the first has its frame there.

    Nobody is awaited where messages may be missing.
    """
    table = TABLES[evidence.version]
    state = table.state[_first(evidence)]
    text = state.text
    led: dict[tuple[_Event, str], int] = {}
    for message in evidence.messages:
        event = message.sender, _said(message)
        target = table.target(state.id, event)
        if target is None or (target == state.id and (event, target) in led):
            continue
        led[event, target] = message.frame
        if target != state.id:
            before, state = text, table.state[target]
            text = state.text.format(sender=message.sender, before=before)
    awaited, frames = state.awaited, tuple(sorted(set(led.values())))
    if awaited and _unread_since(evidence, max(frames, default=0)):
        awaited, text = None, text + _LATER
    return Handshake(state.id, text, awaited, frames)


def _first(evidence: Evidence) -> str:
    """Where the sides are before any message. The novice begins as soon as there are channels ([MS-RA] 3.6.5)."""
    if not Case(evidence).starts or _unread_since(evidence, 0):
        return "not_seen"
    return "waiting_for_novice" if "server_channels" in evidence.facts else "not_reached"


def _said(message: Message) -> str:
    """What a message is to the tables."""
    if message.channel != "RC_CTL":
        return ELSEWHERE
    value = message.fields.get("result")
    if message.type != RESULT or not isinstance(value, int):
        return message.type
    code = lookup(value)
    return END if code.ends_session else _OUTCOMES[code.outcome]


def _unread_since(evidence: Evidence, frame: int) -> bool:
    """Whether bytes that may hold messages are missing, or could not be read, from this frame on."""
    return any(gap.frame >= frame and gap.kind in LOSSES | UNREAD for gap in evidence.gaps)
