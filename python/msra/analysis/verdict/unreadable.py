"""Not decided because what would decide could not be read, and what it takes to read it."""

from __future__ import annotations

from collections.abc import Mapping

from msra.analysis.model import Outcome
from msra.analysis.verdict.rule import Reason, VerdictRule, View

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
    "ssl3.0": ("SSL 3.0", _KEYLOG),
}
_UNKNOWN = ("unknown encryption", "a capture that begins before the connection is made, and its keys")


def _encrypted(view: View) -> Reason | None:
    evidence = view.evidence
    if not evidence.has_gap("encrypted"):
        return None
    what, key = _MISSING.get(evidence.security, _UNKNOWN)
    reason = evidence.fact("unreadable", "reason")
    ordinary = evidence.channels is None and not evidence.messages
    return Reason(
        values={
            "what": what,
            "ordinary": " It may be an ordinary RDP session: the channel list is encrypted, too." if ordinary else "",
        },
        next_steps=(f"To read it takes {key}." + (f" In detail: {reason}." if reason else ""),),
    )


def _compressed(view: View) -> Reason | None:
    return Reason() if view.evidence.has_gap("compressed") else None


def _no_channel_list(view: View) -> Reason | None:
    """A capture that shows the connection request is another matter: there the connection itself went no further."""
    evidence = view.evidence
    known = evidence.messages or evidence.channels is not None or "connection_request" in evidence.facts
    return None if known else Reason()


RULES = (
    VerdictRule(
        "encryption", Outcome.UNREADABLE,
        "The session could not be read: it is encrypted with {what}.{ordinary}",
        _encrypted,
    ),
    VerdictRule(
        "compression", Outcome.UNREADABLE,
        "The session could not be read: messages that decide are compressed, and could not be decompressed.",
        _compressed,
        next_steps=("Decompression needs every packet from the start of the connection on: take a capture that begins "
                    "before the expert connects, without lost packets.",),
    ),
    VerdictRule(
        "missing_start", Outcome.UNREADABLE,
        "RDP was seen, but not its channel list: it may be an ordinary RDP session.",
        _no_channel_list,
        next_steps=("Take a capture that begins before the expert connects.",),
    ),
)  # fmt: skip
"""Unreadable sessions."""
