"""The report as data: schema `msra-report/1`, and its `json` and `jsonl` forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from msra import codes
from msra.analysis.model import CaptureReport, Report, Session
from msra.events import GAPS, Endpoint, Gap, Message
from msra.report.mask import shown_fields

SCHEMA = "msra-report/1"


def rfc3339(time: int) -> str:
    """A time in nanoseconds as RFC 3339, UTC: with six digits, or nine where the capture has them."""
    seconds, nanoseconds = divmod(time, 1_000_000_000)
    text = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{nanoseconds:09d}Z" if nanoseconds % 1000 else f"{text}.{nanoseconds // 1000:06d}Z"


def report_dict(report: Report, show_secrets: bool = False) -> dict[str, Any]:
    """The whole report."""
    return {"schema": SCHEMA, "captures": [_capture(capture, show_secrets) for capture in report.captures]}


def to_json(report: Report, show_secrets: bool = False) -> str:
    """The report as one JSON document."""
    return json.dumps(report_dict(report, show_secrets), indent=2) + "\n"


def to_jsonl(report: Report, show_secrets: bool = False) -> str:
    """One line an event, with the capture's path and the session's number."""
    lines = (json.dumps(line) for line in _event_lines(report, show_secrets))
    return "".join(line + "\n" for line in lines)


def _event_lines(report: Report, show_secrets: bool) -> Iterator[dict[str, Any]]:
    for capture in report.captures:
        for session in capture.sessions:
            for message in session.messages:
                yield {"capture": capture.path, "session": session.id, **_event(message, show_secrets)}


def _capture(capture: CaptureReport, show_secrets: bool) -> dict[str, Any]:
    return {
        "path": capture.path,
        "engine": capture.engine,
        "packets": capture.packets,
        "rdp_connections": capture.rdp_connections,
        "error": capture.error,
        "notes": capture.notes,
        "sessions": [_session(session, show_secrets) for session in capture.sessions],
    }


def _session(session: Session, show_secrets: bool) -> dict[str, Any]:
    result = session.verdict.result
    return {
        "id": session.id,
        "expert": _endpoint(session.expert),
        "novice": _endpoint(session.novice),
        "security": session.security,
        "security_details": dict(session.security_details),
        "version": session.version,
        "channels": None if session.channels is None else list(session.channels),
        "outcome": session.verdict.outcome.value,
        "result": result,
        "result_name": None if result is None else codes.lookup(result).name,
        "summary": session.verdict.summary,
        "advice": session.verdict.advice,
        "start": rfc3339(session.start),
        "end": rfc3339(session.end),
        "events": [_event(message, show_secrets) for message in session.messages],
        "findings": [
            {"id": finding.id, "severity": finding.severity, "text": finding.text, "frames": list(finding.frames)}
            for finding in session.findings
        ],
        "gaps": [_gap(gap) for gap in session.gaps],
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {"ip": endpoint.ip, "port": endpoint.port}


def _event(message: Message, show_secrets: bool) -> dict[str, Any]:
    return {
        "frame": message.frame,
        "time": rfc3339(message.time),
        "from": message.sender,
        "channel": message.channel,
        "type": message.type,
        "fields": dict(shown_fields(message, show_secrets)),
        "notes": list(message.notes),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"frame": gap.frame, "from": gap.sender, "reason": GAPS[gap.kind], "kind": gap.kind, "bytes": gap.size}
