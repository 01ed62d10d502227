# SPDX-License-Identifier: GPL-2.0-or-later
# scapy.contrib.description = Remote Desktop Protocol: Multiparty Virtual Channel Extension (MS-RDPEMC)
# scapy.contrib.status = loads
# scapy.contrib.name = ENCOMSP
"""The multiparty channel `encomsp` of a Remote Assistance connection ([MS-RDPEMC] 2.2): who may see and do what.

    >>> order = ENCOMSP_Header() / ENCOMSP_ParticipantCtrlChange(flags="REQUEST_VIEW+REQUEST_INTERACT")
    >>> orders, unread = decode_encomsp(bytes(order))
    >>> orders[0].type, orders[0].fields
    ('OD_PARTICIPANT_CTRL_CHANGE', {'order_type': 9, 'flags': 3, 'participant_id': 0})

The "host" of the document is the novice, its "participants" are the experts. A channel message holds one order after
the other. Integers are little-endian, text is UTF-16LE. Any bytes can be dissected and are rebuilt as they were: an
order that ends before its fixed fields do, or of an unknown type, has a Raw layer in place of its fields.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from scapy.fields import LEShortEnumField, LEShortField, PacketListField
from scapy.packet import Packet, bind_layers

from msra.layers.decode import NOTE_ORDER, UNKNOWN, Fields
from msra.layers.encomsp_orders import (
    ENCOMSP_AppCreated,
    ENCOMSP_AppRemoved,
    ENCOMSP_FilterUpdated,
    ENCOMSP_GraphicsStreamPaused,
    ENCOMSP_GraphicsStreamResumed,
    ENCOMSP_ParticipantCreated,
    ENCOMSP_ParticipantCtrlChange,
    ENCOMSP_ParticipantCtrlChangeResponse,
    ENCOMSP_ParticipantRemoved,
    ENCOMSP_WndCreated,
    ENCOMSP_WndRegionUpdate,
    ENCOMSP_WndRemoved,
    ENCOMSP_WndShow,
    Order,
    UnicodeStringField,
)
from msra.layers.fields import Text
from msra.layers.header import Layer, raw_if_short
from msra.limits import MAX_ORDERS

__all__ = [
    "DecodedOrder",
    "ENCOMSP_AppCreated",
    "ENCOMSP_AppRemoved",
    "ENCOMSP_FilterUpdated",
    "ENCOMSP_GraphicsStreamPaused",
    "ENCOMSP_GraphicsStreamResumed",
    "ENCOMSP_Header",
    "ENCOMSP_Message",
    "ENCOMSP_ParticipantCreated",
    "ENCOMSP_ParticipantCtrlChange",
    "ENCOMSP_ParticipantCtrlChangeResponse",
    "ENCOMSP_ParticipantRemoved",
    "ENCOMSP_WndCreated",
    "ENCOMSP_WndRegionUpdate",
    "ENCOMSP_WndRemoved",
    "ENCOMSP_WndShow",
    "decode_encomsp",
]


#########################################
# [MS-RDPEMC] 2.2.1 Common Order Header #
#########################################
#
#  0            2        4
# +------------+--------+-------------------------------+
# | order_type | length | body, described at each order |
# +------------+--------+-------------------------------+
#                length counts the header, too

ORDERS: dict[int, type[Order]] = {
    0x1: ENCOMSP_FilterUpdated,
    0x2: ENCOMSP_AppRemoved,
    0x3: ENCOMSP_AppCreated,
    0x4: ENCOMSP_WndRemoved,
    0x5: ENCOMSP_WndCreated,
    0x6: ENCOMSP_WndShow,
    0x7: ENCOMSP_ParticipantRemoved,
    0x8: ENCOMSP_ParticipantCreated,
    0x9: ENCOMSP_ParticipantCtrlChange,
    0xA: ENCOMSP_GraphicsStreamPaused,
    0xB: ENCOMSP_GraphicsStreamResumed,
    0xC: ENCOMSP_WndRegionUpdate,
    0xD: ENCOMSP_ParticipantCtrlChangeResponse,
}
# The names of the PDUs: those of the types begin with ODTYPE_, and for some the document has two.
ORDER_TYPES = {order_type: str(layer().name).removeprefix("ENCOMSP ") for order_type, layer in ORDERS.items()}


class ENCOMSP_Header(Layer):
    """The header of an order; `length` is computed where it is None. After an unknown type a Raw layer follows."""

    name = "ENCOMSP"
    show_summary = False
    fixed_size = 4
    dispatch_hook = classmethod(raw_if_short)
    fields_desc = [LEShortEnumField("order_type", 0, ORDER_TYPES), LEShortField("length", None)]

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        if self.length is None:
            pkt = pkt[:2] + struct.pack("<H", len(pkt) + len(pay)) + pkt[4:]
        return pkt + pay

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes]:
        size = max(self.length - self.fixed_size, 0)
        return s[:size], s[size:]

    def answers(self, other: Packet) -> int:
        return isinstance(other, ENCOMSP_Header) and self.payload.answers(other.payload)

    def mysummary(self) -> str:
        return self.sprintf("ENCOMSP %ENCOMSP_Header.order_type%")


def order_size(data: bytes, position: int) -> int:
    """The number of bytes that the order at `position` takes, at most what is there; 0 where no order can begin."""
    left = len(data) - position
    if left < ENCOMSP_Header.fixed_size:
        return 0
    length: int = struct.unpack_from("<H", data, position + 2)[0]
    return min(length, left) if length >= ENCOMSP_Header.fixed_size else 0


class OrdersField(PacketListField):
    """Orders one after the other; what is no order stays."""

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, list[Any]]:
        orders: list[Any] = []
        position = 0
        while len(orders) < MAX_ORDERS and (size := order_size(s, position)):
            orders.append(ENCOMSP_Header(s[position : position + size], _parent=pkt))
            position += size
        return s[position:], orders


class ENCOMSP_Message(Layer):
    """A message of the channel: `ENCOMSP_Message(orders=[ENCOMSP_Header() / ENCOMSP_WndShow(wnd_id=7), ...])`."""

    name = "ENCOMSP message"
    fields_desc = [OrdersField("orders", [], ENCOMSP_Header)]

    def json(self) -> str:
        """With the bodies of the orders: Scapy leaves out what follows the first layer of a packet in a list."""
        orders, payload = ", ".join(order.json() for order in self.orders), self.payload.json()
        return f'{{"orders": [{orders}]' + (f', "payload": {payload}}}' if payload else "}")

    def mysummary(self) -> str:
        return ", ".join(order.summary() for order in self.orders) or "ENCOMSP"


for _order_type, _layer in ORDERS.items():
    bind_layers(ENCOMSP_Header, _layer, order_type=_order_type)


class DecodedOrder(NamedTuple):
    """One order. `type` is the document's name for it or UNKNOWN, `notes` are keys of NOTES.

    `fields` are in the order of the wire, by their snake_case names, `order_type` first; bytes are lower-case
    hexadecimal digits. `size` is the number of bytes of the message that the order takes, its header included.
    """

    type: str
    fields: Fields
    notes: tuple[str, ...]
    size: int


def decode_encomsp(data: bytes) -> tuple[list[DecodedOrder], int]:
    """Decode a complete channel message ([MS-RDPEMC] 2.2): its orders, and how many bytes after them are none.

    Orders end where fewer bytes than a header are left, or a `length` is less than that of a header. What can't be
    read of an order becomes a note or the field `data`; nothing raises.
    """
    orders: list[DecodedOrder] = []
    position = 0
    while len(orders) < MAX_ORDERS and (size := order_size(data, position)):
        orders.append(_decode_order(data[position : position + size]))
        position += size
    return orders, len(data) - position


def _decode_order(wire: bytes) -> DecodedOrder:
    order_type, length = struct.unpack_from("<HH", wire)
    fields: Fields = {"order_type": order_type}
    notes = {"bad_length"} if length > len(wire) else set()
    body = wire[ENCOMSP_Header.fixed_size :]
    if order_type in ORDERS:
        _read_fields(ORDERS[order_type](), body, fields, notes)
    else:
        fields["data"] = body.hex()
    return DecodedOrder(
        type=ORDER_TYPES.get(order_type, UNKNOWN),
        fields=fields,
        notes=tuple(sorted(notes, key=NOTE_ORDER.index)),
        size=len(wire),
    )


def _read_fields(order: Order, body: bytes, fields: Fields, notes: set[str]) -> None:
    """The fields that are complete, of a text what is there, then what follows the last of them."""
    trailing = b""
    for field in order.fields_desc:
        is_text = isinstance(field, UnicodeStringField)
        if len(body) < (2 * order.cch_string if is_text else field.sz):
            notes.add("truncated")
            if not is_text:
                return
        body, value = field.getfield(order, body)
        order.setfieldval(field.name, value)
        if isinstance(value, Text):
            notes.update(value.notes)
            trailing += value.rest
        fields[field.name] = str(value) if isinstance(value, Text) else int(value)
    trailing += body
    if trailing:
        notes.add("trailing_data")
        fields["data"] = trailing.hex()
