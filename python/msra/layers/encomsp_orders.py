# SPDX-License-Identifier: GPL-2.0-or-later
# scapy.contrib.description = Remote Desktop Protocol: Multiparty Virtual Channel Extension (MS-RDPEMC), orders
# scapy.contrib.status = loads
# scapy.contrib.name = ENCOMSP orders
"""The thirteen orders of the multiparty channel, each without its header ([MS-RDPEMC] 2.2.2 to 2.2.5).

Fields called Name in the document are `app_name` and `wnd_name` here: a Scapy packet has a `name` already.
"""

from __future__ import annotations

from typing import Any, ClassVar

from scapy.fields import FieldLenField, FlagsField, LEIntEnumField, LEIntField, XLEIntField
from scapy.packet import Packet

from msra.codes import lookup
from msra.layers.fields import Text, TextField
from msra.layers.header import Layer, raw_if_short

__all__ = [
    "ENCOMSP_AppCreated",
    "ENCOMSP_AppRemoved",
    "ENCOMSP_FilterUpdated",
    "ENCOMSP_GraphicsStreamPaused",
    "ENCOMSP_GraphicsStreamResumed",
    "ENCOMSP_ParticipantCreated",
    "ENCOMSP_ParticipantCtrlChange",
    "ENCOMSP_ParticipantCtrlChangeResponse",
    "ENCOMSP_ParticipantRemoved",
    "ENCOMSP_WndCreated",
    "ENCOMSP_WndRegionUpdate",
    "ENCOMSP_WndRemoved",
    "ENCOMSP_WndShow",
]


####################################
# [MS-RDPEMC] 2.2.2 UNICODE_STRING #
####################################
#
#  0            2
# +------------+---------------------------------+
# | cch_string | string: 2 * cch_string bytes    |   cch_string is at most 1,024
# +------------+---------------------------------+
#
# The text ends at a NUL, if there is one.


class UnicodeString(Text):
    """Text that is counted and needs no terminator."""

    @staticmethod
    def _encode(text: str) -> bytes:
        return text.encode("utf-16-le", "surrogatepass")

    @staticmethod
    def _unterminated(content: bytes) -> tuple[str, ...]:
        return ("odd_length",) if len(content) % 2 else ()


class UnicodeStringField(TextField):
    """The String; its count is the field `cch_string` of the same layer."""

    kind = UnicodeString

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Text]:
        size = 2 * pkt.cch_string
        return s[size:], UnicodeString(s[:size])


