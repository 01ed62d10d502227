"""One RDP connection in the embedded engine: transport items become events.

TCP bytes -> transport.Connection -> channel messages -> layers.decode -> events
                |            ^
                v            |
               TLS -> CredSSP, stepped over
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msra.capture import tls
from msra.engines.effort import Effort
from msra.engines.secrets import Secrets
from msra.events import ConnectionOpened, Endpoint, Event, Fact, Gap, Message, Role
from msra.layers.decode import decode_message
from msra.layers.encomsp import decode_encomsp
from msra.layers.file_transfer import FileTransfers, is_file_channel
from msra.transport import model
from msra.transport.connection import Connection
from msra.transport.credssp import Prelude
from msra.transport.rdp_keys import parse_x509
from msra.transport.room import Rooms

KNOWN_CHANNELS = frozenset({"RC_CTL", "70", "71", "RA_FX"})


def identify(message: bytes) -> str | None:
    """Recognise a Remote Assistance message on a channel whose name the capture doesn't show ([MS-RA] 2.2.1.2)."""
    decoded = decode_message(message)
    if decoded is None or "bad_length" in decoded.notes:
        return None
    return "remdesk" if decoded.channel in KNOWN_CHANNELS or is_file_channel(decoded.channel) else None


WANTED = model.Wanted(static=frozenset({"remdesk", "encomsp"}), dynamic=frozenset({"RC_CTL"}), identify=identify)


