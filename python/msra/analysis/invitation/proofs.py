"""What takes the password: opening the ticket, and the proofs that the sides know it ([MS-RAI] 6, [MS-RA] 2.2.4)."""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto

from msra.analysis.findings.vocabulary import AUTHENTICATE, ON_VISTA, TOKEN, VERIFY_PASSWORD
from msra.analysis.invitation.case import Answer, Case, Status, failed, not_checkable, passed
from msra.analysis.invitation.crypto import UnsupportedAlgorithm, open_pass_stub, token
from msra.events import Message, Role
from msra.layers.blob import parse_expert_blob
from msra.limits import MAX_PASS_STUB

_HEXADECIMAL = re.compile("(?:[0-9A-Fa-f]{2})+")
_ROLES: Mapping[Role, str] = {"novice": "NOVICE", "expert": "EXPERT"}


def ticket(case: Case) -> Answer:
    """LHTICKET becomes a connection string 2 with the right password, and noise with any other."""
    if case.invitation.lh_ticket is None:
        return not_checkable("The invitation has no encrypted ticket (LHTICKET): it is one for version 1.")
    if not case.invitation.lh_ticket:
        return failed("The invitation's ticket (LHTICKET) was damaged on its way: it has lost or changed characters.")
    if case.password is None:
        return not_checkable("No password was given that could open the invitation's ticket (LHTICKET).")
    if case.ticket is None:
        return failed(
            "The password given does not open the invitation's ticket (LHTICKET): it is not the password of this "
            "invitation, or the file was damaged on its way."
        )
    return passed("The password given opens the invitation's ticket (LHTICKET).")


# -- the expert's password -----------------------------------------------------------------------------------------


class _Proof(Enum):
    """What an encrypted PassStub shows; of several the first in this order decides."""

    OTHER_PASSWORD = auto()
    OTHER_STUB = auto()
    RIGHT = auto()
    UNREADABLE = auto()


_OTHER_PASSWORD: Mapping[bool | None, str] = {
    # by whether the expert named the session of this invitation
    True: "The expert used this invitation, but typed another password than the one given.",
    False: "The expert used another invitation, and another password than the one given.",
    None: "The expert typed another password than the one given, or used another invitation with another password.",
}
_ANSWERS: Mapping[_Proof, tuple[Status, str]] = {
    _Proof.OTHER_STUB: (
        "failed", "The expert knows the password given, but used another invitation: it encrypted another PassStub.",
    ),
    _Proof.RIGHT: ("passed", "What the expert sent was made with this invitation's PassStub and the password given."),
    _Proof.UNREADABLE: ("not_checkable", "What the expert sent as its encrypted password has no form of [MS-RAI] 6."),
}  # fmt: skip


def expert_password(case: Case) -> Answer:
    """PASS and the body of EXPERT_ON_VISTA are the PassStub, encrypted with what the expert typed."""
    sent = list(_encrypted(case))
    if not sent:
        return not_checkable("The capture shows no encrypted password of the expert; versions 1 and 2 send one.")
    if not case.invitation.pass_stub:
        lacks = "has no PassStub" if case.invitation.has_password else "is not protected by a password"
        return not_checkable(f"The invitation {lacks}, so there was nothing for the expert to encrypt.")
    if case.password is None:
        return not_checkable("No password was given that could decrypt what the expert sent.")
    try:
        proofs = [(frame, _proof(encrypted, case.invitation.pass_stub, case.password)) for frame, encrypted in sent]
    except UnsupportedAlgorithm:
        return not_checkable("This system's cryptographic library has RC4 switched off, which the expert's side uses.")
    deciding = min((proof for _, proof in proofs), key=lambda proof: proof.value)
    frames = sorted({frame for frame, proof in proofs if proof is deciding})
    if deciding is _Proof.OTHER_PASSWORD:
        return _other_password(case, frames)
    return Answer(*_ANSWERS[deciding], tuple(frames))


