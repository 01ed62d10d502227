"""Remarks on who sends what, when, and in which version ([MS-RA] 2.2.1, 3.3 to 3.8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msra.analysis.findings.rule import Case, Hit, Rule, hit, listed
from msra.analysis.findings.vocabulary import (
    ANNOUNCE,
    AUTHENTICATE,
    CONTROL_DESKTOP,
    DISCONNECT,
    EXPERT_NAME,
    NOVICE_NAME,
    ON_VISTA,
    RESULT,
    SENDERS,
    TOKEN,
    VERIFY_PASSWORD,
    VERSIONINFO,
    name_of,
    versions_of,
)
from msra.events import Message, Role


class _Step(NamedTuple):
    """In one version, `sender` sends this type only after the other side or itself has sent `after`."""

    version: int
    type: str
    sender: Role
    after: tuple[str, Role]


_STEPS = (
    _Step(1, AUTHENTICATE, "expert", (VERSIONINFO, "expert")),  # [MS-RA] 3.3.5
    _Step(2, VERIFY_PASSWORD, "expert", (ON_VISTA, "expert")),  # [MS-RA] 3.5.5
    _Step(2, NOVICE_NAME, "novice", (RESULT, "novice")),
    _Step(2, EXPERT_NAME, "expert", (RESULT, "novice")),
    _Step(3, TOKEN, "expert", (TOKEN, "novice")),  # [MS-RA] 3.7.5
)
_FIRST_OF_THE_EXPERT = (VERSIONINFO, AUTHENTICATE, ON_VISTA, VERIFY_PASSWORD)
_SENT_ONCE = frozenset(
    {ANNOUNCE, VERSIONINFO, AUTHENTICATE, CONTROL_DESKTOP, ON_VISTA, VERIFY_PASSWORD, NOVICE_NAME, EXPERT_NAME, TOKEN}
)


def _wrong_version(case: Case) -> Iterator[Hit]:
    for message in case.messages(VERSIONINFO):
        said = message.fields.get("version_major"), message.fields.get("version_minor")
        if None not in said and said != (1, 2):
            yield hit(message, sender=message.sender, major=said[0], minor=said[1])


def _wrong_sender(case: Case) -> Iterator[Hit]:
    for message in case.evidence.messages:
        name = name_of(message)
        right = SENDERS.get(name)
        if right and message.sender != right:
            yield hit(message, name=name, sender=message.sender, right=right)


def _other_version(case: Case) -> Iterator[Hit]:
    """One hit for all messages of the same versions."""
    groups: dict[tuple[int, ...], list[Message]] = {}
    for message in case.evidence.messages if case.version else ():
        versions = versions_of(message)
        if versions and case.version not in versions:
            groups.setdefault(versions, []).append(message)
    for versions, messages in groups.items():
        yield Hit(
            tuple(message.frame for message in messages),
            {
                "names": listed((name_of(message) for message in messages), 10),
                "versions": "version " + " and ".join(str(number) for number in versions),
                "version": case.version,
            },
        )


def _out_of_sequence(case: Case) -> Iterator[Hit]:
    said: set[tuple[str, Role]] = set()
    for message in case.evidence.messages:
        for step in _STEPS:
            sent = (step.version, step.type, step.sender) == (case.version, message.type, message.sender)
            if sent and step.after not in said and case.complete_until(message.frame):
                yield hit(message, name=message.type, sender=message.sender, after=step.after[0], whose=step.after[1])
        said.add((message.type, message.sender))


def _late_announce(case: Case) -> Iterator[Hit]:
    """[MS-RA] 2.2.1.7: it begins the sequence."""
    begun = min((m.frame for m in case.messages(*_FIRST_OF_THE_EXPERT) if m.sender == "expert"), default=None)
    for message in case.messages(ANNOUNCE):
        if begun is not None and message.frame > begun:
            yield hit(message)


def _no_announce(case: Case) -> Iterator[Hit]:
    first = next((m for m in case.messages(*_FIRST_OF_THE_EXPERT) if m.sender == "expert"), None)
    announced = case.evidence.has(ANNOUNCE)
    if first and case.version in (1, 2) and not announced and case.complete_until(first.frame):
        yield hit(first)


def _not_awaited(case: Case) -> Iterator[Hit]:
    """[MS-RA] 3.3.5: only the novice's RESULT lets the expert go on."""
    answers = [message.frame for message in case.messages(RESULT) if message.sender == "novice"]
    for message in case.messages(CONTROL_DESKTOP):
        early = not answers or min(answers) > message.frame
        if case.version == 1 and early and message.sender == "expert" and case.complete_until(message.frame):
            yield hit(message)


