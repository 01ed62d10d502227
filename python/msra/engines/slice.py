"""A slice of a capture for Wireshark: the packets that may matter, with the secrets that open them.

The frames of the slice are numbered anew, so it remembers which they are in the capture.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO, TypeVar

from msra.capture.model import Packet
from msra.capture.writer import PcapngWriter
from msra.events import Event

LARGEST_PACKET = 1 << 18
"""Bytes of a packet that Wireshark believes; where it finds a larger one it reads no further."""

_Event = TypeVar("_Event", bound=Event)


class Slice:
    """Writes a pcapng file while the packets pass."""

    def __init__(self, stream: BinaryIO) -> None:
        self._writer = PcapngWriter(stream)
        self._numbers = array("Q")

    def keylog(self, keylog: bytes) -> None:
        """The capture has this TLS key log here."""
        self._writer.secrets(keylog)

    def passing(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        """The same packets, each written before it is handed on."""
        for packet in packets:
            data = packet.data[:LARGEST_PACKET]
            self._writer.write(packet.time, data, link_type=packet.link_type, length=packet.length)
            self._numbers.append(packet.number)
            yield packet

    def original(self, event: _Event) -> _Event:
        """An event of the slice as it is in the capture."""
        return replace(event, frame=self._numbers[event.frame - 1])