def _other_password(case: Case, frames: list[int]) -> Answer:
    if case.wrong_password:
        return not_checkable(
            "The password given opens neither the invitation's ticket nor what the expert sent, which says nothing "
            "about the expert's.",
            *frames,
        )
    return failed(_OTHER_PASSWORD[case.same_session], *frames)


def _encrypted(case: Case) -> Iterator[tuple[int, bytes]]:
    """Frame and encrypted PassStub of each message that has one; b"" stands for one that can't be read."""
    for message in case.sent(ON_VISTA, VERIFY_PASSWORD, AUTHENTICATE):
        for text in _encrypted_texts(message):
            readable = len(text) <= 2 * MAX_PASS_STUB and _HEXADECIMAL.fullmatch(text)
            yield message.frame, bytes.fromhex(text) if readable else b""


def _encrypted_texts(message: Message) -> list[str]:
    if message.type == ON_VISTA:
        return [str(message.fields.get("encrypted_password", ""))]
    properties = parse_expert_blob(str(message.fields.get("expert_blob", ""))) or ()
    return [value for name, value in properties if name == "PASS"][:1]


def _proof(encrypted: bytes, pass_stub: str, password: str) -> _Proof:
    """Real peers send the encrypted bytes alone; by [MS-RA] 2.2.1.12 a BSTR count stands before them."""
    if len(encrypted) < 4:
        return _Proof.UNREADABLE
    count: int = struct.unpack_from("<I", encrypted)[0]
    forms = [encrypted, encrypted[4:]] if count == len(encrypted) - 4 else [encrypted]
    stubs = [stub for stub in (open_pass_stub(form, password) for form in forms) if stub is not None]
    if not stubs:
        return _Proof.OTHER_PASSWORD
    return _Proof.RIGHT if pass_stub in stubs else _Proof.OTHER_STUB


# -- tokens --------------------------------------------------------------------------------------------------------


def tokens(case: Case) -> Answer:
    """Both sides of version 3 prove with a token that they know password and connection string ([MS-RA] 2.2.4)."""
    sent = {role: list(case.sent(TOKEN, by=role)) for role in _ROLES}
    senders = [role for role in _ROLES if sent[role]]
    frames = {role: sorted({message.frame for message in sent[role]}) for role in senders}
    every = sorted({frame for role in senders for frame in frames[role]})
    if not senders:
        return not_checkable("The capture shows no tokens; only version 3 has them.")
    if case.ticket_text is None or case.password is None:
        return not_checkable(
            "Tokens are made of the password and the invitation's ticket (LHTICKET), which is not open.", *every
        )
    fitting = _fitting({role: _values(sent[role]) for role in senders}, case.ticket_text, case.password)
    others = [role for role in senders if role not in fitting]
    if not others:
        return passed(f"{_tokens(fitting)} made of the password given and the invitation's ticket.", *every)
    if fitting:
        return failed(
            f"{_tokens(fitting)} made of the password given and the invitation's ticket, the {others[0]}'s is not: the "
            f"{others[0]} used another password or another invitation.",
            *frames[others[0]],
        )
    return failed(
        f"{_tokens(others)} not made of the password given and the invitation's ticket: another password or another "
        "invitation was used, or not the recipe of [MS-RA] 2.2.4.",
        *every,
    )


def _fitting(sent: Mapping[Role, Collection[str]], ticket_text: str, password: str) -> list[Role]:
    """Whose tokens fit.

    The document counts "the last 6 bytes" of the password, and its example has all six characters of one; whether the
    line end in a real ticket belongs to its connection string it does not say. All of these are tried, until one fits.
    """
    for secret in dict.fromkeys((password[-6:], password[-3:])):
        for text in dict.fromkeys((ticket_text.strip(), ticket_text)):
            fitting = [role for role in sent if token(_ROLES[role], secret, text).hex() in sent[role]]
            if fitting:
                return fitting
    return []


def _values(messages: Iterable[Message]) -> set[str]:
    return {str(message.fields.get("token", "")).lower() for message in messages}


def _tokens(roles: Sequence[Role]) -> str:
    return "The tokens of both sides are" if len(roles) == 2 else f"The {roles[0]}'s token is"
