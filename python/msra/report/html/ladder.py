"""A session's ladder diagram as data for the page's script, which draws it when somebody looks.

Rows in the order of their frames; `at` is nanoseconds since the start of the session. Four kinds: messages, moments
(what happened besides them), gaps, and runs: blocks of a file that follow one another, as one row, for a file of
10 MB has 10,000 of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, TypeAlias

from msra import codes
from msra.analysis.mask import MASKED, shown_data, shown_fields, shown_text
from msra.analysis.model import Control, Moment, Session
from msra.events import GAPS, NOTES, Gap, Message, Value
from msra.report.html.words import shown

Row: TypeAlias = dict[str, Any]
_Event: TypeAlias = "Message | Moment | Gap"

_LABEL = 160  # characters of a row's text; all of it stands in the details
_SHORTEST_RUN = 4
_IN_TITLE = ("msg_type", "result", "result_name", "result_text", "version_major", "version_minor")


def ladder(session: Session, show_secrets: bool) -> Row:
    """The diagram: its rows, the frames between which control was shared, and the frame that decided."""
    events: list[_Event] = [*session.timeline, *session.messages, *session.gaps]
    events.sort(key=lambda event: event.frame)
    return {
        # As text: the numbers of JavaScript are too small for nanoseconds since 1970.
        "start": str(session.start),
        "decides": session.verdict.frame,
        "control": [span for control in session.controls for span in _span(control)],
        "rows": [
            {"frame": event.frame, "at": event.time - session.start, "from": event.sender, **rest}
            for event, rest in _rows(events, show_secrets)
        ],
    }


def _span(control: Control) -> Iterator[tuple[int, int | None]]:
    """From the frame that granted control to the one that ended it, or to the end of the session."""
    if control.answered is not None and control.how not in ("rejected", "denied"):
        yield control.answered, control.ended


def _rows(events: Iterable[_Event], show_secrets: bool) -> Iterator[tuple[_Event, Row]]:
    for block, group in groupby(events, _block):
        members = list(group)
        if block is not None and len(members) >= _SHORTEST_RUN:
            yield members[0], _run(members)
            continue
        for event in members:
            if isinstance(event, Message):
                yield event, message_row(event, show_secrets)
            elif isinstance(event, Moment):
                yield event, _moment(event, show_secrets)
            else:
                yield event, {"kind": "gap", "title": f"{event.size:,} bytes not readable", "label": GAPS[event.kind]}


def _block(event: _Event) -> tuple[str, str] | None:
    """Sender and channel of a file's block that there is nothing to say about."""
    plain = isinstance(event, Message) and event.type == "FILE_DATA" and not event.notes
    return (event.sender, event.channel) if plain and isinstance(event, Message) else None


def _run(members: list[_Event]) -> Row:
    blocks = [event for event in members if isinstance(event, Message)]
    size = sum(int(block.fields.get("data_len", 0)) for block in blocks)
    return {
        "kind": "message",
        "last": blocks[-1].frame,
        "title": f"FILE_DATA, {len(blocks):,} blocks",
        "label": f"{size:,} bytes",
        "type": "FILE_DATA",
        "channel": shown(blocks[0].channel),
        "fields": [["blocks", f"{len(blocks):,}"], ["bytes", f"{size:,}"], ["last frame", f"{blocks[-1].frame}"]],
    }


def message_row(message: Message, show_secrets: bool) -> Row:
    """A message, without what all rows have."""
    fields = shown_fields(message, show_secrets)
    title, label = _title(message.type, fields)
    row: Row = {
        "kind": "message",
        "title": shown(title, _LABEL),
        "label": shown(label, _LABEL),
        "type": shown(message.type),
        "channel": shown(message.channel),
        "fields": [[shown(name), shown(value)] for name, value in fields.items()],
    }
    if message.notes:
        row["notes"] = [NOTES[note] for note in message.notes]
    if (result := _number(fields, "result")) is not None:
        code = codes.lookup(result)
        row["meaning"] = code.text
        row["outcome"] = code.outcome
    return row


def _moment(moment: Moment, show_secrets: bool) -> Row:
    data = shown_data(moment.data, show_secrets)
    listed = {name: ", ".join(map(str, value)) if isinstance(value, tuple) else value for name, value in data.items()}
    return {
        "kind": "moment",
        "title": shown(shown_text(moment, show_secrets)),
        "type": shown(moment.id),
        "fields": [[shown(name), shown(value)] for name, value in listed.items()],
    }


def _title(kind: str, fields: Mapping[str, Value]) -> tuple[str, str]:
    """What stands at the arrow: the message in bold, and what distinguishes it."""
    name = kind.removeprefix("REMOTEDESKTOP_")
    if (result := _number(fields, "result")) is not None:
        code = codes.lookup(result)
        return name, f"{code.number} {code.name}"
    if "version_major" in fields and "version_minor" in fields:
        return name, f"{fields['version_major']}.{fields['version_minor']}"
    rest = {key: value for key, value in fields.items() if key not in _IN_TITLE and value != MASKED}
    if kind == "CHAT":
        return name, f"“{rest.get('text', '')}”"
    if kind == "RCCOMMAND" and "name" in rest:
        name = str(rest.pop("name"))
    return name, " ".join(str(value) for value in rest.values())


def _number(fields: Mapping[str, Value], key: str) -> int | None:
    value = fields.get(key)
    return value if isinstance(value, int) else None
