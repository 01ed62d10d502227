# SPDX-License-Identifier: GPL-2.0-or-later
# scapy.contrib.description = Remote Assistance Protocol (MS-RA)
# scapy.contrib.status = loads
# scapy.contrib.name = MSRA
"""Remote Assistance: the header and the session initialization messages ([MS-RA] 2.2.1).

    >>> packet = MSRA_Header() / MSRA_Ctl() / MSRA_Result(result="SAFERROR_HELPEESAIDNO")
    >>> MSRA_Header(bytes(packet)).summary()
    'MS-RA REMOTEDESKTOP_CTL_RESULT SAFERROR_HELPEESAIDNO'

Integers are little-endian, text is UTF-16LE. Any bytes can be dissected and are rebuilt as they were: a message that
ends before its fixed fields do becomes a Raw layer.
"""

from __future__ import annotations

from typing import Any

from scapy.fields import LEIntEnumField, LEIntField
from scapy.packet import Packet, bind_bottom_up, bind_layers

from msra.codes import SAFERROR, find, lookup
from msra.layers.blob import glue_point
from msra.layers.fields import BstrField, BstrTextField, Text, TextField
from msra.layers.header import Layer, MSRA_Header, raw_if_short

__all__ = [
    "MSRA_Authenticate",
    "MSRA_Ctl",
    "MSRA_Disconnect",
    "MSRA_ExpertOnVista",
    "MSRA_Header",
    "MSRA_IsConnected",
    "MSRA_RAExpertName",
    "MSRA_RANoviceName",
    "MSRA_RemoteControlDesktop",
    "MSRA_Result",
    "MSRA_ServerAnnounce",
    "MSRA_Token",
    "MSRA_VerifyPassword",
    "MSRA_VersionInfo",
]


###############################################
# [MS-RA] 2.2.1.3 REMOTEDESKTOP_CTL_BUFHEADER #
###############################################
#
#  0          4
# +----------+------------------------------+
# | msg_type | body, described at each type |
# +----------+------------------------------+

MSG_TYPES = {
    1: "REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP",
    2: "REMOTEDESKTOP_CTL_RESULT",
    3: "REMOTEDESKTOP_CTL_AUTHENTICATE",
    4: "REMOTEDESKTOP_CTL_SERVER_ANNOUNCE",
    5: "REMOTEDESKTOP_CTL_DISCONNECT",
    6: "REMOTEDESKTOP_CTL_VERSIONINFO",
    7: "REMOTEDESKTOP_CTL_ISCONNECTED",
    8: "REMOTEDESKTOP_CTL_VERIFY_PASSWORD",
    9: "REMOTEDESKTOP_EXPERT_ON_VISTA",
    10: "REMOTEDESKTOP_CTL_RANOVICE_NAME",
    11: "REMOTEDESKTOP_CTL_RAEXPERT_NAME",
    12: "REMOTEDESKTOP_CTL_TOKEN",
}

_RESULT = 2
_ANSWERED_WITH_RESULT = frozenset({1, 3, 8})  # [MS-RA] 3.3, 3.5: the novice decides on each of them


class MSRA_Ctl(Layer):
    """The type of a session initialization message. After an unknown type a Raw layer follows."""

    name = "MS-RA control message"
    show_summary = False
    fixed_size = 4
    dispatch_hook = classmethod(raw_if_short)
    fields_desc = [LEIntEnumField("msg_type", 0, MSG_TYPES)]

    def answers(self, other: Packet) -> int:
        return isinstance(other, MSRA_Ctl) and self.msg_type == _RESULT and other.msg_type in _ANSWERED_WITH_RESULT

    def mysummary(self) -> str:
        return self.sprintf("MS-RA %MSRA_Ctl.msg_type%")


bind_bottom_up(MSRA_Header, MSRA_Ctl, channel_name="remdesk")
bind_layers(MSRA_Header, MSRA_Ctl, channel_name="RC_CTL")


