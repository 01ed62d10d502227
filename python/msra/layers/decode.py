# SPDX-License-Identifier: GPL-2.0-or-later
"""A channel message as the analysis sees it: its type, its fields by name, and what is odd about it.

The Scapy layers read the bytes; here their values become plain ones. A message stands for itself: only who follows a
file transfer knows whether a block of the file looks like a command by chance (:mod:`msra.layers.file_transfer`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from scapy.packet import NoPayload, Packet, Padding, Raw

from msra.codes import lookup
from msra.layers import rccommand
from msra.layers.fields import Bstr, Text
from msra.layers.header import MSRA_Header
from msra.layers.msra import MSG_TYPES, MSRA_Authenticate, MSRA_Ctl, MSRA_Result
from msra.layers.session_control import MSRA_Chat, MSRA_FileTransfer, MSRA_RCCommand, file_command

__all__ = ["FILE_DATA", "NOTE_ORDER", "Decoded", "decode_message"]

NOTE_ORDER = (
    "missing_terminator", "no_separator", "bstr_counted", "bstr_raw", "truncated",
    "bad_length", "trailing_data", "odd_length", "malformed_xml", "name_not_terminated",
    "name_padded",
)  # fmt: skip
"""The notes in the order in which messages list them: that of `msra.events.NOTES`."""

UNKNOWN = "UNKNOWN"
FILE_DATA = "FILE_DATA"

Fields = dict[str, "int | str"]


@dataclass(frozen=True)
class Decoded:
    """One message. `channel` is its ChannelName, `type` the document's name for it, `notes` are keys of NOTES.

    `fields` are in the order of the wire, by their snake_case names; bytes are lower-case hexadecimal digits.
    `body_len` is the number of bytes after ChannelName that belong to the message.
    """

    channel: str
    type: str
    fields: Fields
    notes: tuple[str, ...]
    packet: Packet
    body_len: int


class _Reading:
    """What is found in one message, while it is read."""

    def __init__(self) -> None:
        self.type = UNKNOWN
        self.fields: Fields = {}
        self.notes: set[str] = set()


def decode_message(data: bytes) -> Decoded | None:
    """Decode a complete channel message ([MS-RA] 2.2.1 to 2.2.3), or return None if it has no valid header.

    What can't be read becomes a note or the field `data`; nothing raises.
    """
    name_end = _name_end(data)
    if not name_end:
        return None
    header = MSRA_Header(data)
    data_len, name = header.data_len, header.channel_name
    body = data[name_end : name_end + data_len]
    reading = _Reading()
    if "missing_terminator" in name.notes:
        reading.notes.add("name_not_terminated")
    if name.rest:
        reading.notes.add("name_padded")
    if data_len != len(data) - name_end:
        reading.notes.add("bad_length")
    read = _CHANNELS.get(header.guess_payload_class(body), _read_unknown)
    read(header.payload, body, reading)
    return Decoded(
        channel=str(name),
        type=reading.type,
        fields=reading.fields,
        notes=tuple(sorted(reading.notes, key=NOTE_ORDER.index)),
        packet=header,
        body_len=len(body),
    )


def _name_end(data: bytes) -> int:
    """Where ChannelName ends; 0 if its length is none that [MS-RA] 2.2.1.2 allows."""
    if len(data) < 8:
        return 0
    size: int = struct.unpack_from("<I", data)[0]
    return 8 + size if size % 2 == 0 and 2 <= size <= min(64, len(data) - 8) else 0


def _read_unknown(_message: Packet, body: bytes, reading: _Reading) -> None:
    reading.fields["data"] = body.hex()


def _read_control(control: Packet, _body: bytes, reading: _Reading) -> None:
    """[MS-RA] 2.2.1: the message type says what follows it."""
    if not isinstance(control, MSRA_Ctl):
        reading.notes.add("truncated")
        return
    msg_type, message = control.msg_type, control.payload
    reading.fields["msg_type"] = msg_type
    if msg_type not in MSG_TYPES:
        _read_unknown(control, _raw(control), reading)
        return
    reading.type = MSG_TYPES[msg_type]
    if isinstance(message, (Raw, NoPayload)):
        _read_truncated(control.guess_payload_class(b"")(), _raw(control), reading)
    else:
        _MESSAGES.get(type(message), _read_fields)(message, reading)


def _read_truncated(layer: Packet, wire: bytes, reading: _Reading) -> None:
    """The fields that are complete. Only integers can be cut: strings may have any length."""
    reading.notes.add("truncated")
    for field in layer.fields_desc:
        if len(wire) < field.sz:
            return
        wire, reading.fields[field.name] = field.getfield(layer, wire)


def _read_fields(message: Packet, reading: _Reading) -> None:
    """The fields of a layer under their names, then what follows the last of them."""
    trailing = b""
    for name, value in message.fields.items():
        if isinstance(value, (Text, Bstr)):
            reading.notes.update(value.notes)
            trailing += value.rest
            value = str(value) if isinstance(value, Text) else value.hex()
        reading.fields[name] = value
    _read_trailing(trailing + _raw(message), reading)


def _read_trailing(trailing: bytes, reading: _Reading) -> None:
    if trailing:
        reading.notes.add("trailing_data")
        reading.fields["data"] = trailing.hex()


def _raw(layer: Packet) -> bytes:
    """The bytes after a layer that belong to its message; Padding follows the message."""
    payload = layer.payload
    return bytes(payload.load) if isinstance(payload, Raw) and not isinstance(payload, Padding) else b""


def _read_result(message: Packet, reading: _Reading) -> None:
    """[MS-RA] 2.2.6: a code comes with its name and text."""
    code = lookup(message.result)
    reading.fields.update(result=message.result, result_name=code.name, result_text=code.text)
    _read_trailing(_raw(message), reading)


def _read_authenticate(message: Packet, reading: _Reading) -> None:
    """REMOTEDESKTOP_CTL_AUTHENTICATE: the blob may be glued to the connection string, or be missing."""
    connection_string, blob = message.ra_connection_string, message.expert_blob
    reading.fields["ra_connection_string"] = str(connection_string)
    if not blob.wire:
        reading.notes.update(connection_string.notes)
    else:
        reading.fields["expert_blob"] = str(blob)
        reading.notes.update(blob.notes)
        if connection_string.notes:
            reading.notes.add("no_separator")
    _read_trailing(_raw(message), reading)


def _read_chat(message: Packet, _body: bytes, reading: _Reading) -> None:
    """[MS-RA] 3.11."""
    reading.type = "CHAT"
    _read_fields(message, reading)


def _read_rccommand(message: Packet, _body: bytes, reading: _Reading) -> None:
    """[MS-RA] 2.2.2: the attributes take the place of the text."""
    reading.type = "RCCOMMAND"
    _read_fields(message, reading)
    attributes = rccommand.scan(str(message.text))
    if attributes is None:
        reading.notes.add("malformed_xml")
        return
    del reading.fields["text"]
    reading.fields = {**attributes, **reading.fields}


def _read_file(_message: Packet, body: bytes, reading: _Reading) -> None:
    """[MS-RA] 2.2.3: a command if the body is exactly one."""
    command = file_command(body)
    reading.type = FILE_DATA if command is None else str(command)
    if command is None:
        reading.fields["data_len"] = len(body)
    else:
        reading.notes.update(command.notes)


_CHANNELS: dict[type[Packet], Callable[[Packet, bytes, _Reading], None]] = {
    MSRA_Ctl: _read_control,
    MSRA_Chat: _read_chat,
    MSRA_RCCommand: _read_rccommand,
    MSRA_FileTransfer: _read_file,
}

_MESSAGES: dict[type[Packet], Callable[[Packet, _Reading], None]] = {
    MSRA_Result: _read_result,
    MSRA_Authenticate: _read_authenticate,
}
