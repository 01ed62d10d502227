"""What the analysis finds. Times are nanoseconds since 1970, UTC; sizes are bytes; frames count from 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, TypeAlias

from msra.events import Endpoint, Gap, Message

Severity: TypeAlias = Literal["info", "warning", "error"]


class Outcome(str, Enum):
    """How a session ended."""

    ESTABLISHED = "established"
    """The novice let the expert in."""
    REFUSED = "refused"
    """The novice's user said no."""
    FAILED = "failed"
    """Another error code, or the connection could not be negotiated."""
    INCOMPLETE = "incomplete"
    """The capture ends, or the connection closes, before a decision."""
    UNREADABLE = "unreadable"
    """What would decide could not be decrypted or decompressed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something remarkable, by the rule `id`, seen in `frames`."""

    id: str
    severity: Severity
    text: str
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, the result code that decided it (None if there was none), and what to tell the user."""

    outcome: Outcome
    result: int | None
    summary: str
    advice: str


@dataclass(slots=True)
class Session:
    """One Remote Assistance session, or a connection that may be one but could not be read."""

    id: int
    expert: Endpoint
    novice: Endpoint
    security: str
    security_details: Mapping[str, object]
    """What the capture shows of protocols, keys, ciphers and compression; keys as in events.FACTS."""
    version: int | None
    channels: tuple[str, ...] | None
    """The static channels the expert asked for; None if the capture doesn't show them."""
    start: int
    end: int
    verdict: Verdict
    messages: list[Message] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class CaptureReport:
    """All that was found in one capture; `error` says why it could not be read, or not to its end."""

    path: str
    engine: str
    packets: int = 0
    rdp_connections: int = 0
    error: str | None = None
    notes: list[str] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """The captures in the order in which they were given."""

    captures: list[CaptureReport] = field(default_factory=list)
