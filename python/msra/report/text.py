"""The report as plain text: one block a session, the answer first, then the messages."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator

from msra import codes
from msra.analysis.model import CaptureReport, Outcome, Report, Session, Verdict
from msra.events import GAPS, NOTES, Endpoint, Message
from msra.report.data import rfc3339
from msra.report.mask import shown_fields

WIDTH = 100
_LABEL = 12
_LONGEST_VALUE = 120


def to_text(report: Report, show_secrets: bool = False) -> str:
    """The whole report."""
    blocks = (block for capture in report.captures for block in _capture(capture, show_secrets))
    return "\n".join(blocks)


def printable(text: str) -> str:
    """Text from the network, with everything that could act on a terminal written as an escape."""
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        else character
        for character in text
    )


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


def _session(session: Session, show_secrets: bool) -> Iterator[str]:
    yield f"Session {session.id}: {session.verdict.outcome.value.upper()}"
    yield from _verdict(session.verdict)
    yield from _row("Expert", _endpoint(session.expert))
    yield from _row("Novice", _endpoint(session.novice))
    yield from _row("Version", "unknown" if session.version is None else str(session.version))
    yield from _row("Security", ", ".join([session.security, *_security(session)]))
    if not session.messages and session.channels is not None:
        yield from _row("Channels", ", ".join(printable(name) for name in session.channels) or "none")
    yield from _row("Time", f"{rfc3339(session.start)} to {rfc3339(session.end)}")
    for finding in session.findings:
        frames = ", ".join(str(frame) for frame in finding.frames)
        yield from _row(finding.severity.capitalize(), f"{finding.text} Frame {frames}.")
    for gap in session.gaps:
        yield from _row("Gap", f"frame {gap.frame}, from the {gap.sender}: {GAPS[gap.kind]} ({gap.size} bytes)")
    if session.messages:
        yield ""
        yield f"  {'Time':>10} {'Frame':>7}  {'From':<6}  Message"
        for message in session.messages:
            yield from _message(message, session.start, show_secrets)


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
    if verdict.result is None:
        yield from _row("Summary", verdict.summary)
        yield from _row("Advice", verdict.advice) if verdict.advice else ()
        return
    code = codes.lookup(verdict.result)
    yield from _row("Result", f"{code.number} {code.name}")
    yield from _row("", code.text)
    yield from _row("Summary", verdict.summary)
    if verdict.outcome is not Outcome.ESTABLISHED:
        yield from _list("Causes", code.causes)
        yield from _list("Next", code.next_steps)


def _list(label: str, sentences: tuple[str, ...]) -> Iterator[str]:
    for number, sentence in enumerate(sentences, start=1):
        yield from _wrapped(f"  {label if number == 1 else '':<{_LABEL - 2}}{number}. ", sentence)


def _message(message: Message, start: int, show_secrets: bool) -> Iterator[str]:
    where = "" if message.channel == "RC_CTL" else f"[{printable(message.channel)}] "
    details = ", ".join(_details(message, show_secrets))
    head = f"  {(message.time - start) / 1e9:>+9.3f}s {message.frame:>7}  {message.sender:<6}  "
    yield head + where + printable(message.type) + (f"  {details}" if details else "")
    for note in message.notes:
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
