"""Decrypted, decompressed messages as a capture that Wireshark opens and the plugin dissects.

Each message becomes a packet of link type 252, WIRESHARK_UPPER_PDU: tags (Wireshark's exported_pdu.h), then the
message.

    tag u16 | length u16 | value, padded to four bytes          big-endian; 0 ends the tags
        12  name of the dissector                               20, 21  IPv4 addresses, source and destination
        24  kind of port u32: 2 = TCP                           22, 23  IPv6 addresses
        25, 26  ports u32, source and destination               30      the original frame's number u32
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable
from typing import BinaryIO

from msra.capture.writer import PcapngWriter
from msra.events import ConnectionOpened, Endpoint, Event, Message

LINKTYPE_WIRESHARK_UPPER_PDU = 252
ENCOMSP = "encomsp"
"""The channel whose messages are orders of [MS-RDPEMC], without a Remote Assistance header."""

_END, _DISSECTOR, _PORT_TYPE, _SOURCE_PORT, _DESTINATION_PORT, _FRAME = 0, 12, 24, 25, 26, 30
_ADDRESSES = {4: (20, 21), 6: (22, 23)}
_TCP = 2


class MessageExport:
    """Writes the messages of captures to one pcapng stream; `count` is how many there were."""

    def __init__(self, stream: BinaryIO) -> None:
        self.count = 0
        self._writer = PcapngWriter(stream, LINKTYPE_WIRESHARK_UPPER_PDU)

    def add(self, events: Iterable[Event], capture: str) -> None:
        """Write the messages among the events of one capture, whose name the comments give."""
        opened: dict[int, ConnectionOpened] = {}
        for event in events:
            if isinstance(event, ConnectionOpened):
                opened[event.connection] = event
            elif isinstance(event, Message):
                data = upper_pdu(event, opened[event.connection])
                comment = f"frame {event.frame} of {capture}, sent by the {event.sender}"
                self._writer.write(event.time, data, comment)
                self.count += 1


def upper_pdu(message: Message, opened: ConnectionOpened) -> bytes:
    """The tags and the message."""
    ends = (opened.expert, opened.novice) if message.sender == "expert" else (opened.novice, opened.expert)
    source, destination = map(_address, ends)
    tags = (
        (_DISSECTOR, dissector_of(message).encode()),
        (_ADDRESSES[source.version][0], source.packed),
        (_ADDRESSES[destination.version][1], destination.packed),
        (_PORT_TYPE, struct.pack(">I", _TCP)),
        (_SOURCE_PORT, struct.pack(">I", ends[0].port)),
        (_DESTINATION_PORT, struct.pack(">I", ends[1].port)),
        (_FRAME, struct.pack(">I", message.frame)),
        (_END, b""),
    )
    padded = ((tag, value + bytes(-len(value) % 4)) for tag, value in tags)
    return b"".join(struct.pack(">HH", tag, len(value)) + value for tag, value in padded) + message.data


def dissector_of(message: Message) -> str:
    """The plugin's dissector of this message: its name tells the sender, which the message itself does not."""
    return f"{ENCOMSP if message.channel == ENCOMSP else 'msra'}_{message.sender}"


def _address(end: Endpoint) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(end.ip)