def _repeated(case: Case) -> Iterator[Hit]:
    said: set[tuple[str, Role]] = set()
    for message in case.messages(*sorted(_SENT_ONCE)):
        one = message.type, message.sender
        if one in said:
            yield hit(message, name=message.type, sender=message.sender)
        said.add(one)


def _after_disconnect(case: Case) -> Iterator[Hit]:
    """What the same side says later; the other side's messages may still be on their way."""
    gone = {message.sender: message.frame for message in reversed(case.messages(DISCONNECT))}
    later = [m for m in case.evidence.messages if m.sender in gone and m.frame > gone[m.sender]]
    for sender in gone:
        messages = [message for message in later if message.sender == sender]
        if messages:
            names = listed((name_of(message) for message in messages), 10)
            yield Hit(tuple(message.frame for message in messages), {"sender": sender, "names": names})


RULES = (
    Rule(
        "wrong_version", "warning", "[MS-RA] 2.2.1.8",
        "A VERSIONINFO names another version than 1.2.",
        "The VERSIONINFO of the {sender} says {major}.{minor}, where it must be 1.2. In version 1 the other side then "
        "ends the session with SAFERROR_INCOMPATIBLEVERSION or E_FAIL; version 2 ignores it.",
        _wrong_version,
    ),
    Rule(
        "wrong_sender", "warning", "[MS-RA] 2.2.1, 3.15.5",
        "A message comes from the side that never sends it.",
        "{name} came from the {sender}, but only the {right} sends it. Either a peer is faulty, or the two sides are "
        "not who they seem to be.",
        _wrong_sender,
    ),
    Rule(
        "message_of_other_version", "warning", "[MS-RA] 3, 2.2.1, 2.2.2",
        "A message belongs to another version of the protocol than the session.",
        "{names} of {versions} in a session of version {version}: the receiver drops such messages "
        "without an error.",
        _other_version,
    ),
    Rule(
        "out_of_sequence", "warning", "[MS-RA] 3.3.5, 3.5.5, 3.7.5",
        "A message comes before the one that must precede it.",
        "The {sender} sent {name} before {after} of the {whose}, which has to come first.",
        _out_of_sequence,
    ),
    Rule(
        "late_server_announce", "warning", "[MS-RA] 2.2.1.7",
        "SERVER_ANNOUNCE comes after the expert's first message.",
        "The novice's SERVER_ANNOUNCE begins the sequence, but here the expert had begun before it.",
        _late_announce,
    ),
    Rule(
        "no_server_announce", "info", "[MS-RA] 3.4.5, 3.6.5",
        "The novice sends no SERVER_ANNOUNCE.",
        "The expert began without a SERVER_ANNOUNCE of the novice, as it does with FreeRDP; by the specification the "
        "expert's first messages answer it.",
        _no_announce,
    ),
    Rule(
        "result_not_awaited", "info", "[MS-RA] 3.3.5",
        "A version 1 expert asks for the screen before its password is accepted.",
        "The expert sent REMOTE_CONTROL_DESKTOP without waiting for the RESULT on its AUTHENTICATE, as FreeRDP does: a "
        "single RESULT may answer both.",
        _not_awaited,
    ),
    Rule(
        "repeated_message", "info", "[MS-RA] 3.3.5, 3.5.5, 3.7.5",
        "One side sends a message of the handshake more than once.",
        "The {sender} sent {name} again, which the sequence has once. An answer to it may belong to either.",
        _repeated,
    ),
    Rule(
        "message_after_disconnect", "warning", "[MS-RA] 2.2.1.5",
        "A side goes on after its own DISCONNECT.",
        "The {sender} sent {names} after its own DISCONNECT.",
        _after_disconnect,
    ),
)  # fmt: skip
"""Remarks on the sequence."""
