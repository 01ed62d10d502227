"""The report as plain text: one block a session, the answer first, then the messages."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from msra import codes
from msra.analysis.as_dict import rfc3339
from msra.analysis.mask import shown_fields
from msra.analysis.model import CaptureReport, Moment, Outcome, Report, Session, Verdict
from msra.events import GAPS, NOTES, Endpoint, Message
from msra.report import details, side_by_side
from msra.report.printable import printable

__all__ = ["in_order", "printable", "to_text"]

WIDTH = 100
_LABEL = 12
_LONGEST_VALUE = 120
_MOST_FRAMES = 10


def to_text(report: Report, show_secrets: bool = False) -> str:
    """The whole report."""
    blocks = [block for capture in report.captures for block in _capture(capture, show_secrets)]
    together = "".join(f"{line}\n" for line in side_by_side.rows(report, printable))
    return "\n".join([*blocks, together] if together else blocks)


def _capture(capture: CaptureReport, show_secrets: bool) -> Iterator[str]:
    yield "".join(f"{line}\n" for line in _heading(capture))
    for session in capture.sessions:
        yield "".join(f"{line}\n" for line in _session(session, show_secrets))


def _heading(capture: CaptureReport) -> Iterator[str]:
    yield printable(capture.path)
    if capture.error:
        yield f"  could not be read: {printable(capture.error)}"
    if capture.engine:
        counts = (
            _count(capture.packets, "packet"),
            _count(capture.rdp_connections, "RDP connection"),
            _count(len(capture.sessions), "Remote Assistance session"),
        )
        yield f"  {', '.join(counts)} ({capture.engine} engine)"
    for note in capture.notes:
        yield from _wrapped("  Note: ", printable(note))
    for attempt in capture.attempts:
        ends = f"{_endpoint(attempt.expert)} to {_endpoint(attempt.novice)}"
        yield from _wrapped("  Failed connect: ", f"{ends}. {attempt.text} {_frames(attempt.frames)}.")


def _session(session: Session, show_secrets: bool) -> Iterator[str]:
    yield f"Session {session.id}: {session.verdict.outcome.value.upper()}"
    yield from _verdict(session.verdict)
    for check in session.checks:
        yield from _row("Check", f"{_STATUS[check.status]}: {check.text}")
    yield from _row("Expert", _endpoint(session.expert))
    yield from _row("Novice", _endpoint(session.novice))
    yield from _row("Version", _version(session))
    if session.handshake:
        yield from _row("Handshake", session.handshake.text)
    yield from _row("Security", ", ".join([session.security, *_security(session)]))
    if not session.messages and session.channels is not None:
        yield from _row("Channels", ", ".join(printable(name) for name in session.channels) or "none")
    yield from _row("Time", f"{rfc3339(session.start)} to {rfc3339(session.end)}")
    if session.reconnects is not None:
        yield from _row("Follows", f"session {session.reconnects} of the same expert and novice")
    for label, text in details.rows(session):
        yield from _row(label, printable(text))
    for finding in session.findings:
        yield from _row(finding.severity.capitalize(), f"{printable(finding.text)} {_frames(finding.frames)}.")
    for gap in session.gaps:
        yield from _row("Gap", f"frame {gap.frame}, from the {gap.sender}: {GAPS[gap.kind]} ({gap.size} bytes)")
    if session.messages or session.timeline:
        yield ""
        yield f"  {'Time':>10} {'Frame':>7}  {'From':<6}  Event"
        for event in in_order(session):
            yield from _event(event, session.start, show_secrets)


_STATUS = {"passed": "passed", "failed": "FAILED", "not_checkable": "not checkable"}


def in_order(session: Session) -> list[Message | Moment]:
    """Messages and the timeline around them as one story."""
    return sorted([*session.timeline, *session.messages], key=lambda event: event.frame)


def _version(session: Session) -> str:
    if session.version is None:
        return "unknown"
    evidence = session.version_evidence
    return f"{session.version}" + (f" (frame {evidence.frame}: {evidence.type})" if evidence else "")


def _frames(frames: tuple[int, ...]) -> str:
    shown = ", ".join(str(frame) for frame in frames[:_MOST_FRAMES])
    more = f" and {len(frames) - _MOST_FRAMES} more" if len(frames) > _MOST_FRAMES else ""
    return f"Frame{'s' if len(frames) > 1 else ''} {shown}{more}"


_SECURITY_DETAILS = (
    ("requested_protocols", "requested {}"),
    ("selected_protocol", "selected {}"),
    ("cipher_suite", "{}"),
    ("encryption_level", "encryption level {}"),
    ("kh", "server key KH {}"),
    ("compression_type", "{} compression"),
)


def _security(session: Session) -> Iterator[str]:
    for key, text in _SECURITY_DETAILS:
        value = session.security_details.get(key)
        if value and value not in ("rdp", "none"):
            yield text.format(printable(str(value)))


def _verdict(verdict: Verdict) -> Iterator[str]:
    if verdict.result is not None:
        code = codes.lookup(verdict.result)
        yield from _row("Result", f"{code.number} {code.name}")
        yield from _row("", code.text)
    yield from _row("Summary", verdict.summary)
    if verdict.outcome is not Outcome.ESTABLISHED:
        yield from _list("Causes", verdict.causes)
        yield from _list("Next", verdict.next_steps)


def _list(label: str, sentences: tuple[str, ...]) -> Iterator[str]:
    for number, sentence in enumerate(sentences, start=1):
        yield from _wrapped(f"  {label if number == 1 else '':<{_LABEL - 2}}{number}. ", sentence)


def _event(event: Message | Moment, start: int, show_secrets: bool) -> Iterator[str]:
    head = f"  {(event.time - start) / 1e9:>+9.3f}s {event.frame:>7}  {event.sender or '':<6}  "
    if isinstance(event, Moment):
        yield from _wrapped(head, printable(event.text))
        return
    where = "" if event.channel == "RC_CTL" else f"[{printable(event.channel)}] "
    values = ", ".join(_details(event, show_secrets))
    yield head + where + printable(event.type) + (f"  {values}" if values else "")
    for note in event.notes:
        yield f"{'':<29}({NOTES[note]})"


def _details(message: Message, show_secrets: bool) -> Iterator[str]:
    fields = shown_fields(message, show_secrets)
    if "result" in fields:
        code = codes.lookup(int(fields["result"]))
        yield f"{code.number} {code.name}"
    elif "version_major" in fields and "version_minor" in fields:
        yield f"{fields['version_major']}.{fields['version_minor']}"
    elif message.type == "RCCOMMAND" and "name" in fields:
        yield printable(str(fields["name"]))
        fields = {name: value for name, value in fields.items() if name != "name"}
    for name, value in fields.items():
        if name not in ("msg_type", "result", "result_name", "result_text", "version_major", "version_minor"):
            yield f"{printable(name)}={_short(printable(str(value)))}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


def _row(label: str, text: str) -> Iterator[str]:
    return _wrapped(f"  {label:<{_LABEL - 2}}", text)


def _wrapped(head: str, text: str) -> Iterator[str]:
    indent = " " * len(head)
    lines = textwrap.wrap(text, WIDTH - len(head), break_long_words=False, break_on_hyphens=False) or [""]
    yield head + lines[0]
    for line in lines[1:]:
        yield indent + line


def _endpoint(endpoint: Endpoint) -> str:
    return f"[{endpoint.ip}]:{endpoint.port}" if ":" in endpoint.ip else f"{endpoint.ip}:{endpoint.port}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
