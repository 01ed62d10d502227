"""What the analysis finds. Times are nanoseconds since 1970, UTC; sizes are bytes; frames count from 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msra.events import Endpoint, FactValue, Gap, Message, Role
from msra.shown import Shown, Tabular

if TYPE_CHECKING:
    from msra.analysis.differences import Difference

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
    rule: str = ""
    """The rule that decided: an id of the verdict's table."""
    frame: int | None = None
    """The deciding frame; None where something missing decided."""
    causes: tuple[str, ...] = ()
    """What probably led to it, the likeliest first."""
    next_steps: tuple[str, ...] = ()

    @property
    def advice(self) -> str:
        """The likeliest causes and the most promising steps, as one short paragraph."""
        return " ".join(self.causes[:2] + self.next_steps[:2])


@dataclass(frozen=True, slots=True)
class Moment:
    """One row of a session's timeline: what happened besides the messages, from the TCP connect to the close.

    `id` is the name of the fact and `data` its values (events.FACTS); `sender` is None where nobody sent anything.
    Secrets are masked in `text`; `open_text` is the same sentence with them, "" if there are none.
    """

    frame: int
    time: int
    sender: Role | None
    id: str
    text: str
    data: Mapping[str, FactValue] = field(default_factory=dict)
    open_text: str = ""


@dataclass(frozen=True, slots=True)
class Handshake:
    """How far the sides came in the sequence of their version ([MS-RA] 3.3 to 3.8).

    `state` is an id, `text` its sentence; `awaited` is the side whose turn it was, None if nothing was to come;
    `frames` are those of the messages that led there.
    """

    state: str
    text: str
    awaited: Role | None
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Control:
    """One request of the expert to share control ([MS-RA] 3.15, 3.16), or one end of it whose start is not captured.

    `how` it ended: pending, accepted (and still running when the session ended), rejected, denied, aborted,
    taken_back (TAKECONTROL), escaped (ESCRC), given_up (REMOTECTRLEND). Frames are None where there was none;
    `duration` is that of the control itself, in nanoseconds.
    """

    asked: int | None
    answered: int | None
    ended: int | None
    how: str
    duration: int | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One file ([MS-RA] 3.9, 3.10). Sizes are bytes.

    `state`: announced, accepted (and not ended), rejected, complete, aborted (rejected after it was accepted).
    `frames` are those of its messages, the announcement first; `sha256` is that of the bytes that were captured.
    `contact` are the fields of the contact information in it ([MS-RA] 2.2.5), None for ordinary files.
    """

    number: int
    sender: Role
    channel: str
    file_name: str
    file_size: int | None
    received: int
    blocks: int
    state: str
    sha256: str
    frames: tuple[int, ...]
    contact: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Durations:
    """In nanoseconds; None where the capture does not show both ends.

    `to_answer`: from the expert's request to the deciding RESULT; `under_control`: all shared control together;
    `silence`: from the last message to the end of the connection; `heartbeats`: ISCONNECTED messages of both sides.
    """

    total: int
    to_answer: int | None = None
    under_control: int | None = None
    silence: int | None = None
    heartbeats: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One question about the session and the invitation: passed, failed or not_checkable, and why."""

    id: str
    status: Literal["passed", "failed", "not_checkable"]
    text: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A TCP connect that led to nothing: `how` is refused, timed_out or closed (before a byte was sent).

    `text` says what is usually behind it.
    """

    expert: Endpoint
    novice: Endpoint
    how: str
    time: int
    frames: tuple[int, ...]
    text: str


@dataclass(slots=True)
class Session(Shown):
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
    version_evidence: Message | None = None
    """The message that shows the version ([MS-RA] 3)."""
    timeline: list[Moment] = field(default_factory=list)
    handshake: Handshake | None = None
    controls: list[Control] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    durations: Durations | None = None
    reconnects: int | None = None
    """The id of the session of the same expert and novice that this one follows."""
    checks: list[Check] = field(default_factory=list)
    """Against the invitation, if one was given."""


@dataclass(slots=True)
class CaptureReport(Shown, Tabular):
    """All that was found in one capture; `error` says why it could not be read, or not to its end."""

    path: str
    engine: str
    packets: int = 0
    rdp_connections: int = 0
    error: str | None = None
    notes: list[str] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)

    def to_dict(self, show_secrets: bool = False) -> dict[str, Any]:
        """The document of schema `msra-report/1` with this capture alone."""
        return Report([self]).to_dict(show_secrets)


@dataclass(frozen=True, slots=True)
class SessionPlace:
    """A session in a report: the capture's index, from 0, and the session's id in it."""

    capture: int
    session: int


@dataclass(frozen=True, slots=True)
class SameSession:
    """A session that several captures show; `differences` compare the first of them with each of the others."""

    places: tuple[SessionPlace, ...]
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class Report(Shown, Tabular):
    """The captures in the order in which they were given, and the sessions that more than one of them shows."""

    captures: list[CaptureReport] = field(default_factory=list)
    same: list[SameSession] = field(default_factory=list)

    def to_dict(self, show_secrets: bool = False) -> dict[str, Any]:
        """The document of schema `msra-report/1`: JSON types only. Secrets are masked unless `show_secrets`."""
        from msra.analysis.as_dict import report_dict

        return report_dict(self, show_secrets)
