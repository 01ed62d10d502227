"""Remote Assistance messages in Scapy's own `sniff()`: a session that yields them instead of the packets.

>>> sniff(offline="capture.pcapng", session=RemoteAssistanceSession)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import scapy.layers.inet
import scapy.layers.inet6
import scapy.layers.l2  # noqa: F401 - with these three, Scapy knows the link types of captures
from scapy.config import conf
from scapy.packet import Packet
from scapy.sessions import DefaultSession

from msra.capture.link import FragmentTable, decode_segment
from msra.capture.tcp import StreamItem, TcpTracker
from msra.engines.interface import Options
from msra.engines.rdp_connections import RdpConnections
from msra.engines.secrets import load_secrets
from msra.events import Message
from msra.layers import MSRA_Header


class RemoteAssistanceSession(DefaultSession):
    """Yields a packet (MSRA_Header and what follows it) for each Remote Assistance message, as it is completed.

    `packet.time` is the time of the frame that completed it; `packet.message` is the msra.events.Message that tells
    sender, channel and that frame's number, counted from 1.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._tracker = TcpTracker()
        self._connections = RdpConnections(self._tracker, load_secrets(Options()))
        self._fragments = FragmentTable()
        self._frame = 0

    def recv(self, sock: Any) -> Iterator[Packet]:
        """Read the next packet of `sock`, a Scapy socket or file; yield the messages that it completes."""
        try:
            packet = sock.recv()
        except EOFError:
            yield from self._messages(self._tracker.finish())
            raise
        if not packet:
            return
        self._frame += 1
        data = packet.original or bytes(packet)
        link_type = conf.l2types.layer2num.get(type(packet), -1)
        segment = decode_segment(link_type, data, packet.wirelen or len(data), self._fragments)
        if segment is not None:
            time = int(packet.time * 1_000_000_000)
            yield from self._messages(self._tracker.feed(self._frame, time, segment))

    def _messages(self, items: Iterable[StreamItem]) -> Iterator[Packet]:
        for item in items:
            for event in self._connections.feed(item):
                if isinstance(event, Message):
                    packet = MSRA_Header(event.data)
                    packet.time = event.time / 1e9
                    packet.message = event
                    yield packet
