# SPDX-License-Identifier: GPL-2.0-or-later
# scapy.contrib.description = Remote Assistance Protocol (MS-RA): chat, session control, file transfer
# scapy.contrib.status = loads
# scapy.contrib.name = MSRA session control
"""Chat, session control and file transfer of Remote Assistance ([MS-RA] 2.2.2, 2.2.3, 3.11)."""

from __future__ import annotations

from typing import Any

from scapy.fields import StrField
from scapy.packet import Packet, bind_layers

from msra.layers import rccommand
from msra.layers.fields import Text, TextField
from msra.layers.header import Layer, MSRA_Header

__all__ = ["MSRA_Chat", "MSRA_FileTransfer", "MSRA_RCCommand"]


#####################
# [MS-RA] 3.11 Chat #
#####################
#
# +-----------+
# | text, NUL |   channel 70; at most 1,024 bytes in versions 2 and 3
# +-----------+


class MSRA_Chat(Layer):
    """A line of the chat."""

    name = "MS-RA CHAT"
    fields_desc = [TextField("text", "")]

    def mysummary(self) -> str:
        return self.sprintf("MS-RA CHAT %MSRA_Chat.text%")


#################################
# [MS-RA] 2.2.2 Session Control #
#################################
#
# +-----------+
# | text, NUL |   channel 71: <RCCOMMAND NAME="..." .../>
# +-----------+


class MSRA_RCCommand(Layer):
    """A session control command.

    >>> MSRA_RCCommand(text=MSRA_RCCommand.build_text("FILEXFER", filename="a.txt", filesize=5, channelid="RA_FX"))
    <MSRA_RCCommand  text='<RCCOMMAND NAME="FILEXFER" FILENAME="a.txt" FILESIZE="5" CHANNELID="RA_FX"/>' |>
    """

    name = "MS-RA RCCOMMAND"
    fields_desc = [TextField("text", "")]

    @staticmethod
    def build_text(name: str, **attributes: object) -> str:
        """The element's text; values are escaped, names of attributes written in capitals."""
        return rccommand.write(name, **attributes)

    def attributes(self) -> dict[str, str] | None:
        """The attributes by lower-case name, `name` first, or None if the text is no RCCOMMAND element."""
        return rccommand.scan(str(self.text))

    def mysummary(self) -> str:
        attributes = self.attributes() or {"name": "(malformed)"}
        return f"MS-RA RCCOMMAND {ascii(attributes['name'])[1:-1]}"


###############################
# [MS-RA] 2.2.3 File Transfer #
###############################
#
# +---------------------------------------------------------------+
# | data: a block of the file, or the text of a command, NUL      |   channel RA_FX; others in version 1
# +---------------------------------------------------------------+
#
# Only who follows the transfer can tell a command from a block that looks like one: see file_transfer.py.


_COMMANDS = [Text(command) for command in ("FILEXFERACK", "FILEXFERREJECT", "FILEXFEREND")]
_BY_WIRE = {wire: Text(wire) for command in _COMMANDS for wire in (command.wire, command.wire[:-2])}


def file_command(data: bytes) -> Text | None:
    """The command that a message on a file channel is, with or without NUL, or None."""
    return _BY_WIRE.get(data)


class FileField(StrField):
    """Bytes; a `str` becomes NUL-terminated UTF-16LE text."""

    def any2i(self, _pkt: Packet | None, x: Any) -> Any:
        return Text(x).wire if isinstance(x, str) else x

    def i2repr(self, _pkt: Packet | None, x: Any) -> str:
        command = file_command(x) if isinstance(x, bytes) else None
        return repr(x) if command is None else str(command)


class MSRA_FileTransfer(Layer):
    """A block of the file, or a command: `MSRA_FileTransfer(data="FILEXFERACK")`."""

    name = "MS-RA file transfer"
    fields_desc = [FileField("data", b"")]

    def mysummary(self) -> str:
        data = self.data
        command = file_command(data) if isinstance(data, bytes) else None
        return f"MS-RA FILE_DATA {len(data)} bytes" if command is None else f"MS-RA {command}"


bind_layers(MSRA_Header, MSRA_Chat, channel_name="70")
bind_layers(MSRA_Header, MSRA_RCCommand, channel_name="71")
bind_layers(MSRA_Header, MSRA_FileTransfer, channel_name="RA_FX")
