"""What is known of a capture and of a session, as labelled sentences: what text and Markdown have in common.

All texts are printable: they may be shown as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

from msra import codes
from msra.analysis.as_dict import rfc3339
from msra.analysis.model import CaptureReport, Session
from msra.events import GAPS, Endpoint, Gap
from msra.report import details
from msra.report.printable import printable

Tone: TypeAlias = Literal["plain", "good", "info", "warning", "error"]

_MOST_FRAMES = 10
_STATUS: Mapping[str, tuple[str, Tone]] = {
    "passed": ("passed", "good"), "failed": ("FAILED", "error"), "not_checkable": ("not checkable", "plain"),
}  # fmt: skip
_SECURITY: Mapping[str, str] = {
    "requested_protocols": "requested {}",
    "selected_protocol": "selected {}",
    "cipher_suite": "{}",
    "encryption_level": "encryption level {}",
    "kh": "server key KH {}",
    "compression_type": "{} compression",
}


class Row(NamedTuple):
    """One labelled sentence; `tone` says how it is meant."""

    label: str
    text: str
    tone: Tone = "plain"


def capture_line(capture: CaptureReport, sessions: int | None = None) -> str:
    """What the capture holds, in numbers; `sessions`: how many, if they are not in it any more."""
    counts = (
        count(capture.packets, "packet"),
        count(capture.rdp_connections, "RDP connection"),
        count(len(capture.sessions) if sessions is None else sessions, "Remote Assistance session"),
    )
    return f"{', '.join(counts)} ({capture.engine} engine)"


def capture_rows(capture: CaptureReport) -> Iterator[Row]:
    """Notes on the capture, and the connects that failed in it."""
    for note in capture.notes:
        yield Row("Note", printable(note))
    for attempt in capture.attempts:
        ends = f"{endpoint(attempt.expert)} to {endpoint(attempt.novice)}"
        yield Row("Failed connect", f"{ends}. {printable(attempt.text)} {frames(attempt.frames)}.", "warning")


def result(session: Session) -> str:
    """The code that decided, with its name: "" if none did."""
    if session.verdict.result is None:
        return ""
    code = codes.lookup(session.verdict.result)
    return f"{code.number} {code.name}"


def session_rows(session: Session, everything: bool = False) -> Iterator[Row]:
    """Who, when and how, and what the session was used for."""
    for check in session.checks:
        status, tone = _STATUS[check.status]
        yield Row("Check", f"{status}: {printable(check.text)}", tone)
    yield Row("Sides", f"expert {endpoint(session.expert)}, novice {endpoint(session.novice)}")
    yield Row("Version", _version(session))
    if session.handshake and (everything or session.verdict.result is None):
        yield Row("Handshake", session.handshake.text)
    yield Row("Security", ", ".join([session.security, *_security(session, everything)]))
    if session.channels is not None and (everything or not session.messages):
        yield Row("Channels", ", ".join(printable(name) for name in session.channels) or "none")
    yield from _time(session, everything)
    if session.reconnects is not None:
        yield Row("Follows", f"session {session.reconnects} of the same expert and novice")
    for label, text in details.uses(session):
        yield Row(label, printable(text))


def remarks(session: Session, everything: bool = False) -> Iterator[Row]:
    """Findings and gaps; unless `everything` is asked for, minor ones are counted and gaps put together."""
    for finding in session.findings:
        if everything or finding.severity != "info":
            text = f"{printable(finding.text)} {frames(finding.frames)}."
            yield Row(finding.severity.capitalize(), text, finding.severity)
    for text in _gaps(session.gaps, everything):
        yield Row("Gap", text, "warning")


def minor(session: Session) -> int:
    """How many findings :func:`remarks` leaves out."""
    return sum(finding.severity == "info" for finding in session.findings)


def endpoint(end: Endpoint) -> str:
    """Address and port as people write them."""
    return f"[{end.ip}]:{end.port}" if ":" in end.ip else f"{end.ip}:{end.port}"


def frames(numbers: tuple[int, ...]) -> str:
    """`Frames 1, 2`; long lists are cut."""
    shown = ", ".join(str(number) for number in numbers[:_MOST_FRAMES])
    more = f" and {len(numbers) - _MOST_FRAMES} more" if len(numbers) > _MOST_FRAMES else ""
    return f"Frame{'s' if len(numbers) > 1 else ''} {shown}{more}"


def count(number: int, noun: str) -> str:
    """`1 packet`, `2 packets`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _time(session: Session, everything: bool) -> Iterator[Row]:
    lasted = details.durations(session)
    if everything:
        yield Row("Time", f"{rfc3339(session.start)} to {rfc3339(session.end)}")
        yield from [Row("Durations", lasted)] if lasted else []
    else:
        yield Row("Time", f"{rfc3339(session.start)[:19]}Z" + (f", {lasted}" if lasted else ""))


def _version(session: Session) -> str:
    if session.version is None:
        return "unknown"
    evidence = session.version_evidence
    return f"{session.version}" + (f" (frame {evidence.frame}: {evidence.type})" if evidence else "")


def _security(session: Session, everything: bool) -> Iterator[str]:
    for key, text in _SECURITY.items():
        value = session.security_details.get(key)
        if value and value not in ("rdp", "none") and (everything or not session.messages or text == "{}"):
            yield text.format(printable(str(value)))


def _gaps(gaps: list[Gap], everything: bool) -> Iterator[str]:
    if everything:
        for gap in gaps:
            yield f"frame {gap.frame}, from the {gap.sender}: {GAPS[gap.kind]} ({count(gap.size, 'byte')})"
        return
    for kind, text in GAPS.items():
        same = [gap for gap in gaps if gap.kind == kind]
        if same:
            size = sum(gap.size for gap in same)
            yield f"{text} ({count(size, 'byte')}). {frames(tuple(gap.frame for gap in same))}."
