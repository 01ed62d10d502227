# SPDX-License-Identifier: GPL-2.0-or-later
"""A channel message as the analysis sees it: its type, its fields by name, and what is odd about it.

The fields of the Scapy layers read the bytes; here their values become plain ones. A message stands for itself: only
who follows a file transfer knows whether a block of the file looks like a command by chance
(:mod:`msra.layers.file_transfer`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from scapy.packet import NoPayload, Packet

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

_NO_PACKET = NoPayload()  # the fields of these layers do not look at the packet that they are in

UNKNOWN = "UNKNOWN"
FILE_DATA = "FILE_DATA"

Fields = dict[str, "int | str"]


class Decoded(NamedTuple):
    """One message. `channel` is its ChannelName, `type` the document's name for it, `notes` are keys of NOTES.

    `fields` are in the order of the wire, by their snake_case names; bytes are lower-case hexadecimal digits.
    `body_len` is the number of bytes after ChannelName that belong to the message.
    """

    channel: str
    type: str
    fields: Fields
    notes: tuple[str, ...]
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
    name, data_len = Text(data[8:name_end]), struct.unpack_from("<I", data, 4)[0]
    body = data[name_end : name_end + data_len]
    reading = _Reading()
    if "missing_terminator" in name.notes:
        reading.notes.add("name_not_terminated")
    if name.rest:
        reading.notes.add("name_padded")
    if data_len != len(data) - name_end:
        reading.notes.add("bad_length")
    _CHANNELS.get(MSRA_Header.layer_of(name), _read_unknown)(body, reading)
    return Decoded(
        channel=str(name),
        type=reading.type,
        fields=reading.fields,
        notes=tuple(sorted(reading.notes, key=NOTE_ORDER.index)),
        body_len=len(body),
    )


def _name_end(data: bytes) -> int:
    """Where ChannelName ends; 0 if its length is none that [MS-RA] 2.2.1.2 allows."""
    if len(data) < 8:
        return 0
    size: int = struct.unpack_from("<I", data)[0]
    return 8 + size if size % 2 == 0 and 2 <= size <= min(64, len(data) - 8) else 0


def _values(layer: type[Packet], wire: bytes) -> tuple[dict[str, Any], bytes]:
    """The values of a layer's fields, and the bytes behind them.

    The fields do the same when Scapy dissects the layer; but making a packet takes five times as long as all the rest.
    """
    values = {}
    for field in layer.fields_desc:
        wire, values[field.name] = field.getfield(_NO_PACKET, wire)
    return values, wire


def _read_unknown(body: bytes, reading: _Reading) -> None:
    reading.fields["data"] = body.hex()


def _read_control(body: bytes, reading: _Reading) -> None:
    """[MS-RA] 2.2.1: the message type says what follows it."""
    if len(body) < MSRA_Ctl.fixed_size:
        reading.notes.add("truncated")
        return
    values, rest = _values(MSRA_Ctl, body)
    msg_type = reading.fields["msg_type"] = values["msg_type"]
    layer = MSRA_Ctl.bound(msg_type=msg_type)
    if layer is None or msg_type not in MSG_TYPES:
        _read_unknown(rest, reading)
        return
    reading.type = MSG_TYPES[msg_type]
    if len(rest) < getattr(layer, "fixed_size", 0):
        _read_truncated(layer, rest, reading)
    else:
        _MESSAGES.get(layer, _read_fields)(*_values(layer, rest), reading)


def _read_truncated(layer: type[Packet], wire: bytes, reading: _Reading) -> None:
    """The fields that are complete. Only integers can be cut: strings may have any length."""
    reading.notes.add("truncated")
    for field in layer.fields_desc:
        if len(wire) < field.sz:
            return
        wire, reading.fields[field.name] = field.getfield(_NO_PACKET, wire)


def _read_fields(values: Mapping[str, Any], rest: bytes, reading: _Reading) -> None:
    """The fields of a layer under their names, then what follows the last of them."""
    trailing = b""
    for name, value in values.items():
        if isinstance(value, (Text, Bstr)):
            reading.notes.update(value.notes)
            trailing += value.rest
            value = str(value) if isinstance(value, Text) else value.hex()
        reading.fields[name] = value
    _read_trailing(trailing + rest, reading)


def _read_trailing(trailing: bytes, reading: _Reading) -> None:
    if trailing:
        reading.notes.add("trailing_data")
        reading.fields["data"] = trailing.hex()


def _read_result(values: Mapping[str, Any], rest: bytes, reading: _Reading) -> None:
    """[MS-RA] 2.2.6: a code comes with its name and text."""
    code = lookup(values["result"])
    reading.fields.update(result=values["result"], result_name=code.name, result_text=code.text)
    _read_trailing(rest, reading)


def _read_authenticate(values: Mapping[str, Any], rest: bytes, reading: _Reading) -> None:
    """REMOTEDESKTOP_CTL_AUTHENTICATE: the blob may be glued to the connection string, or be missing."""
    connection_string, blob = values["ra_connection_string"], values["expert_blob"]
    reading.fields["ra_connection_string"] = str(connection_string)
    if not blob.wire:
        reading.notes.update(connection_string.notes)
    else:
        reading.fields["expert_blob"] = str(blob)
        reading.notes.update(blob.notes)
        if connection_string.notes:
            reading.notes.add("no_separator")
    _read_trailing(rest, reading)


def _read_chat(body: bytes, reading: _Reading) -> None:
    """[MS-RA] 3.11."""
    reading.type = "CHAT"
    _read_fields(*_values(MSRA_Chat, body), reading)


def _read_rccommand(body: bytes, reading: _Reading) -> None:
    """[MS-RA] 2.2.2: the attributes take the place of the text."""
    reading.type = "RCCOMMAND"
    values, rest = _values(MSRA_RCCommand, body)
    _read_fields(values, rest, reading)
    attributes = rccommand.scan(str(values["text"]))
    if attributes is None:
        reading.notes.add("malformed_xml")
        return
    del reading.fields["text"]
    reading.fields = {**attributes, **reading.fields}


def _read_file(body: bytes, reading: _Reading) -> None:
    """[MS-RA] 2.2.3: a command if the body is exactly one."""
    command = file_command(body)
    reading.type = FILE_DATA if command is None else str(command)
    if command is None:
        reading.fields["data_len"] = len(body)
    else:
        reading.notes.update(command.notes)


_CHANNELS: Mapping[type[Packet] | None, Callable[[bytes, _Reading], None]] = {
    MSRA_Ctl: _read_control,
    MSRA_Chat: _read_chat,
    MSRA_RCCommand: _read_rccommand,
    MSRA_FileTransfer: _read_file,
}

_MESSAGES: Mapping[type[Packet], Callable[[Mapping[str, Any], bytes, _Reading], None]] = {
    MSRA_Result: _read_result,
    MSRA_Authenticate: _read_authenticate,
}
