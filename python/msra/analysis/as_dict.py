"""The report as plain data: schema `msra-report/1`, which ``data/msra-report-1.schema.json`` describes.

Integers are unsigned; times are RFC 3339, UTC; durations are seconds; sizes are bytes. Secrets are masked unless asked
for.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from msra import codes
from msra.analysis.mask import shown_data, shown_fields, shown_text
from msra.events import GAPS, Gap, Message

if TYPE_CHECKING:
    from msra.analysis.differences import Difference
    from msra.analysis.model import (
        Attempt,
        CaptureReport,
        Durations,
        Moment,
        Report,
        SameSession,
        Session,
        Transfer,
        Verdict,
    )

SCHEMA = "msra-report/1"


def rfc3339(time: int) -> str:
    """A time in nanoseconds as RFC 3339, UTC: with six digits, or nine where the capture has them."""
    seconds, nanoseconds = divmod(time, 1_000_000_000)
    text = datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{nanoseconds:09d}Z" if nanoseconds % 1000 else f"{text}.{nanoseconds // 1000:06d}Z"


def report_dict(report: Report, show_secrets: bool = False) -> dict[str, Any]:
    """The whole report."""
    return {
        "schema": SCHEMA,
        "captures": [_capture(capture, show_secrets) for capture in report.captures],
        "same_sessions": [_same(same) for same in report.same],
    }


def message_dict(message: Message, show_secrets: bool) -> dict[str, Any]:
    """One message."""
    return {
        "frame": message.frame,
        "time": rfc3339(message.time),
        "from": message.sender,
        "channel": message.channel,
        "type": message.type,
        "fields": dict(shown_fields(message, show_secrets)),
        "notes": list(message.notes),
    }


def _capture(capture: CaptureReport, show_secrets: bool) -> dict[str, Any]:
    return {
        "path": capture.path,
        "engine": capture.engine,
        "packets": capture.packets,
        "rdp_connections": capture.rdp_connections,
        "error": capture.error,
        "notes": capture.notes,
        "sessions": [_session(session, show_secrets) for session in capture.sessions],
        "attempts": [_attempt(attempt) for attempt in capture.attempts],
    }


def _session(session: Session, show_secrets: bool) -> dict[str, Any]:
    evidence = session.version_evidence
    return {
        "id": session.id,
        "expert": asdict(session.expert),
        "novice": asdict(session.novice),
        "security": session.security,
        "security_details": dict(session.security_details),
        "version": session.version,
        "version_evidence": evidence and {"frame": evidence.frame, "type": evidence.type},
        "channels": None if session.channels is None else list(session.channels),
        **_verdict(session.verdict),
        "start": rfc3339(session.start),
        "end": rfc3339(session.end),
        "durations": session.durations and _durations(session.durations),
        "handshake": session.handshake and _listed(asdict(session.handshake)),
        "reconnects": session.reconnects,
        "timeline": [_moment(moment, show_secrets) for moment in session.timeline],
        "events": [message_dict(message, show_secrets) for message in session.messages],
        "controls": [
            {**asdict(control), "duration": _seconds(control.duration)} for control in session.controls
        ],
        "transfers": [_transfer(transfer) for transfer in session.transfers],
        "findings": [_listed(asdict(finding)) for finding in session.findings],
        "checks": [_listed(asdict(check)) for check in session.checks],
        "gaps": [_gap(gap) for gap in session.gaps],
    }  # fmt: skip


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome.value,
        "result": verdict.result,
        "result_name": None if verdict.result is None else codes.lookup(verdict.result).name,
        "summary": verdict.summary,
        "advice": verdict.advice,
        "rule": verdict.rule,
        "deciding_frame": verdict.frame,
        "causes": list(verdict.causes),
        "next_steps": list(verdict.next_steps),
    }


def _durations(durations: Durations) -> dict[str, Any]:
    times = {name: _seconds(value) for name, value in asdict(durations).items() if name != "heartbeats"}
    return {**times, "heartbeats": durations.heartbeats}


def _moment(moment: Moment, show_secrets: bool) -> dict[str, Any]:
    return {
        "frame": moment.frame,
        "time": rfc3339(moment.time),
        "from": moment.sender,
        "id": moment.id,
        "text": shown_text(moment, show_secrets),
        "data": _listed(shown_data(moment.data, show_secrets)),
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    return _listed({"from" if name == "sender" else name: value for name, value in asdict(transfer).items()})


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return _listed({**asdict(attempt), "time": rfc3339(attempt.time)})


def _gap(gap: Gap) -> dict[str, Any]:
    return {"frame": gap.frame, "from": gap.sender, "reason": GAPS[gap.kind], "kind": gap.kind, "bytes": gap.size}


def _same(same: SameSession) -> dict[str, Any]:
    return {
        "sessions": [asdict(place) for place in same.places],
        "differences": [_difference(difference) for difference in same.differences],
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "first": asdict(difference.first),
        "second": asdict(difference.second),
        "clock_offset": _seconds(difference.offset),
        "delay": _seconds(difference.delay),
        "matched": [[mine.frame, theirs.frame] for mine, theirs in difference.matched],
        "one_sided": [
            {**asdict(one.place), "frame": one.message.frame, "type": one.message.type, "why": one.why}
            for one in difference.one_sided
        ],
    }


def _listed(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no tuples."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9
