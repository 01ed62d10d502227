"""Remote Assistance messages in Scapy's own `sniff()`: a session that yields them instead of the packets.

    >>> sniff(offline="capture.pcapng", session=RemoteAssistanceSession)
    >>> session = RemoteAssistanceSession(keylog="keys.txt")
    >>> sniff(offline=rdpcap("capture.pcapng"), session=session), session.gaps
    >>> AsyncSniffer(iface="eth0", session=session).start()

It is the transport of the analyzer (see msra.engines.embedded) behind Scapy's sockets and readers.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import scapy.layers.inet
import scapy.layers.inet6
import scapy.layers.l2
import scapy.layers.ppp  # noqa: F401 - with these four, Scapy knows the link types of captures
from scapy.config import conf
from scapy.error import log_runtime
from scapy.packet import Packet
from scapy.plist import PacketList
from scapy.sessions import DefaultSession
from scapy.supersocket import IterSocket
from scapy.utils import EDecimal, RawPcapNgReader

from msra.capture.link import SUPPORTED_LINK_TYPES, FragmentTable, decode_segment
from msra.capture.tcp import StreamItem, TcpTracker
from msra.engines.interface import Options
from msra.engines.rdp_connections import RdpConnections
from msra.engines.secrets import GrowingKeylog, Secrets, keylog_of, load_secrets
from msra.events import GAPS, ConnectionOpened, Endpoint, Event, Fact, Gap, Message
from msra.layers import ENCOMSP_Header, MSRA_Header

__all__ = ["RemoteAssistanceSession"]

_Path: TypeAlias = "str | os.PathLike[str]"

_SECRETS_BLOCK = 10  # pcapng, Decryption Secrets Block
_TLS_KEY_LOG = 0x544C534B  # the type of secrets in it


class RemoteAssistanceSession(DefaultSession):
    """Yields a packet for each Remote Assistance message, as it is completed: MSRA_Header or ENCOMSP_Header, and on.

    Such a packet has `time`, that of the frame that completed it, and `sniffed_on`, as Scapy's own have;
    `message`, the msra.events.Message that tells sender, channel, type, fields and that frame's number, counted from
    1 in each file or interface; and `connection`, the ConnectionOpened with the addresses of both sides. Its
    `summary()` begins with these. They stay in copies, but not in pickles.

    What could not be read is in `gaps`, and what is to be known of a capture as a whole in `notes`, in sentences; both
    are logged as warnings, too, each kind once in a connection.
    """

    def __init__(
        self,
        supersession: Any = None,
        *,
        keylog: _Path | None = None,
        rdp_keys: _Path | Iterable[_Path] = (),
        decode_as: int | Iterable[int] = (),
    ) -> None:
        """The options are those of msra.engines.interface.Options; of files and ports, one or several.

        Without a key log the one is used that SSLKEYLOGFILE names. It may grow. Secrets in a pcapng are used, too.
        `supersession` gets each packet first, as with Scapy's own sessions. Raises EngineError for a file that is of
        no use.
        """
        super().__init__(supersession)
        keys = [rdp_keys] if isinstance(rdp_keys, (str, os.PathLike)) else rdp_keys
        ports = [decode_as] if isinstance(decode_as, int) else decode_as
        options = Options(Path(keylog) if keylog else None, tuple(map(Path, keys)), frozenset(ports))
        self._secrets = load_secrets(options)
        growing = keylog_of(options)
        self._keylog = GrowingKeylog(growing) if growing else None
        self._decode_as = options.decode_as
        self._sources: dict[Any, _Source] = {}
        self.gaps: list[Gap] = []
        """What could not be read; gaps of one kind and side without a message between them are one gap."""
        self.notes: list[str] = []
        """Sentences: what it takes to decrypt a connection, and packets whose link type is not supported."""

    def recv(self, sock: Any) -> Iterator[Packet]:
        """Read the next packet of `sock`, a Scapy socket or file; yield the messages that it completes."""
        source = self._sources.get(sock)
        if source is None:
            source = self._sources[sock] = _Source(self._secrets, self._decode_as)
            if isinstance(sock, RawPcapNgReader):
                _take_secrets(sock, self._secrets)
        try:
            packet = _next_packet(sock)
        except EOFError:
            yield from self._end(sock)
            raise
        if packet and (packet := self.process(packet)):
            if self._keylog and (news := self._keylog.news()):
                self._secrets.tls.add_keylog(news)
            yield from self._packets(source, source.feed(packet))

    def finish(self) -> PacketList:
        """End what was not read to its end, as live capture is not; returns the messages that this completes."""
        return PacketList([packet for sock in list(self._sources) for packet in self._end(sock)], "Finished")

    def _end(self, sock: Any) -> list[Packet]:
        source = self._sources.pop(sock)
        return self._packets(source, source.finish())

    def _packets(self, source: _Source, events: Iterable[Event | str]) -> list[Packet]:
        """A list: sniff() may leave off in the middle of it."""
        packets = []
        for event in events:
            if isinstance(event, Message):
                source.gaps.pop(event.connection, None)
                packets.append(_as_packet(event, source.opened[event.connection]))
            elif isinstance(event, Gap):
                self._gap(source, event)
            elif isinstance(event, Fact) and event.name == "unreadable":
                self._note(f"{_ends(source.opened[event.connection])}: {event.data['reason']}")
            elif isinstance(event, str):
                self._note(event)
        return packets

    def _gap(self, source: _Source, gap: Gap) -> None:
        known = source.gaps.setdefault(gap.connection, {})
        index = known.get((gap.kind, gap.sender))
        if index is not None:
            self.gaps[index] = replace(self.gaps[index], size=self.gaps[index].size + gap.size)
            return
        known[gap.kind, gap.sender] = len(self.gaps)
        self.gaps.append(gap)
        if (gap.connection, gap.kind) not in source.warned:
            source.warned.add((gap.connection, gap.kind))
            ends = _ends(source.opened[gap.connection])
            log_runtime.warning("%s: not all was read, from frame %d on: %s", ends, gap.frame, GAPS[gap.kind])

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)
            log_runtime.warning("%s", sentence)


class _Source:
    """One file, list or interface that packets come from."""

    def __init__(self, secrets: Secrets, decode_as: frozenset[int]) -> None:
        self._tracker = TcpTracker()
        self._connections = RdpConnections(self._tracker, secrets, decode_as)
        self._fragments = FragmentTable()
        self._frame = 0
        self.opened: dict[int, ConnectionOpened] = {}
        self.gaps: dict[int, dict[tuple[str, str], int]] = {}
        """Where in the session's list the gaps since the last message are, by connection."""
        self.warned: set[tuple[int, str]] = set()

    def feed(self, packet: Packet) -> Iterator[Event | str]:
        """The next packet, whatever it is; yields events and notes."""
        self._frame += 1
        link_type = conf.l2types.layer2num.get(type(packet), -1)
        if link_type not in SUPPORTED_LINK_TYPES:
            yield f"Packets that begin with {type(packet).__name__} are left out: this link type is not supported"
            return
        data = packet.original or bytes(packet)
        segment = decode_segment(link_type, data, packet.wirelen or len(data), self._fragments)
        if segment is not None:
            time = int(packet.time * 1_000_000_000)
            yield from self._events(self._tracker.feed(self._frame, time, segment))

    def finish(self) -> Iterator[Event]:
        return self._events(self._tracker.finish())

    def _events(self, items: Iterable[StreamItem]) -> Iterator[Event]:
        for item in items:
            for event in self._connections.feed(item):
                if isinstance(event, ConnectionOpened):
                    self.opened[event.connection] = event
                yield event
                if isinstance(event, Fact) and event.name == "tcp_close":  # it is the last one
                    self._forget(event.connection)

    def _forget(self, connection: int) -> None:
        del self.opened[connection]
        self.gaps.pop(connection, None)
        self.warned = {known for known in self.warned if known[0] != connection}