############################################################
# [MS-RA] 2.2.1.9 REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP #
############################################################
#
# +---------------------------+
# | ra_connection_string, NUL |   expert to novice, version 1
# +---------------------------+


class MSRA_RemoteControlDesktop(Layer):
    """The version 1 expert asks to be let in; the connection string is ignored on receipt."""

    name = "MS-RA REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP"
    fields_desc = [TextField("ra_connection_string", "")]


#############################################
# [MS-RA] 2.2.1.10 REMOTEDESKTOP_CTL_RESULT #
#############################################
#
#  0        4
# +--------+
# | result |   a code of [MS-RA] 2.2.6; versions 1 and 2
# +--------+


class ResultField(LEIntEnumField):
    """Takes and shows the names of `msra.codes`, those of HRESULTs included; a value without name shows its number."""

    def any2i_one(self, pkt: Packet | None, x: Any) -> Any:
        if isinstance(x, str) and (code := find(x)):
            return code.value
        return super().any2i_one(pkt, x)

    def _i2repr(self, _pkt: Packet | None, x: Any) -> str:
        return lookup(x).name if isinstance(x, int) else repr(x)


class MSRA_Result(Layer):
    """How a request ended: `result` takes and shows a number or a name of [MS-RA] 2.2.6."""

    name = "MS-RA REMOTEDESKTOP_CTL_RESULT"
    fixed_size = 4
    dispatch_hook = classmethod(raw_if_short)
    fields_desc = [ResultField("result", 0, {code.value: code.name for code in SAFERROR})]

    def mysummary(self) -> str:
        return self.sprintf("MS-RA REMOTEDESKTOP_CTL_RESULT %MSRA_Result.result%")


##################################################
# [MS-RA] 2.2.1.4 REMOTEDESKTOP_CTL_AUTHENTICATE #
##################################################
#
# +---------------------------+------------------+
# | ra_connection_string, NUL | expert_blob, NUL |   expert to novice, version 1
# +---------------------------+------------------+
#
# FreeRDP 3 leaves out both terminators.


class ConnectionStringField(TextField):
    def getfield(self, _pkt: Packet, s: bytes) -> tuple[bytes, Text]:
        end = glue_point(s)
        return s[end:], Text(s[:end])


class MSRA_Authenticate(Layer):
    """The version 1 expert shows its invitation and password."""

    name = "MS-RA REMOTEDESKTOP_CTL_AUTHENTICATE"
    fields_desc = [ConnectionStringField("ra_connection_string", ""), TextField("expert_blob", "")]


#####################################################
# [MS-RA] 2.2.1.7 REMOTEDESKTOP_CTL_SERVER_ANNOUNCE #
# [MS-RA] 2.2.1.5 REMOTEDESKTOP_CTL_DISCONNECT      #
# [MS-RA] 2.2.1.6 REMOTEDESKTOP_CTL_ISCONNECTED     #
#####################################################
#
# No body.


class MSRA_ServerAnnounce(Layer):
    """The novice is there; versions 1 and 2."""

    name = "MS-RA REMOTEDESKTOP_CTL_SERVER_ANNOUNCE"


class MSRA_Disconnect(Layer):
    """Either side ends the session."""

    name = "MS-RA REMOTEDESKTOP_CTL_DISCONNECT"


class MSRA_IsConnected(Layer):
    """The heart-beat of version 1."""

    name = "MS-RA REMOTEDESKTOP_CTL_ISCONNECTED"


#################################################
# [MS-RA] 2.2.1.8 REMOTEDESKTOP_CTL_VERSIONINFO #
#################################################
#
#  0               4               8
# +---------------+---------------+
# | version_major | version_minor |   1 and 2
# +---------------+---------------+


class MSRA_VersionInfo(Layer):
    """The protocol version of the sender: 1 and 2; only version 1 heeds it."""

    name = "MS-RA REMOTEDESKTOP_CTL_VERSIONINFO"
    fixed_size = 8
    dispatch_hook = classmethod(raw_if_short)
    fields_desc = [LEIntField("version_major", 1), LEIntField("version_minor", 2)]

    def mysummary(self) -> str:
        return self.sprintf(
            "MS-RA REMOTEDESKTOP_CTL_VERSIONINFO %MSRA_VersionInfo.version_major%.%MSRA_VersionInfo.version_minor%"
        )