def unicode_string(name: str) -> list[Any]:
    """The two fields of a UNICODE_STRING; the count is computed where it is None."""
    count = FieldLenField("cch_string", None, length_of=name, fmt="<H", adjust=lambda _pkt, size: size // 2)
    return [count, UnicodeStringField(name, "")]


class Order(Layer):
    """The body of an order, whose `fixed_size` is that of all its fields but the strings."""

    dispatch_hook: ClassVar[Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.dispatch_hook = classmethod(raw_if_short)  # Scapy doesn't look for it in base classes
        cls.fixed_size = sum(int(field.sz) for field in cls.fields_desc if not isinstance(field, UnicodeStringField))


##########################################
# [MS-RDPEMC] 2.2.3.1 Filter-Updated PDU #
##########################################
#
#  0       1
# +-------+
# | flags |   novice to experts; lists of applications and windows follow
# +-------+


class ENCOMSP_FilterUpdated(Order):
    """Whether only some applications are shared."""

    name = "ENCOMSP OD_FILTER_STATE_UPDATED"
    fields_desc = [FlagsField("flags", 0, 8, {1: "FILTER_ENABLED"})]


###############################################
# [MS-RDPEMC] 2.2.3.2 Application-Created PDU #
# [MS-RDPEMC] 2.2.3.3 Application-Removed PDU #
###############################################
#
#  0       2        6            8
# +-------+--------+------------+----------+
# | flags | app_id | cch_string | app_name |   novice to experts; Windows: process id and name
# +-------+--------+------------+----------+
#
#  0        4
# +--------+
# | app_id |   novice to experts
# +--------+


class ENCOMSP_AppCreated(Order):
    """There is an application, or it has changed."""

    name = "ENCOMSP OD_APP_CREATED"
    fields_desc = [
        FlagsField("flags", 0, -16, {1: "APPLICATION_SHARED"}),
        LEIntField("app_id", 0),
        *unicode_string("app_name"),
    ]


class ENCOMSP_AppRemoved(Order):
    """An application is gone."""

    name = "ENCOMSP OD_APP_REMOVED"
    fields_desc = [LEIntField("app_id", 0)]


##########################################
# [MS-RDPEMC] 2.2.3.4 Window-Created PDU #
# [MS-RDPEMC] 2.2.3.5 Window-Removed PDU #
# [MS-RDPEMC] 2.2.3.6 Show Window PDU    #
##########################################
#
#  0       2        6        10           12
# +-------+--------+--------+------------+----------+
# | flags | app_id | wnd_id | cch_string | wnd_name |   novice to experts; Windows: window handle and title
# +-------+--------+--------+------------+----------+
#
#  0        4
# +--------+
# | wnd_id |   removed: novice to experts; show: expert to novice
# +--------+


class ENCOMSP_WndCreated(Order):
    """There is a window, or it has changed."""

    name = "ENCOMSP OD_WND_CREATED"
    fields_desc = [
        FlagsField("flags", 0, -16, {1: "WINDOW_SHARED"}),
        LEIntField("app_id", 0),
        LEIntField("wnd_id", 0),
        *unicode_string("wnd_name"),
    ]


class ENCOMSP_WndRemoved(Order):
    """A window is gone."""

    name = "ENCOMSP OD_WND_REMOVED"
    fields_desc = [LEIntField("wnd_id", 0)]


class ENCOMSP_WndShow(Order):
    """The expert wants to see a window."""

    name = "ENCOMSP OD_WND_SHOW"
    fields_desc = [LEIntField("wnd_id", 0)]


################################################
# [MS-RDPEMC] 2.2.3.7 Window Region Update PDU #
################################################
#
#  0      4     8       12       16
# +------+-----+-------+--------+
# | left | top | right | bottom |   novice to experts; right and bottom belong to the window
# +------+-----+-------+--------+


class ENCOMSP_WndRegionUpdate(Order):
    """The size of a window has changed; Windows does not send it."""

    name = "ENCOMSP OD_WND_REGION_UPDATE"
    fields_desc = [LEIntField("left", 0), LEIntField("top", 0), LEIntField("right", 0), LEIntField("bottom", 0)]


###############################################
# [MS-RDPEMC] 2.2.4.1 Participant-Created PDU #
###############################################
#
#  0                4          8       10           12
# +----------------+----------+-------+------------+---------------+
# | participant_id | group_id | flags | cch_string | friendly_name |   novice to experts
# +----------------+----------+-------+------------+---------------+


class ENCOMSP_ParticipantCreated(Order):
    """There is an expert, or what it may do has changed. IS_PARTICIPANT: it is the one that reads this."""

    name = "ENCOMSP OD_PARTICIPANT_CREATED"
    fields_desc = [
        LEIntField("participant_id", 0),
        LEIntField("group_id", 0),
        FlagsField("flags", 0, -16, {1: "MAY_VIEW", 2: "MAY_INTERACT", 4: "IS_PARTICIPANT"}),
        *unicode_string("friendly_name"),
    ]


###############################################
# [MS-RDPEMC] 2.2.4.2 Participant-Removed PDU #
###############################################
#
#  0                4           8           12
# +----------------+-----------+-----------+
# | participant_id | disc_type | disc_code |   novice to experts
# +----------------+-----------+-----------+

DISC_TYPES = {0: "PARTICIPANT_DISCONNECT_REASON_APP", 2: "PARTICIPANT_DISCONNECT_REASON_CLI"}
DISC_CODES = {0: "S_OK", 0xD00A0006: "unable to send to the participant", 0xD0000001: "error on the host side"}


class DiscCodeField(LEIntEnumField):
    """Shows the HRESULTs by name: 0x8xxxxxxx, Win32 errors among them."""

    def _i2repr(self, _pkt: Packet | None, x: Any) -> str:
        if isinstance(x, int):
            return lookup(x).name if x >> 28 == 8 else f"{x:#010x}"
        return repr(x)


class ENCOMSP_ParticipantRemoved(Order):
    """An expert is gone, and why."""

    name = "ENCOMSP OD_PARTICIPANT_REMOVED"
    fields_desc = [
        LEIntField("participant_id", 0),
        LEIntEnumField("disc_type", 0, DISC_TYPES),
        DiscCodeField("disc_code", 0, DISC_CODES),
    ]


#####################################################################
# [MS-RDPEMC] 2.2.4.3 Change Participant Control Level PDU          #
# [MS-RDPEMC] 2.2.4.4 Change Participant Control Level Response PDU #
#####################################################################
#
#  0       2                6             10
# +-------+----------------+-------------+
# | flags | participant_id | reason_code |   expert to novice, without reason_code; the response the other way
# +-------+----------------+-------------+

_REQUESTS = {1: "REQUEST_VIEW", 2: "REQUEST_INTERACT", 8: "ALLOW_CONTROL_REQUESTS"}


class ENCOMSP_ParticipantCtrlChange(Order):
    """The expert asks for control or gives it back: `flags="REQUEST_VIEW+REQUEST_INTERACT"`."""

    name = "ENCOMSP OD_PARTICIPANT_CTRL_CHANGE"
    fields_desc = [FlagsField("flags", 0, -16, _REQUESTS), LEIntField("participant_id", 0)]


class ENCOMSP_ParticipantCtrlChangeResponse(Order):
    """The answer; the document has no list of reason codes."""

    name = "ENCOMSP OD_PARTICIPANT_CTRL_CHANGE_RESPONSE"
    fields_desc = [
        FlagsField("flags", 0, -16, _REQUESTS),
        LEIntField("participant_id", 0),
        XLEIntField("reason_code", 0),
    ]

    def answers(self, other: Packet) -> int:
        return isinstance(other, ENCOMSP_ParticipantCtrlChange) and self.participant_id == other.participant_id


###################################################
# [MS-RDPEMC] 2.2.5.1 Graphics Stream-Paused PDU  #
# [MS-RDPEMC] 2.2.5.2 Graphics Stream-Resumed PDU #
###################################################
#
# No body; novice to experts.


class ENCOMSP_GraphicsStreamPaused(Order):
    """The novice has suspended the sharing."""

    name = "ENCOMSP OD_GRAPHICS_STREAM_PAUSED"


class ENCOMSP_GraphicsStreamResumed(Order):
    """The sharing goes on."""

    name = "ENCOMSP OD_GRAPHICS_STREAM_RESUMED"