def _next_packet(sock: Any) -> Packet | None:
    """sniff() reads lists through an IterSocket, whose recv() makes packets anew: without their times and lengths."""
    if not isinstance(sock, IterSocket):
        packet: Packet | None = sock.recv()
        return packet
    packet = next(sock.iter, None)
    if packet is None:
        raise EOFError
    return conf.raw_layer(packet) if isinstance(packet, bytes) else packet


def _take_secrets(reader: RawPcapNgReader, secrets: Secrets) -> None:
    """Have a look at the Decryption Secrets Blocks that `reader` comes across: of TLS key logs it would only warn."""
    read_block = reader.blocktypes[_SECRETS_BLOCK]

    def read(block: bytes, size: int) -> Any:
        if len(block) >= 8:
            kind, length = struct.unpack_from(f"{reader.endian}II", block)
            if kind == _TLS_KEY_LOG:
                secrets.tls.add_keylog(block[8 : 8 + length])
                if not getattr(conf, "tls_sessions", None):  # Scapy's TLS is not loaded
                    return None
        return read_block(block, size)

    reader.blocktypes[_SECRETS_BLOCK] = read


def _as_packet(message: Message, connection: ConnectionOpened) -> Packet:
    layer = ENCOMSP_Header if message.channel == "encomsp" else MSRA_Header
    packet: Packet = layer(message.data)
    packet.time = EDecimal(Decimal(message.time).scaleb(-9))
    packet.message, packet.connection = message, connection
    packet.sent = _ends(connection, message.sender)
    return packet


def _ends(connection: ConnectionOpened, sender: str = "expert") -> str:
    """Both ends in Scapy's way, the one that sends first."""
    expert, novice = f"expert {_address(connection.expert)}", f"novice {_address(connection.novice)}"
    return f"{expert} > {novice}" if sender == "expert" else f"{novice} > {expert}"


def _address(end: Endpoint) -> str:
    return f"[{end.ip}]:{end.port}" if ":" in end.ip else f"{end.ip}:{end.port}"
