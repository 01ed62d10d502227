"""One RDP connection in the embedded engine: transport items become events.

TCP bytes -> transport.Connection -> (TLS records) -> channel messages -> layers.decode -> events
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msra.capture import tls
from msra.events import ConnectionOpened, Endpoint, Event, Fact, Gap, Message, Role
from msra.layers.decode import decode_message
from msra.layers.file_transfer import FileTransfers, is_file_channel
from msra.transport import model
from msra.transport.connection import Connection

KNOWN_CHANNELS = frozenset({"RC_CTL", "70", "71", "RA_FX"})


def identify(message: bytes) -> str | None:
    """Recognise a Remote Assistance message on a channel whose name the capture doesn't show ([MS-RA] 2.2.1.2)."""
    decoded = decode_message(message)
    if decoded is None or "bad_length" in decoded.notes:
        return None
    return "remdesk" if decoded.channel in KNOWN_CHANNELS or is_file_channel(decoded.channel) else None


WANTED = model.Wanted(static=frozenset({"remdesk"}), dynamic=frozenset({"RC_CTL"}), identify=identify)


class _TlsDirection:
    """The records of one side, and the handshake bytes until the ServerHello is complete."""

    def __init__(self) -> None:
        self.records = tls.RecordStream()
        self.handshake = bytearray()


class RdpStream:
    """Decodes one RDP connection; `number` counts them in the capture."""

    def __init__(
        self, number: int, expert: Endpoint, novice: Endpoint, client_synchronised: bool, server_synchronised: bool
    ) -> None:
        self.number = number
        self._ends: tuple[Endpoint, Endpoint] | None = expert, novice
        self._connection = Connection(WANTED, client_synchronised, server_synchronised)
        self._transfers = FileTransfers()
        self._tls = {True: _TlsDirection(), False: _TlsDirection()}
        self._tls_version: str | None = None
        self._last: dict[bool, model.Origin] = {}

    def feed(self, from_client: bool, data: bytes, frame: int, time: int) -> Iterator[Event]:
        """The next bytes of one side of the TCP stream."""
        origin = self._heard(from_client, frame, time)
        yield from self._events(self._connection.feed(origin, data))

    def hole(self, from_client: bool, size: int, kind: str, frame: int, time: int) -> Iterator[Event]:
        """`size` bytes of one side are missing from the capture."""
        origin = self._heard(from_client, frame, time)
        if self._connection.tls:
            self._tls[from_client].records.hole()
        yield from self._events(self._connection.hole(origin, size, kind))

    def finish(self) -> Iterator[Event]:
        """The TCP connection or the capture has ended."""
        yield from self._events(self._connection.finish(self._last.values()))
        for from_client, direction in self._tls.items():
            unfinished = direction.records.finish()
            if unfinished:
                yield self._gap(model.Gap(self._last[from_client], "incomplete_pdu", unfinished))

    def _heard(self, from_client: bool, frame: int, time: int) -> model.Origin:
        self._last[from_client] = origin = model.Origin(from_client, frame, time)
        return origin

    def _events(self, items: Iterable[model.Item]) -> Iterator[Event]:
        for item in items:
            if self._ends:
                yield ConnectionOpened(self.number, item.origin.frame, item.origin.time, *self._ends)
                self._ends = None
            if isinstance(item, model.ChannelMessage):
                yield self._message(item)
            elif isinstance(item, model.Ciphertext):
                yield from self._ciphertext(item)
            elif isinstance(item, model.Fact):
                yield Fact(self.number, item.origin.frame, item.origin.time, _role(item.origin), item.name, item.data)
            elif isinstance(item, model.Gap):
                yield self._gap(item)

    def _message(self, item: model.ChannelMessage) -> Event:
        decoded = decode_message(item.data)
        if decoded is None:
            return self._gap(model.Gap(item.origin, "bad_header", len(item.data)))
        sender = _role(item.origin)
        decoded = self._transfers.classify(sender, decoded)
        return Message(
            self.number, item.origin.frame, item.origin.time,
            sender, decoded.channel, decoded.type, decoded.fields, decoded.notes, item.data,
        )  # fmt: skip

    def _gap(self, gap: model.Gap) -> Gap:
        return Gap(self.number, gap.origin.frame, gap.origin.time, _role(gap.origin), gap.kind, gap.size)

    def _ciphertext(self, item: model.Ciphertext) -> Iterator[Event]:
        direction = self._tls[item.origin.from_client]
        for record in direction.records.feed(item.data):
            if record.type == tls.HANDSHAKE and not item.origin.from_client and self._tls_version is None:
                direction.handshake += record.fragment
                self._tls_version = tls.server_hello_version(bytes(direction.handshake))
                if self._tls_version is not None:
                    data = {"version": self._tls_version}
                    yield Fact(self.number, item.origin.frame, item.origin.time, "novice", "tls", data)
            if record.type in (tls.APPLICATION_DATA, 0):
                yield self._gap(model.Gap(item.origin, "encrypted", len(record.fragment)))


def _role(origin: model.Origin) -> Role:
    """The RDP client is the expert ([MS-RA] 1.3): it opens the connection to the novice, who shares the screen."""
    return "expert" if origin.from_client else "novice"
