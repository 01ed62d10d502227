"""The report as data for other programs: `json`, one document, and `jsonl`, one line an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msra.analysis.as_dict import message_dict
from msra.analysis.model import Report


def to_json(report: Report, show_secrets: bool = False) -> str:
    """The report as one JSON document."""
    return json.dumps(report.to_dict(show_secrets), indent=2) + "\n"


def to_jsonl(report: Report, show_secrets: bool = False) -> str:
    """One line an event, with the capture's path and the session's number."""
    lines = (json.dumps(line) for line in _event_lines(report, show_secrets))
    return "".join(line + "\n" for line in lines)


def _event_lines(report: Report, show_secrets: bool) -> Iterator[dict[str, Any]]:
    for capture in report.captures:
        for session in capture.sessions:
            for message in session.messages:
                yield {"capture": capture.path, "session": session.id, **message_dict(message, show_secrets)}
