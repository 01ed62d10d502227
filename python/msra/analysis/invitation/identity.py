"""Whether the session is that of the invitation, and the novice the one who made it ([MS-RAI] 2.2, [MS-RA] 2.2.7.2)."""

from __future__ import annotations

from collections.abc import Iterable

from msra.analysis.findings.vocabulary import AUTHENTICATE, CONTROL_DESKTOP
from msra.analysis.invitation.case import Answer, Case, failed, key_hash, not_checkable, passed, session_id
from msra.layers.connection_string import parse_connection_string

_OTHER_CERTIFICATES = {"x509": "X.509 certificate", "tls x509": "TLS certificate"}


def named_session(case: Case) -> Answer:
    """WorkingDir of the Client Info PDU is the session's id ([MS-RA] 2.2.7.2)."""
    fact = case.evidence.facts.get("client_info")
    if fact is None:
        return not_checkable("The capture does not show the Client Info PDU, in which the expert names the session.")
    if not fact.data.get("working_dir"):
        return not_checkable("The expert's Client Info PDU names no session.", fact.frame)
    if case.same_session is None:
        return not_checkable("No session id can be read in the invitation.", fact.frame)
    if case.same_session:
        return passed("The expert's Client Info PDU names the session of this invitation.", fact.frame)
    return failed(
        "The expert's Client Info PDU names another session than this invitation: the expert used another one.",
        fact.frame,
    )


def server_key(case: Case) -> Answer:
    """KH2, or KH if there is none, is the hash of the novice's public key ([MS-RAI] 2.2.2, [MS-RA] 3.5.5).

    Both are defined for the PublicKeyBlob in TS_UD_SC_SEC1, which only a proprietary certificate has. A hash of the key
    in another certificate that fits proves as much; one that does not fit proves nothing.
    """
    fact = case.evidence.facts.get("server_key")
    if fact is None:
        return not_checkable("The capture shows no certificate of the novice, which encrypted sessions begin with.")
    ticket = case.ticket
    name, key, expected = "KH", "kh", next(map(key_hash, case.connection_strings), "")
    if ticket is not None and ticket.kh2 is not None and f"kh2_{ticket.kh2.algorithm.lower()}" in fact.data:
        kh2 = ticket.kh2
        name, key, expected = "KH2", f"kh2_{kh2.algorithm.lower()}", f"{kh2.algorithm.lower()}:{kh2.value}"
    if expected in ("", "*"):
        return not_checkable("No hash of the novice's key can be read in the invitation.", fact.frame)
    if fact.data.get(key) == expected:
        return passed(f"The novice's key is the one that the invitation names ({name}).", fact.frame)
    certificate = _OTHER_CERTIFICATES.get(str(fact.data.get("kind")))
    if certificate is not None:
        return not_checkable(
            f"The key in the novice's {certificate} is not the one that the invitation names ({name}), but that hash "
            "is defined for the proprietary certificate of Standard RDP Security only ([MS-RAI] 2.2.2).",
            fact.frame,
        )
    return failed(
        f"The novice's key is not the one that the invitation names ({name}): another invitation or another computer, "
        "or somebody between expert and novice who decrypts and reads along.",
        fact.frame,
    )


def connection_string(case: Case) -> Answer:
    """The version 1 expert repeats the connection string of its invitation ([MS-RA] 2.2.1.4, 2.2.1.9)."""
    sent = [message for message in case.sent(AUTHENTICATE, CONTROL_DESKTOP) if "ra_connection_string" in message.fields]
    if not sent:
        return not_checkable("The expert sent no connection string; only version 1 does.")
    compared = [(message.frame, _difference(str(message.fields["ra_connection_string"]), case)) for message in sent]
    differing = [(frame, difference) for frame, difference in compared if difference]
    if differing:
        return failed(f"The connection string that the expert sent {differing[0][1]}.", *_frames(differing))
    if any(difference is None for _, difference in compared):
        return not_checkable(
            "The expert sent a connection string of a form that the readable part of the invitation does not have.",
            *_frames(compared),
        )
    return passed("The expert sent the connection string of the invitation.", *_frames(compared))


def _difference(text: str, case: Case) -> str | None:
    """In what a connection string differs from those of the invitation; "" if it does not, None if it can't be told."""
    sent = parse_connection_string(text)
    if sent is None:
        return "has none of the forms of [MS-RAI] 2.2"
    if sent in case.connection_strings:
        return ""
    if case.session_ids and session_id(sent) not in case.session_ids:
        return "names another session than this invitation: the expert used another one"
    same_form = [known for known in case.connection_strings if type(known) is type(sent)]
    if not same_form:
        return None
    if key_hash(sent) not in map(key_hash, same_form):
        return "names another key of the novice than the invitation"
    return "names the session and the key of the invitation, but not the same addresses or not the same form"


def _frames(compared: Iterable[tuple[int, str | None]]) -> list[int]:
    return sorted({frame for frame, _ in compared})
