"""What is known of a session besides its messages, as labels and sentences."""

from __future__ import annotations

from collections.abc import Iterator

from msra.analysis.as_dict import rfc3339
from msra.analysis.model import Session
from msra.report import details
from msra.report.html import words

_SECURITY_DETAILS = (
    # keys as in events.FACTS, as in the text report
    ("requested_protocols", "requested {}"),
    ("selected_protocol", "selected {}"),
    ("cipher_suite", "{}"),
    ("encryption_level", "encryption level {}"),
    ("kh", "server key KH {}"),
    ("compression_type", "{} compression"),
)


def facts(session: Session) -> Iterator[tuple[str, str]]:
    """Label and sentence, in the order in which they are shown."""
    yield "Expert", words.endpoint(session.expert)
    yield "Novice", words.endpoint(session.novice)
    yield "Version", _version(session)
    if session.handshake:
        yield "Handshake", words.shown(session.handshake.text)
    yield "Security", ", ".join([words.shown(session.security), *_security(session)])
    if not session.messages and session.channels is not None:
        yield "Channels", ", ".join(words.shown(name) for name in session.channels) or "none"
    yield "Start", rfc3339(session.start)
    yield "End", rfc3339(session.end)
    for label, text in details.rows(session):
        yield label, words.shown(text)


def _version(session: Session) -> str:
    if session.version is None:
        return "unknown"
    evidence = session.version_evidence
    return f"{session.version}" + (f" (frame {evidence.frame}: {words.shown(evidence.type)})" if evidence else "")


def _security(session: Session) -> Iterator[str]:
    for key, text in _SECURITY_DETAILS:
        value = session.security_details.get(key)
        if value and value not in ("rdp", "none"):
            yield text.format(words.shown(value))
