"""What is truly in the captures of pcaps/, from pcaps/expected.json, in a form to compare with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PCAPS = Path(__file__).parent.parent.parent / "pcaps"
COMPARED = ("result", "version_major", "version_minor", "name")


@dataclass(frozen=True, eq=False)
class Expected:
    """One capture: `sessions` are lists of messages; `at_least`: others may come between them."""

    file: str
    security: str
    sessions: list[list[dict[str, Any]]]
    at_least: bool
    keys: dict[str, str]
    """What opens the capture, each enough alone: "keylog" or "rdp_key", and the file's name."""

    @property
    def path(self) -> Path:
        return PCAPS / self.file

    def __str__(self) -> str:
        return self.file


def load() -> list[Expected]:
    rows = json.loads((PCAPS / "expected.json").read_text("utf-8"))
    return [
        Expected(row["file"], row["security"], row["sessions"], row.get("at_least", False), row["keys"]) for row in rows
    ]


def comparable(event: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """A message of a report (JSON) in the terms of expected.json: only the keys that it names."""
    got = {"from": event["from"], "channel": event["channel"], "type": event["type"]}
    fields = event["fields"]
    got |= {key: fields.get(key) for key in COMPARED if key in expected}
    if "text" in expected:
        got["text"] = next((fields[key] for key in ("text", "expert_name", "novice_name") if key in fields), None)
    return got