class RdpStream:
    """Decodes one RDP connection; `number` counts them in the capture."""

    def __init__(
        self,
        number: int,
        expert: Endpoint,
        novice: Endpoint,
        client_synchronised: bool,
        server_synchronised: bool,
        secrets: Secrets,
        rooms: Rooms,
        effort: Effort,
    ) -> None:
        self.number = number
        self._ends: tuple[Endpoint, Endpoint] | None = expert, novice
        self._connection = Connection(WANTED, client_synchronised, server_synchronised, secrets.rsa_keys, rooms)
        self._effort = effort
        self._transfers = FileTransfers()
        self._tls = tls.TlsDecryptor(secrets.tls)
        self._preludes = {True: Prelude(), False: Prelude()}
        self._told: set[str] = set()
        self._last: dict[bool, model.Origin] = {}

    @property
    def opened(self) -> bool:
        """Whether ConnectionOpened was told."""
        return self._ends is None

    def feed(self, from_client: bool, data: bytes, frame: int, time: int) -> Iterator[Event]:
        """The next bytes of one side of the TCP stream."""
        origin = self._heard(from_client, frame, time)
        self._effort.earn(len(data))
        return self._events(self._connection.feed(origin, data))

    def hole(self, from_client: bool, size: int, kind: str, frame: int, time: int) -> Iterator[Event]:
        """`size` bytes of one side are missing from the capture."""
        origin = self._heard(from_client, frame, time)
        yield from self._events(self._connection.hole(origin, size, kind))
        if self._connection.tls:
            yield from self._records(origin, self._tls.hole(from_client, size))

    def finish(self) -> Iterator[Event]:
        """The TCP connection or the capture has ended."""
        yield from self._events(self._connection.finish(self._last.values()))
        for from_client, origin in self._last.items():
            unfinished = self._tls.finish(from_client)
            if unfinished:
                yield self._gap(model.Gap(origin, "incomplete_pdu", unfinished))

    def _heard(self, from_client: bool, frame: int, time: int) -> model.Origin:
        self._last[from_client] = origin = model.Origin(from_client, frame, time)
        return origin

    def _events(self, items: Iterable[model.Item]) -> Iterator[Event]:
        for item in items:
            if self._ends:
                yield ConnectionOpened(self.number, item.origin.frame, item.origin.time, *self._ends)
                self._ends = None
            if isinstance(item, model.ChannelMessage):
                yield from self._decoded(item)
            elif isinstance(item, model.Ciphertext):
                yield from self._records(item.origin, self._tls.feed(item.origin.from_client, item.data))
            elif isinstance(item, model.Fact):
                yield self._fact(item.origin, item.name, item.data)
            elif isinstance(item, model.Gap):
                yield self._gap(item)

    def _decoded(self, item: model.ChannelMessage) -> Iterator[Event]:
        if not item.data:
            return
        if not self._effort.is_left:
            yield self._gap(model.Gap(item.origin, "left_out", len(item.data)))
            return
        events = list(self._CHANNELS.get(item.channel, RdpStream._message)(self, item))
        self._effort.spend(len(events), len(item.data))
        yield from events

    def _orders(self, item: model.ChannelMessage) -> Iterator[Event]:
        """[MS-RDPEMC] 2.2: several orders may share one channel message."""
        orders, unread = decode_encomsp(item.data)
        at = 0
        for order in orders:
            yield Message(
                self.number, item.origin.frame, item.origin.time,
                _role(item.origin), item.channel, order.type, order.fields, order.notes,
                item.data[at : at + order.size],
            )  # fmt: skip
            at += order.size
        if unread:
            yield self._gap(model.Gap(item.origin, "bad_header", unread))

    def _message(self, item: model.ChannelMessage) -> Iterator[Event]:
        decoded = decode_message(item.data)
        if decoded is None:
            yield self._gap(model.Gap(item.origin, "bad_header", len(item.data)))
            return
        sender = _role(item.origin)
        decoded = self._transfers.classify(sender, decoded)
        yield Message(
            self.number, item.origin.frame, item.origin.time,
            sender, decoded.channel, decoded.type, decoded.fields, decoded.notes, item.data,
        )  # fmt: skip

    _CHANNELS: Mapping[str, Callable[[RdpStream, model.ChannelMessage], Iterator[Event]]] = {"encomsp": _orders}

    def _gap(self, gap: model.Gap) -> Gap:
        return Gap(self.number, gap.origin.frame, gap.origin.time, _role(gap.origin), gap.kind, gap.size)

    def _fact(self, origin: model.Origin, name: str, data: Mapping[str, model.FactValue]) -> Fact:
        return Fact(self.number, origin.frame, origin.time, _role(origin), name, data)

    def _records(self, origin: model.Origin, items: Iterable[tls.Item]) -> Iterator[Event]:
        """What the TLS records say: data goes on to RDP, the rest becomes facts and gaps."""
        for item in items:
            if isinstance(item, tls.Plaintext):
                yield from self._decrypted(origin, item.data)
            elif isinstance(item, tls.Undecrypted):
                if item.reason not in self._told:
                    self._told.add(item.reason)
                    yield self._fact(origin, "unreadable", {"reason": item.reason})
                yield self._gap(model.Gap(origin, "encrypted", item.size))
            elif isinstance(item, tls.HandshakeFact):
                yield self._fact(origin, "tls", {"version": item.version})
                session = {"cipher_suite": item.cipher_suite, "client_random": item.client_random}
                yield self._fact(origin, "tls_session", session)
            elif isinstance(item, tls.Alert):
                yield self._fact(origin, "tls_alert", {"level": item.level, "description": item.description})
            elif isinstance(item, tls.Certificate):
                key = parse_x509(item.der)
                if key is not None:
                    yield self._fact(origin, "server_key", key.described("tls x509"))

    def _decrypted(self, origin: model.Origin, data: bytes) -> Iterator[Event]:
        prelude = self._preludes[origin.from_client]
        if not prelude.done:
            yield from self._events(prelude.feed(origin, data))
            if not prelude.done:
                return
            data = prelude.rest
        yield from self._events(self._connection.feed_clear(origin, data))


def _role(origin: model.Origin) -> Role:
    """The RDP client is the expert ([MS-RA] 1.3): it opens the connection to the novice, who shares the screen."""
    return "expert" if origin.from_client else "novice"
