"""Not decided: the connection or the capture ended first. A table says what each stage of the handshake makes likely.

    summary     who ended the connection and how, and at which stage
    causes      by stage, and by who ended it: the novice, the expert, or nobody because the capture ends

Windows sends no code when somebody closes a window or a program dies, so these words are careful.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

from msra.analysis.findings.rule import LOSSES
from msra.analysis.findings.vocabulary import DISCONNECT
from msra.analysis.handshake import handshake
from msra.analysis.model import Outcome
from msra.analysis.verdict.rule import Reason, VerdictRule, View, seconds

Who: TypeAlias = Literal["novice", "expert", "nobody"]
Sentences: TypeAlias = tuple[str, ...]

_EVENT_LOG = (
    "On the novice's computer read the event log Applications and Services Logs > Microsoft > Windows > "
    "RemoteAssistance for that time: 16 and 17 say whether the password was right, 18 and 19 who disconnected."
)
_CAPTURE_ON = "Capture until the expert's program shows how it ended, and on the novice's side, too, if you can."
_TOO_EARLY = "The capture was stopped too early."
_WINDOW = "The novice's user closed the Remote Assistance window, or the invitation was withdrawn."
_CRASHED = "The novice's Remote Assistance ended unexpectedly, or could not go on and gave no reason."
_IMPATIENT = "The expert's user cancelled, or its program had waited long enough."
_NETWORK = "A firewall or another device between the two cut the connection."
_FRESH = "Close Remote Assistance on both computers and try with a new invitation."


class Stage(NamedTuple):
    """One row: the states of the handshake (analysis/handshake.py), and what was going on in them, as a clause."""

    id: str
    states: Sentences
    going_on: str
    causes: Mapping[Who, Sentences]
    next_steps: Sentences = (_EVENT_LOG, _FRESH)


STAGES = (
    Stage(
        "setup", ("not_reached",), "while the RDP connection was still being set up",
        {
            "novice": ("The novice's RDP server does not accept this client, and gives no reason.", _WINDOW, _NETWORK),
            "expert": ("The expert's program does not accept the novice's security settings or certificate.",
                       _IMPATIENT, _NETWORK),
            "nobody": (_TOO_EARLY, "One side stopped answering, or its packets were blocked."),
        },
        ("Compare the security settings of both sides; with FreeRDP try /sec:rdp and /sec:tls.", _EVENT_LOG),
    ),
    Stage(
        "silent", ("waiting_for_novice",),
        "before the novice said anything in the channel for Remote Assistance",
        {
            "novice": ("The novice's Remote Assistance did not start behind the RDP connection.", _WINDOW),
            "expert": ("The server is no Remote Assistance: it accepts the channel but does not serve it.",
                       _IMPATIENT),
            "nobody": (_TOO_EARLY,
                       "The server is no Remote Assistance: it accepts the channel but does not serve it."),
        },
        ("Check address and port of the invitation: they must be those of the Remote Assistance window that is open.",
         _EVENT_LOG, _FRESH),
    ),
    Stage(
        "no_password", ("waiting_for_expert", "version_chosen", "novice_token_sent"),
        "before the expert sent its password",
        {
            "novice": ("The expert's program did not answer in time.", _WINDOW),
            "expert": ("The expert's user cancelled, or was asked for the password and did not give it.",
                       "The expert's program found no version of the protocol that it knows."),
            "nobody": (_TOO_EARLY, "The expert's user was still to type the password."),
        },
        ("Check that the expert's program was started with the invitation, and with its password.", _FRESH),
    ),
    Stage(
        "password", ("password_sent",), "while the novice's answer to the password was awaited",
        {
            "novice": (_WINDOW, _CRASHED, "The novice's user did not answer the prompt in time."),
            "expert": (_IMPATIENT, "The prompt on the novice's screen was not answered: the user was away, or did not "
                                   "see it."),
            "nobody": (_TOO_EARLY, "The novice's user was still to answer the prompt."),
        },
        (_EVENT_LOG, "Have the user at the computer, with the desktop unlocked, and try again."),
    ),
    Stage(
        "accepted", ("password_accepted",), "after the password was accepted, before the expert asked for the screen",
        {
            "novice": (_WINDOW, _CRASHED),
            "expert": (_IMPATIENT, "The expert's program failed after the password was accepted."),
            "nobody": (_TOO_EARLY,),
        },
    ),
    Stage(
        "screen", ("screen_requested",), "while the novice's user was to answer whether the expert may see the screen",
        {
            "novice": (_WINDOW, _CRASHED, "The novice's user did not answer the prompt in time."),
            "expert": (_IMPATIENT, "The prompt was hidden, or the user was away."),
            "nobody": (_TOO_EARLY, "The novice's user was still to answer the prompt."),
        },
        ("Have the user at the computer, with the desktop unlocked, and try again.", _EVENT_LOG),
    ),
    Stage(
        # [MS-RA] 3.7.5: a token that is not right, and a user who says no, end the connection without a word.
        "token", ("expert_token_sent", "tokens_exchanged"), "after the expert's token, which version 3 never answers",
        {
            "novice": ("The token was not accepted: the expert's password or contact is another one.",
                       "The novice's user refused, or closed the window.", _CRASHED),
            "expert": (_IMPATIENT, "The expert did not accept the novice's token."),
            "nobody": (_TOO_EARLY, "The novice's user was still to answer the prompt."),
        },
        (_EVENT_LOG, "Compare the passwords on both sides, or delete the contact on both and use an invitation."),
    ),
    Stage(
        "running", ("running", "accepted", "established", "ended"),
        "in a session that was already running when the capture began",
        {
            "novice": (_WINDOW, _CRASHED),
            "expert": ("The expert's user ended the session.",),
            "nobody": ("The capture shows a part of a session only.",),
        },
        ("Take a capture that begins before the expert connects.",),
    ),
    Stage(
        "not_seen", ("not_seen",), "and no message of the handshake could be read",
        {"novice": (), "expert": (), "nobody": ()},
        ("Take a capture that begins before the expert connects, without lost packets.",),
    ),
)  # fmt: skip
"""In the order of the handshake."""


def _stage(view: View) -> str:
    """The state of the handshake, as if nobody had disconnected."""
    evidence = view.evidence
    stayed = tuple(message for message in evidence.messages if message.type != DISCONNECT)
    return handshake(replace(evidence, messages=stayed)).state


def _lost(view: View) -> Reason | None:
    """What decides may be among bytes that are missing behind the last message of the handshake."""
    last = max(view.handshake.frames, default=0)
    lost = [gap for gap in view.evidence.gaps if gap.kind in LOSSES and gap.frame >= last]
    if not lost:
        return None
    values = {"size": f"{sum(gap.size for gap in lost):,}", "how": _sentence(view)}
    return Reason(None, values)


def _at(stage: Stage) -> Iterable[VerdictRule]:
    """The rules of one stage, by who ended the connection."""
    for who, causes in stage.causes.items():

        def find(view: View, who: Who = who) -> Reason | None:
            if (view.ending.sender or "nobody") != who or _stage(view) not in stage.states:
                return None
            return Reason(
                view.ending.frame, {"how": _sentence(view)}, next_steps=() if who != "nobody" else (_CAPTURE_ON,)
            )

        yield VerdictRule(
            f"{stage.id}_{who}", Outcome.INCOMPLETE, f"{{how}} {stage.going_on}.", find, causes, stage.next_steps
        )


def _sentence(view: View) -> str:
    """Who ended the connection and how, and how long they had waited by then; without a full stop."""
    end = view.ending
    text = end.text[:1].upper() + end.text[1:]
    before = [message.time for message in view.evidence.messages if end.frame and message.frame < end.frame]
    if not before or end.time is None:
        return text
    return f"{text}, {seconds(end.time - before[-1])} after the last message,"


def _any(view: View) -> Reason:
    return Reason(view.ending.frame, {"how": _sentence(view), "state": view.handshake.text})


RULES = (
    VerdictRule(
        "lost", Outcome.INCOMPLETE,
        "The capture shows no decision, but {size} bytes are missing from it that may hold it. {how} before a decision "
        "was seen.",
        _lost,
        ("The computer that captured could not keep up, or packets took another way.",),
        ("Capture again, if possible on the other side, with a larger buffer (dumpcap -B 64).",),
    ),
    *(rule for stage in STAGES for rule in _at(stage)),
    VerdictRule(
        "no_decision", Outcome.INCOMPLETE, "{how} without a decision. {state}", _any, (), (_CAPTURE_ON, _EVENT_LOG),
    ),
)  # fmt: skip
"""Undecided sessions; the last rule applies to everything."""
