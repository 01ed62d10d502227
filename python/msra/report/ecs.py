"""The report for log platforms: Elastic Common Schema as JSON lines, https://www.elastic.co/docs/reference/ecs.

One line a session, as sessions are what is counted, searched and alerted on (`jsonl` has a line an event); one line a
connect that led to no connection; one line a capture that could not be read, or not to its end, as `pipeline_error`.

The expert is the source, the novice the destination. What ECS has no field for stands below `msra`. Every time is that
of the capture, except for captures that could not be read, which have none.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from msra import codes
from msra.analysis.as_dict import rfc3339
from msra.analysis.model import Attempt, CaptureReport, Outcome, Report, Session
from msra.events import GAPS, Endpoint, Gap
from msra.report.facts import result

ECS_VERSION = "8.17.0"
"""The fields are the same from 8.0 on, and in 9."""

_MOST = 20
"""Of lists of frames, files and the like: log platforms take lines of limited length."""

_OUTCOMES: Mapping[Outcome, tuple[str, tuple[str, ...]]] = {
    # event.outcome, and what event.type says besides "connection" and "info"
    Outcome.ESTABLISHED: ("success", ("allowed",)),
    Outcome.REFUSED: ("failure", ("denied",)),
    Outcome.FAILED: ("failure", ()),
    Outcome.INCOMPLETE: ("unknown", ()),
    Outcome.UNREADABLE: ("unknown", ()),
}


def to_ecs(report: Report, show_secrets: bool = False) -> str:  # noqa: ARG001 - nothing in it is secret
    """One line a session, failed connect or unreadable capture."""
    documents = (document for capture in report.captures for document in _documents(capture))
    return "".join(json.dumps(_without_nothing(document)) + "\n" for document in documents)


def _documents(capture: CaptureReport) -> Iterator[dict[str, Any]]:
    if capture.error:
        yield _document(capture, time.time_ns(), f"{capture.path}: {capture.error}") | {
            "event": _event("read-capture", "pipeline_error", outcome="failure"),
            "error": {"message": capture.error},
        }
    for session in capture.sessions:
        yield _session(capture, session)
    for attempt in capture.attempts:
        yield _attempt(capture, attempt)


def _session(capture: CaptureReport, session: Session) -> dict[str, Any]:
    verdict = session.verdict
    outcome, types = _OUTCOMES[verdict.outcome]
    decided = f" ({result(session)})" if verdict.result is not None else ""
    message = f"Remote Assistance session {verdict.outcome.value}{decided}: {verdict.summary}"
    return _document(capture, session.start, message, session.expert, session.novice, _user(session)) | {
        "event": _event(
            "remote-assistance-session",
            category=["network", "session"],
            type=["connection", "info", *types],
            outcome=outcome,
            code=None if verdict.result is None else codes.lookup(verdict.result).number,
            reason=verdict.summary,
            start=rfc3339(session.start),
            end=rfc3339(session.end),
            duration=session.end - session.start,
        ),
        "tls": _tls(session),
        "msra": _msra(session),
    }


def _attempt(capture: CaptureReport, attempt: Attempt) -> dict[str, Any]:
    return _document(capture, attempt.time, attempt.text, attempt.expert, attempt.novice) | {
        "event": _event(
            "remote-assistance-connect",
            category=["network"],
            type=["connection"],
            outcome="failure",
            reason=attempt.text,
        ),
        "msra": {"connect": {"how": attempt.how, "frames": list(attempt.frames)}},
    }


def _document(
    capture: CaptureReport,
    when: int,
    message: str,
    expert: Endpoint | None = None,
    novice: Endpoint | None = None,
    user: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What all lines have, and what all with two ends have."""
    document: dict[str, Any] = {
        "@timestamp": rfc3339(when),
        "ecs": {"version": ECS_VERSION},
        "message": message,
        "log": {"file": {"path": capture.path}},
        "observer": {"product": "wireshark-msra"},
    }
    if expert and novice:
        version = "ipv6" if ":" in novice.ip else "ipv4"
        document["network"] = {
            "transport": "tcp", "type": version, "protocol": "rdp", "application": "remote-assistance"
        }  # fmt: skip
        document["source"] = _end(expert) | {"user": user}
        document["destination"] = _end(novice)
        document["related"] = {"ip": sorted({expert.ip, novice.ip}), "user": [user["name"]] if user else None}
    return document


def _event(action: str, kind: str = "event", **others: Any) -> dict[str, Any]:
    return {"kind": kind, "module": "msra", "dataset": "msra.session", "action": action, **others}


def _end(end: Endpoint) -> dict[str, Any]:
    return {"address": end.ip, "ip": end.ip, "port": end.port}


def _user(session: Session) -> dict[str, Any] | None:
    """The name of Client Info, no secret: [MS-RA] 2.2.7.2 has its password elsewhere."""
    for moment in session.timeline:
        if moment.id == "client_info" and moment.data.get("user_name"):
            return {"name": str(moment.data["user_name"]), "domain": str(moment.data.get("domain") or "") or None}
    return None


def _tls(session: Session) -> dict[str, Any] | None:
    if not session.security.startswith("tls"):
        return None
    return {
        "version": session.security.removeprefix("tls"),
        "version_protocol": "tls",
        "cipher": session.security_details.get("cipher_suite"),
    }


def _msra(session: Session) -> dict[str, Any]:
    verdict = session.verdict
    code = None if verdict.result is None else codes.lookup(verdict.result)
    return {
        "session": {"id": session.id, "messages": len(session.messages)},
        "version": session.version,
        "security": session.security,
        "outcome": verdict.outcome.value,
        "result": code and {"code": code.value, "name": code.name, "text": code.text},
        "verdict": {"rule": verdict.rule, "frame": verdict.frame, "causes": verdict.causes, "next": verdict.next_steps},
        "handshake": session.handshake and session.handshake.state,
        "findings": [{**asdict(one), "frames": one.frames[:_MOST]} for one in session.findings],
        "checks": [{**asdict(one), "frames": one.frames[:_MOST]} for one in session.checks],
        "controls": [control.how for control in session.controls[:_MOST]],
        "transfers": [
            {"file": transfer.file_name, "from": transfer.sender, "state": transfer.state,
             "bytes": transfer.received, "sha256": transfer.sha256 if transfer.received else None}
            for transfer in session.transfers[:_MOST]
        ],
        "gaps": _gaps(session.gaps),
    }  # fmt: skip


def _gaps(gaps: list[Gap]) -> list[dict[str, Any]]:
    """How many there are of each kind, and what is missing for that."""
    sizes = {kind: [gap.size for gap in gaps if gap.kind == kind] for kind in GAPS}
    return [{"kind": kind, "count": len(found), "bytes": sum(found)} for kind, found in sizes.items() if found]


def _without_nothing(value: Any) -> Any:
    """Fields that are unknown or empty are left out, as ECS wants it."""
    if isinstance(value, dict):
        kept = {name: _without_nothing(one) for name, one in value.items()}
        return {name: one for name, one in kept.items() if one not in (None, "", [], {})}
    return [_without_nothing(one) for one in value] if isinstance(value, (list, tuple)) else value
