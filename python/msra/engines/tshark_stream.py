"""The tshark engine for captures that grow: pipes and interfaces.

Wireshark tells a plugin neither that a connection was closed nor what is missing, and it can be asked about a capture's
whole only. So the embedded engine follows the connections, and hands each message on to tshark as it comes: one packet
of link type WIRESHARK_UPPER_PDU (see export.py), which the plugin dissects while the next one is awaited.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from msra.engines import pdml
from msra.engines.dissection import Piped
from msra.engines.embedded import EmbeddedReading
from msra.engines.export import MessageExport
from msra.engines.interface import EngineError, Options
from msra.engines.slice import LARGEST_PACKET
from msra.engines.tshark import needed_tshark, parameters, problem_of
from msra.events import ConnectionOpened, Event, Fact, Message

if TYPE_CHECKING:
    from pyshark.packet.packet import Packet


_TAGS = 256  # bytes that go before a message at most; see export.upper_pdu


class StreamReading:
    """One growing capture being read (see interface.Reading)."""

    def __init__(self, stream: BinaryIO | None, options: Options) -> None:
        self._options = options
        self._own = EmbeddedReading(None, options, stream=stream)

    @property
    def packets(self) -> int:
        """Packets read so far."""
        return self._own.packets

    @property
    def notes(self) -> list[str]:
        """Sentences about the capture as a whole."""
        return self._own.notes

    @property
    def position(self) -> int:
        """Bytes of the stream that were read so far."""
        return self._own.position

    def events(self) -> Generator[Event, None, None]:
        """The events, as they happen; raises EngineError also where tshark fails."""
        opened: dict[int, ConnectionOpened] = {}
        plugin = MessageDissector(self._options)
        try:
            for event in self._own.events():
                if isinstance(event, ConnectionOpened):
                    opened[event.connection] = event
                elif isinstance(event, Message):
                    event = plugin.dissected(event, opened[event.connection])
                yield event
                if isinstance(event, Fact) and event.name == "tcp_close":
                    del opened[event.connection]
            plugin.finish()
        finally:
            plugin.close()


class MessageDissector:
    """A tshark with the plugin, which is given one message after the other; it starts with the first."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._pipe: Piped | None = None
        self._packets: Iterator[Packet] = iter(())
        self._export: MessageExport | None = None

    def dissected(self, message: Message, opened: ConnectionOpened) -> Message:
        """The message as the plugin sees it. One that is too large for Wireshark stays as it is."""
        if len(message.data) > LARGEST_PACKET - _TAGS:
            return message
        with contextlib.suppress(OSError):  # if tshark has ended, what it said is read now
            self._started().add([opened, message], "the capture")
        packet = next(self._packets, None)
        if packet is None:
            raise EngineError(self._problem() or "tshark ended too early")
        events = [event for event in pdml.Translator().events(packet) if isinstance(event, Message)]
        if len(events) != 1:
            raise EngineError(f"tshark dissected {len(events)} messages where there is one, in frame {message.frame}")
        return replace(events[0], connection=message.connection, frame=message.frame, time=message.time)

    def finish(self) -> None:
        """All messages were dissected; raises EngineError if tshark has something to say about it."""
        if self._pipe is not None:
            self._pipe.end_input()
            for _ in self._packets:
                raise EngineError("tshark dissected more messages than there are")
            if problem := self._problem():
                raise EngineError(problem)

    def close(self) -> None:
        """End tshark, if it still runs."""
        if self._pipe is not None:
            self._pipe.close()

    def _started(self) -> MessageExport:
        if self._export is None:
            self._pipe = Piped(needed_tshark(), parameters(self._options))
            self._packets = iter(self._pipe)
            self._export = MessageExport(self._pipe.input)
        return self._export

    def _problem(self) -> str | None:
        return problem_of(self._pipe) if self._pipe is not None else None
