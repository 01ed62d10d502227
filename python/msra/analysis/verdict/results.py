"""Decided: by a RESULT of the novice ([MS-RA] 2.2.1.4), or in version 3 by accepted tokens (3.7.5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msra.analysis.model import Outcome
from msra.analysis.verdict.rule import Finder, Reason, VerdictRule, View, seconds

_PASSWORD_CODES = frozenset({26, 61})
"""INVALIDPASSWORD and PASSWORDS_DONT_MATCH ([MS-RA] 2.2.6)."""
_REMARKS: Mapping[tuple[str, str], str] = {
    # the check of the invitation and its status: what to add to the verdict on a wrong password
    ("expert_password", "failed"): "Indeed, the expert's password differs from that of the invitation given.",
    ("expert_password", "passed"): "But the expert used the password of the invitation given: the novice expected "
    "that of another one.",
    ("expiry", "failed"): "The invitation given had expired.",
    ("session_id", "failed"): "The expert used another invitation than the one given.",
}  # fmt: skip


def _remarks(view: View) -> Iterator[str]:
    for check in view.checks:
        text = _REMARKS.get((check.id, check.status))
        if text:
            yield f" {text}"


def _by_code(outcome: Outcome) -> Finder:
    """The deciding RESULT has a code of this outcome."""

    def find(view: View) -> Reason | None:
        message, code = view.decided, view.code
        if message is None or code is None or code.outcome != outcome.value:
            return None
        values = {
            "sender": message.sender,
            "after": view.since_start(message.time),
            "code": f"{code.name} ({code.number})",
            "remarks": "".join(_remarks(view)) if code.value in _PASSWORD_CODES else "",
            "lasted": _lasted(view, message.time),
        }
        return Reason(message.frame, values, code.causes, code.next_steps)

    return find


def _by_token(view: View) -> Reason | None:
    """Traffic on other channels after both tokens shows that they were accepted."""
    evidence = view.evidence
    tokens = {message.sender: message for message in evidence.messages if message.type == "REMOTEDESKTOP_CTL_TOKEN"}
    if evidence.version != 3 or len(tokens) < 2:
        return None
    last = max(token.frame for token in tokens.values())
    after = next((m for m in evidence.messages if m.frame > last and m.channel != "RC_CTL"), None)
    return None if after is None else Reason(after.frame, {"lasted": _lasted(view, after.time)})


def _lasted(view: View, since: int) -> str:
    """How long the session ran then, and who ended it."""
    ending = view.ending
    if ending.time is None:
        return "it was still running when the capture ended"
    return f"it ran {seconds(ending.time - since)}, then {ending.text}"


RULES = (
    VerdictRule(
        "established", Outcome.ESTABLISHED,
        "The novice let the expert in, {after}; {lasted}.",
        _by_code(Outcome.ESTABLISHED),
    ),
    VerdictRule(
        "refused", Outcome.REFUSED,
        "The {sender}'s user refused, {after}: {code}.",
        _by_code(Outcome.REFUSED),
    ),
    VerdictRule(
        "failed", Outcome.FAILED,
        "The {sender} answered with an error, {after}: {code}.{remarks}",
        _by_code(Outcome.FAILED),
    ),
    VerdictRule(
        "tokens", Outcome.ESTABLISHED,
        "Both sides sent a token and went on, so the tokens were accepted (version 3 sends no RESULT); {lasted}.",
        _by_token,
    ),
)  # fmt: skip
"""Decided sessions."""
