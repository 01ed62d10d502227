# SPDX-License-Identifier: GPL-2.0-or-later
"""The header of every Remote Assistance message ([MS-RA] 2.2.1.1, 2.2.1.2), and what all layers have in common."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any, ClassVar

from scapy.fields import FieldLenField, LEIntField
from scapy.packet import Packet, Raw

from msra.layers.fields import Text, TextField

if TYPE_CHECKING:
    from scapy.compat import Self

__all__ = ["Layer", "MSRA_Header", "is_file_channel", "raw_if_short"]

# [MS-RA] 2.2.1.2: the address of the version 1 novice that started the transfer, or 1000 if the expert did; a dot; the
# seconds since 1970
_VERSION_1_FILE_CHANNEL = re.compile(r"(1000|[0-9]{1,3}(\.[0-9]{1,3}){3})\.[0-9]+")


def is_file_channel(channel_name: str) -> bool:
    """Whether a channel name of [MS-RA] 2.2.1.2 means file transfer, in any version."""
    return channel_name == "RA_FX" or _VERSION_1_FILE_CHANNEL.fullmatch(channel_name) is not None


class Layer(Packet):
    """What the layers here have in common. `fixed_size` is the number of bytes a layer needs to be one."""

    fixed_size: ClassVar[int] = 0
    sent = ""
    """Who sent it to whom, where a session (msra.scapy_session) knows that: summary() begins with it."""

    def summary(self, intern: int = 0) -> str:
        text = super().summary(intern)
        return f"{self.sent} / {text}" if self.sent else text

    def copy(self) -> Self:
        """A deep copy, which keeps what a session has put on it."""
        clone = super().copy()
        vars(clone).update(vars(self))
        return clone

    def answers(self, _other: Packet) -> int:
        """Few messages answer one; by Scapy's default a line of the chat would answer another."""
        return False

    def json(self) -> str:
        """Valid also for a layer without fields that others follow, where Scapy's own has a comma too many."""
        text = super().json()
        return "{" + text[3:] if text.startswith("{, ") else text

    def do_dissect_payload(self, s: bytes) -> None:
        """A message without a body is a layer, too: ISCONNECTED, or a chat line of no characters."""
        if s or self.stop_dissection_after:
            super().do_dissect_payload(s)
            return
        cls = self.guess_payload_class(s)
        if issubclass(cls, Layer) and not cls.fixed_size:
            layer = cls(_internal=1, _underlayer=self)
            layer.do_dissect(s)
            self.add_payload(layer)

    def mysummary(self) -> str:
        return str(self.name)

    @classmethod
    def bound(cls, **fields: Any) -> type[Packet] | None:
        """What is bound to exactly these values."""
        return next((layer for bond, layer in cls.payload_guess if bond == fields), None)


def raw_if_short(cls: type[Layer], _pkt: bytes = b"", *_args: Any, **_kwargs: Any) -> type[Packet]:
    """Scapy's dispatch_hook: dissects what is too short for the layer as Raw. Without bytes a layer is being built."""
    return Raw if 0 < len(_pkt) < cls.fixed_size else cls


###################################################
# [MS-RA] 2.2.1.1 REMOTEDESKTOP_CHANNELBUFHEADER  #
# [MS-RA] 2.2.1.2 REMOTEDESKTOP_CTL_PACKETHEADER  #
###################################################
#
#  0                   4                   8
# +-------------------+-------------------+-----------------------------+---------------------------+
# | channel_name_len  | data_len          | channel_name                | data_len bytes of message |
# +-------------------+-------------------+-----------------------------+---------------------------+
#                                           channel_name_len bytes with
#                                           the NUL: even, at most 64


class ChannelNameField(TextField):
    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Text]:
        size = pkt.channel_name_len
        return s[size:], Text(s[:size])


class MSRA_Header(Layer):
    """The header of every Remote Assistance message. The lengths are computed where they are None."""

    name = "MS-RA"
    show_summary = False
    fixed_size = 8
    dispatch_hook = classmethod(raw_if_short)
    fields_desc = [
        FieldLenField("channel_name_len", None, length_of="channel_name", fmt="<I"),
        LEIntField("data_len", None),
        ChannelNameField("channel_name", "RC_CTL"),
    ]

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        if self.data_len is None:
            pkt = pkt[:4] + struct.pack("<I", len(pay)) + pkt[8:]
        return pkt + pay

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes]:
        return s[: self.data_len], s[self.data_len :]

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        return self.layer_of(self.channel_name) or self.default_payload_class(payload)

    @classmethod
    def layer_of(cls, channel_name: str) -> type[Packet] | None:
        """That of a channel; file channels of version 1 have names of their own and the messages of RA_FX."""
        layer = cls.bound(channel_name=channel_name)
        return cls.bound(channel_name="RA_FX") if layer is None and is_file_channel(channel_name) else layer

    def answers(self, other: Packet) -> int:
        return isinstance(other, MSRA_Header) and self.payload.answers(other.payload)

    def mysummary(self) -> str:
        return self.sprintf("MS-RA %MSRA_Header.channel_name%")