######################################################
# [MS-RA] 2.2.1.11 REMOTEDESKTOP_CTL_VERIFY_PASSWORD #
######################################################
#
# +------------------+
# | expert_blob, NUL |   expert to novice, version 2; FreeRDP 3 leaves out the NUL
# +------------------+


class MSRA_VerifyPassword(Layer):
    """The version 2 expert shows its password."""

    name = "MS-RA REMOTEDESKTOP_CTL_VERIFY_PASSWORD"
    fields_desc = [TextField("expert_blob", "")]


##################################################
# [MS-RA] 2.2.1.12 REMOTEDESKTOP_EXPERT_ON_VISTA #
##################################################
#
# +-----------------------------+
# | encrypted_password, a BSTR  |   expert to novice, version 2; FreeRDP sends 32 bytes without a count
# +-----------------------------+


class MSRA_ExpertOnVista(Layer):
    """The version 2 expert announces itself. Bytes are assigned as they go on the wire, `bstr()` counts them."""

    name = "MS-RA REMOTEDESKTOP_EXPERT_ON_VISTA"
    fields_desc = [BstrField("encrypted_password", b"")]


####################################################
# [MS-RA] 2.2.1.13 REMOTEDESKTOP_CTL_RANOVICE_NAME #
# [MS-RA] 2.2.1.14 REMOTEDESKTOP_CTL_RAEXPERT_NAME #
####################################################
#
# +---------------------------------------+
# | novice_name or expert_name, a BSTR    |   version 2, optional
# +---------------------------------------+


class MSRA_RANoviceName(Layer):
    """The novice's name. A `str` is assigned in the form of [MS-DTYP] 2.2.5, `bytes` as they go on the wire."""

    name = "MS-RA REMOTEDESKTOP_CTL_RANOVICE_NAME"
    fields_desc = [BstrTextField("novice_name", "")]


class MSRA_RAExpertName(Layer):
    """The expert's name; as MSRA_RANoviceName."""

    name = "MS-RA REMOTEDESKTOP_CTL_RAEXPERT_NAME"
    fields_desc = [BstrTextField("expert_name", "")]


############################################
# [MS-RA] 2.2.1.15 REMOTEDESKTOP_CTL_TOKEN #
############################################
#
# +-----------------+
# | token, a BSTR   |   both sides, version 3; made as [MS-RA] 2.2.4 says
# +-----------------+


class MSRA_Token(Layer):
    """The proof of version 3 that a side knows the password. Bytes are assigned as they go on the wire."""

    name = "MS-RA REMOTEDESKTOP_CTL_TOKEN"
    fields_desc = [BstrField("token", b"")]


bind_layers(MSRA_Ctl, MSRA_RemoteControlDesktop, msg_type=1)
bind_layers(MSRA_Ctl, MSRA_Result, msg_type=2)
bind_layers(MSRA_Ctl, MSRA_Authenticate, msg_type=3)
bind_layers(MSRA_Ctl, MSRA_ServerAnnounce, msg_type=4)
bind_layers(MSRA_Ctl, MSRA_Disconnect, msg_type=5)
bind_layers(MSRA_Ctl, MSRA_VersionInfo, msg_type=6)
bind_layers(MSRA_Ctl, MSRA_IsConnected, msg_type=7)
bind_layers(MSRA_Ctl, MSRA_VerifyPassword, msg_type=8)
bind_layers(MSRA_Ctl, MSRA_ExpertOnVista, msg_type=9)
bind_layers(MSRA_Ctl, MSRA_RANoviceName, msg_type=10)
bind_layers(MSRA_Ctl, MSRA_RAExpertName, msg_type=11)
bind_layers(MSRA_Ctl, MSRA_Token, msg_type=12)
