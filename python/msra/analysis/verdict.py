"""The verdict: an ordered table of rules; the first one that applies decides the outcome and says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msra import codes
from msra.analysis.evidence import Evidence
from msra.analysis.model import Outcome, Verdict
from msra.events import Message

NEGOTIATION_FAILURES: Mapping[int, str] = {
    # [MS-RDPBCGR] 2.2.1.2.2
    1: "SSL_REQUIRED_BY_SERVER",
    2: "SSL_NOT_ALLOWED_BY_SERVER",
    3: "SSL_CERT_NOT_ON_SERVER",
    4: "INCONSISTENT_FLAGS",
    5: "HYBRID_REQUIRED_BY_SERVER",
    6: "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
}
LOGON_ERRORS: Mapping[int, str] = {
    # [MS-ERREF] 2.3.1: what CredSSP sends when a logon fails ([MS-CSSP] 2.2.1)
    0xC0000022: "STATUS_ACCESS_DENIED",
    0xC000005E: "STATUS_NO_LOGON_SERVERS",
    0xC0000064: "STATUS_NO_SUCH_USER",
    0xC000006A: "STATUS_WRONG_PASSWORD",
    0xC000006D: "STATUS_LOGON_FAILURE",
    0xC000006E: "STATUS_ACCOUNT_RESTRICTION",
    0xC000006F: "STATUS_INVALID_LOGON_HOURS",
    0xC0000070: "STATUS_INVALID_WORKSTATION",
    0xC0000071: "STATUS_PASSWORD_EXPIRED",
    0xC0000072: "STATUS_ACCOUNT_DISABLED",
    0xC000015B: "STATUS_LOGON_TYPE_NOT_GRANTED",
    0xC0000193: "STATUS_ACCOUNT_EXPIRED",
    0xC0000224: "STATUS_PASSWORD_MUST_CHANGE",
    0xC0000234: "STATUS_ACCOUNT_LOCKED_OUT",
}
_ACCESS_DENIED = 5
_LOGON_ADVICE = (
    "Remote Assistance itself uses no logon before RDP: the expert probably reached the computer's ordinary Remote "
    "Desktop service. Check the address and port of the invitation."
)
_KEYLOG = "a TLS key log (--keylog) of one of the two sides, or a pcapng that has the secrets embedded"
_PRIVATE_KEY = "the RSA private key of the novice's RDP server (--rdp-key)"
_MISSING: Mapping[str, tuple[str, str]] = {
    # security: what it is, what it takes to read it
    "rc4-40": ("40-bit RC4 (Standard RDP Security)", _PRIVATE_KEY),
    "rc4-56": ("56-bit RC4 (Standard RDP Security)", _PRIVATE_KEY),
    "rc4-128": ("128-bit RC4 (Standard RDP Security)", _PRIVATE_KEY),
    "fips": ("FIPS 140-1 encryption (Standard RDP Security)", _PRIVATE_KEY),
    "tls1.3": ("TLS 1.3", _KEYLOG),
    "tls1.2": ("TLS 1.2", _KEYLOG),
    "tls1.1": ("TLS 1.1", _KEYLOG),
    "tls1.0": ("TLS 1.0", _KEYLOG),
}
_UNKNOWN_SECURITY = ("unknown encryption", "a capture that begins before the connection is made, and its keys")


def deciding_result(evidence: Evidence) -> Message | None:
    """The RESULT that decided the session, or None.

    In version 1 a RESULT without error before REMOTE_CONTROL_DESKTOP only accepts the password ([MS-RA] 3.3.5); in
    version 2 an accepted password may still be followed by a refusal (3.5.5). Codes that tell how a running
    session ended do not undo that it was established.
    """
    decided: Message | None = None
    asked = evidence.version != 1
    results = {id(message) for message in evidence.results}
    for message in evidence.messages:
        asked = asked or message.type == "REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP"
        if id(message) not in results:
            continue
        code = codes.lookup(int(message.fields["result"]))
        established = decided is not None and decided.fields["result"] == 0
        if not (established and (code.value == 0 or code.ends_session)) and (code.value != 0 or asked):
            decided = message
    return decided


def decide(evidence: Evidence, start: int) -> Verdict:
    """Apply the rules. `start`: when the connection was opened, in nanoseconds."""
    for rule in RULES:
        verdict = rule(evidence, start)
        if verdict is not None:
            return verdict
    raise AssertionError("the last rule applies to everything")


def _by_result(evidence: Evidence, start: int) -> Verdict | None:
    message = deciding_result(evidence)
    if message is None:
        return None
    code = codes.lookup(int(message.fields["result"]))
    since = "the expert connected" if "connection_request" in evidence.facts else "the capture of it begins"
    after = f"{max(0, message.time - start) / 1e9:.1f} s after {since}"
    summaries = {
        Outcome.ESTABLISHED: f"The novice let the expert in, {after}.",
        Outcome.REFUSED: f"The novice's user refused, {after}: {code.name} ({code.value}).",
        Outcome.FAILED: f"The novice answered with an error, {after}: {code.name} ({code.number}).",
    }
    outcome = Outcome(code.outcome)
    return Verdict(outcome, code.value, summaries[outcome], "result", message.frame, code.causes, code.next_steps)


def _by_token(evidence: Evidence, _start: int) -> Verdict | None:
    """Version 3 has no RESULT ([MS-RA] 3.7.5): traffic after both tokens shows that they were accepted."""
    senders = [message.sender for message in evidence.messages if message.type == "REMOTEDESKTOP_CTL_TOKEN"]
    last = evidence.messages[-1] if evidence.messages else None
    if evidence.version != 3 or len(set(senders)) < 2 or last is None or last.channel == "RC_CTL":
        return None
    text = "Both sides sent a token and went on, so the tokens were accepted (version 3 sends no RESULT)."
    return Verdict(Outcome.ESTABLISHED, None, text, "tokens", last.frame)


def _by_negotiation(evidence: Evidence, _start: int) -> Verdict | None:
    code = evidence.fact("negotiation_failure", "failure_code")
    if not isinstance(code, int):
        return None
    name = NEGOTIATION_FAILURES.get(code, "unknown failure code")
    text = f"The novice's RDP server refused to negotiate a protocol: {name} ({code})."
    return Verdict(
        Outcome.FAILED, None, text, "negotiation", evidence.facts["negotiation_failure"].frame,
        ("The two sides found no security protocol that both allow.",),
        ("Compare the RDP security settings of both computers (policy 'Require use of specific security layer for "
         "remote (RDP) connections').",),
    )  # fmt: skip


def _by_logon(evidence: Evidence, _start: int) -> Verdict | None:
    """CredSSP and what follows it stand before RDP: when they fail, nothing of Remote Assistance is ever sent."""
    code = evidence.fact("credssp", "error_code")
    if isinstance(code, int) and code & 0x80000000:
        name = LOGON_ERRORS.get(code, "an NTSTATUS")
        text = f"The logon before RDP (CredSSP) failed: {name} (0x{code:08x})."
        return Verdict(
            Outcome.FAILED, None, text, "logon", evidence.facts["credssp"].frame, next_steps=(_LOGON_ADVICE,)
        )
    if evidence.fact("early_authorization", "authorization_result") == _ACCESS_DENIED:
        text = "The user who logged on is not authorised to connect (Early User Authorization Result: access denied)."
        frame = evidence.facts["early_authorization"].frame
        return Verdict(Outcome.REFUSED, None, text, "authorization", frame, next_steps=(_LOGON_ADVICE,))
    return None


def _by_encryption(evidence: Evidence, _start: int) -> Verdict | None:
    if not evidence.has_gap("encrypted"):
        return None
    what, key = _MISSING.get(evidence.security, _UNKNOWN_SECURITY)
    reason = evidence.fact("unreadable", "reason")
    text = f"The session could not be read: it is encrypted with {what}."
    if evidence.channels is None and not evidence.messages:
        text += " It may be an ordinary RDP session: the channel list is encrypted, too."
    missing = f"To read it takes {key}." + (f" In detail: {reason}." if reason else "")
    return Verdict(Outcome.UNREADABLE, None, text, "encryption", next_steps=(missing,))


def _by_compression(evidence: Evidence, _start: int) -> Verdict | None:
    if not evidence.has_gap("compressed"):
        return None
    return Verdict(
        Outcome.UNREADABLE, None,
        "The session could not be read: messages that decide are compressed, and could not be decompressed.",
        "compression", None, (),
        ("Decompression needs every packet from the start of the connection on: take a capture that begins before the "
        "expert connects, without lost packets.",),
    )  # fmt: skip


def _by_missing_start(evidence: Evidence, _start: int) -> Verdict | None:
    if evidence.messages or evidence.channels is not None:
        return None
    return Verdict(
        Outcome.UNREADABLE, None,
        "RDP was seen, but not its channel list: it may be an ordinary RDP session.",
        "missing_start", None, (), ("Take a capture that begins before the expert connects.",),
    )  # fmt: skip


def _incomplete(evidence: Evidence, _start: int) -> Verdict | None:
    if evidence.has("REMOTEDESKTOP_CTL_DISCONNECT"):
        sender = next(m.sender for m in evidence.messages if m.type == "REMOTEDESKTOP_CTL_DISCONNECT")
        how = f"The {sender} disconnected before the novice decided."
    elif "disconnect" in evidence.facts:
        how = f"The {evidence.facts['disconnect'].sender} closed the RDP connection before the novice decided."
    elif evidence.messages:
        last = evidence.messages[-1]
        how = f"The capture shows no decision; the last message is {last.type} from the {last.sender}."
    else:
        how = "The channel for Remote Assistance was there, but no message was sent in it."
    return Verdict(
        Outcome.INCOMPLETE, None, how, "no_decision", None, (),
        ("Check whether the capture was stopped too early.",
         "If not, the connection ended first: look at who closed it."),
    )  # fmt: skip


RULES: tuple[Callable[[Evidence, int], Verdict | None], ...] = (
    _by_result,
    _by_token,
    _by_negotiation,
    _by_logon,
    _by_encryption,
    _by_compression,
    _by_missing_start,
    _incomplete,
)
