"""A session's messages and moments as one story, in words: what the ladder, Markdown and CSV have in common.

All texts of a step are printable: they may be shown as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeAlias

from msra import codes
from msra.analysis import rdp_codes
from msra.analysis.findings.vocabulary import FILE_TYPES, command
from msra.analysis.mask import MASKED, shown_fields, shown_text
from msra.analysis.model import Moment, Session
from msra.events import NOTES, Message, Role, Value
from msra.report.printable import printable

Kind: TypeAlias = Literal["moment", "message", "control", "file", "chat"]

_CONTROL = frozenset({
    # [MS-RA] 3.15, 3.16: shared control
    "REMOTECTRLSTART", "ACCEPTRC", "REJECTRC", "DENIEDRC", "ABORTRC", "TAKECONTROL", "ESCRC", "REMOTECTRLEND",
})  # fmt: skip
_ARGUMENT: Mapping[str, str] = {
    # the field that says the most of a message stands beside its type
    "CHAT": "text",
    "RCCOMMAND": "name",
    "REMOTEDESKTOP_CTL_RAEXPERT_NAME": "expert_name",
    "REMOTEDESKTOP_CTL_RANOVICE_NAME": "novice_name",
}
_USUAL: Mapping[str, str] = {
    # moments of every session, by what they are a step of; all others are told in full
    "tcp_syn": "TCP connect", "tcp_syn_ack": "TCP connect",
    "connection_request": "RDP negotiation", "connection_confirm": "RDP negotiation",
    "tls": "TLS handshake", "tls_session": "TLS handshake", "credssp": "CredSSP",
    "client_core": "channels", "client_channels": "channels", "server_channels": "channels", "security": "channels",
    "server_key": "server key", "client_info": "Client Info", "license_error": "licensing",
    "activated": "screen", "compression": "compression",
}  # fmt: skip
_OFTEN = ("FILE_DATA", "OD_")
"""Messages that come in numbers and are counted, whatever their fields say: blocks of files and window updates."""

_FIRST, _LAST = 40, 20
"""Steps of a long session that are told at its beginning and at its end, where not everything is asked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One message, one moment, or `count` of them that are told together; frame and time are those of the first.

    `name` is the message's type or the moment's sentence, `argument` what says the most about it, `values` the other
    fields. `result` is the code that a RESULT carries; `usual` names what a moment of every session is a part of.
    """

    frame: int
    time: int
    sender: Role | None
    kind: Kind
    name: str
    argument: str = ""
    values: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    channel: str = ""
    result: int | None = None
    usual: str = ""
    count: int = 1

    @property
    def label(self) -> str:
        """Name and argument."""
        return f"{self.name} {self.argument}" if self.argument else self.name

    @property
    def open_values(self) -> str:
        """The values that are not masked, in one line."""
        return ", ".join(f"{name}={value}" for name, value in self.values if value != MASKED)


def in_order(session: Session) -> list[Message | Moment]:
    """Messages and the timeline around them."""
    return sorted([*session.timeline, *session.messages], key=lambda event: event.frame)


def steps(session: Session, show_secrets: bool = False) -> list[Step]:
    """Everything, one by one."""
    return [step(event, show_secrets) for event in in_order(session)]


def step(event: Message | Moment, show_secrets: bool = False) -> Step:
    """One of them."""
    return _moment(event, show_secrets) if isinstance(event, Moment) else _message(event, show_secrets)


def told_briefly(session: Session, show_secrets: bool = False) -> list[Step]:
    """Everything in few steps: moments of every session by their names, and what is repeated with its number."""
    runs = groupby(steps(session, show_secrets), lambda one: bool(one.usual) or _repeated(one))
    return [_usual(list(run)) if usual is True else _counted(list(run)) for usual, run in runs]


def most(brief: Sequence[Step], deciding: int | None) -> list[Step]:
    """All steps, or of very many the first, the last and the one of the deciding frame."""
    if len(brief) <= _FIRST + _LAST:
        return list(brief)
    middle = brief[_FIRST:-_LAST]
    decides = [step for step in middle if step.frame == deciding and step.kind != "moment"]
    left_out = Step(0, middle[0].time, None, "moment", f"{len(middle) - len(decides):,} more")
    return [*brief[:_FIRST], left_out, *decides, *brief[-_LAST:]]


def _usual(run: Sequence[Step]) -> Step:
    names = dict.fromkeys(step.usual for step in run)
    return replace(run[0], sender=None, name=", ".join(names))


def _repeated(step: Step) -> Step:
    """What steps that are told together have in common."""
    same = replace(step, frame=0, time=0)
    return replace(same, values=(), notes=()) if step.name.startswith(_OFTEN) else same


def _counted(run: Sequence[Step]) -> Step:
    first = replace(run[0], count=len(run))
    if first.name == "FILE_DATA":
        sizes = [int(value) for step in run for name, value in step.values if name == "data_len" and value.isdecimal()]
        return replace(first, argument=f"{sum(sizes):,} bytes", values=())
    return replace(first, values=()) if first.name.startswith(_OFTEN) and len(run) > 1 else first


def _moment(moment: Moment, show_secrets: bool) -> Step:
    usual = "" if _is_trouble(moment) else _USUAL.get(moment.id, "")
    text = printable(shown_text(moment, show_secrets))
    return Step(moment.frame, moment.time, moment.sender, "moment", text, usual=usual)


def _is_trouble(moment: Moment) -> bool:
    """Whether a moment that every session has went wrong in this one."""
    code = moment.data.get("error_code")
    if moment.id == "license_error":
        return isinstance(code, int) and rdp_codes.license_error(code).name != "STATUS_VALID_CLIENT"
    return moment.id == "credssp" and bool(code)


def _message(message: Message, show_secrets: bool) -> Step:
    fields = dict(shown_fields(message, show_secrets))
    result = fields.get("result") if message.type == "REMOTEDESKTOP_CTL_RESULT" else None
    argument = _argument(message.type, fields)
    return Step(
        message.frame,
        message.time,
        message.sender,
        _kind(message),
        printable(message.type),
        printable(argument),
        tuple((printable(name), printable(str(value))) for name, value in fields.items()),
        tuple(NOTES.get(note, note) for note in message.notes),
        printable(message.channel),
        result if isinstance(result, int) else None,
    )


def _argument(kind: str, fields: dict[str, Value]) -> str:
    """What says the most. The fields that it and the type tell are taken away."""
    number = fields.pop("msg_type", None)
    if kind == "UNKNOWN":
        return "" if number is None else f"{number}"
    if kind == "REMOTEDESKTOP_CTL_RESULT" and isinstance(result := fields.get("result"), int):
        for name in ("result", "result_name", "result_text"):
            fields.pop(name, None)
        code = codes.lookup(result)
        return f"{code.number} {code.name}"
    if "version_major" in fields and "version_minor" in fields:
        return f"{fields.pop('version_major')}.{fields.pop('version_minor')}"
    argument = str(fields.pop(_ARGUMENT.get(kind, ""), ""))
    return f'{argument} "{fields.pop("filename")}"' if argument == "FILEXFER" and "filename" in fields else argument


def _kind(message: Message) -> Kind:
    name = command(message) if message.type == "RCCOMMAND" else message.type
    if message.type == "CHAT":
        return "chat"
    if name in _CONTROL and message.type == "RCCOMMAND":
        return "control"
    return "file" if name in FILE_TYPES or name == "FILEXFER" else "message"
