"""One RDP connection: drives the layers for both directions and gathers what they say.

    TCP stream -> tpkt -> x224 -> mcs -> security -> channels -> messages of the wanted channels

The caller feeds bytes in stream order and gets items in the order in which they were completed. When TLS takes
over after the negotiation, the bytes come back as Ciphertext, and the caller feeds what it could decrypt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from msra.transport import channels, gcc, mcs, security, x224
from msra.transport.channels import DynamicReassembly, Reassembly
from msra.transport.model import ChannelMessage, Ciphertext, Fact, FactValue, Gap, Item, Opened, Origin, Wanted
from msra.transport.tpkt import Frame, Framer, Kind

DRDYNVC = "drdynvc"
_TLS_HANDSHAKE = (b"\x16\x03\x00", b"\x16\x03\x01", b"\x16\x03\x02", b"\x16\x03\x03")


@dataclass(slots=True)
class Direction:
    """What is under way from one side: the framing, and unfinished messages by channel id."""

    framer: Framer
    static: dict[int, Reassembly] = field(default_factory=dict)
    dynamic: dict[int, DynamicReassembly] = field(default_factory=dict)

    def drop(self) -> int:
        """Forget all unfinished messages; returns how many bytes they had."""
        reassemblies: list[Reassembly | DynamicReassembly] = [*self.static.values(), *self.dynamic.values()]
        return sum(reassembly.drop() for reassembly in reassemblies)


class Connection:
    """The state of one RDP connection."""

    def __init__(self, wanted: Wanted, client_synchronised: bool, server_synchronised: bool) -> None:
        """`..._synchronised`: the first bytes that will be fed of this side are the start of a PDU."""
        self.wanted = wanted
        self.tls = False
        self.channel_names: tuple[str, ...] | None = None
        self.encryption_method: int | None = None
        self._channel_ids: tuple[int, ...] = ()
        self._names: dict[int, str] = {}
        self._known_ids: set[int] = set()
        self._dynamic_names: dict[int, str] = {}
        self._seen_mcs = False
        self._opened = False
        self._directions = {
            True: Direction(Framer(client_synchronised)),
            False: Direction(Framer(server_synchronised)),
        }

    def feed(self, origin: Origin, data: bytes) -> Iterator[Item]:
        """The next bytes that `origin` sent, as they stand in the TCP stream."""
        framer = self._directions[origin.from_client].framer
        if not self.tls and not self._seen_mcs and (framer.peek() + data[:3]).startswith(_TLS_HANDSHAKE):
            self.tls = True
        if self.tls:
            yield Ciphertext(origin, framer.take_rest() + data)
        else:
            yield from self.feed_clear(origin, data)

    def feed_clear(self, origin: Origin, data: bytes) -> Iterator[Item]:
        """The next bytes of the RDP stream itself: sent in the clear, or decrypted by the caller."""
        for frame in self._directions[origin.from_client].framer.feed(data):
            if not self._opened and frame.kind is not Kind.SKIPPED:
                self._opened = True
                yield Opened(origin)
            yield from self._FRAMES[frame.kind](self, origin, frame)

    def hole(self, origin: Origin, size: int, kind: str) -> Iterator[Item]:
        """`size` bytes of the stream are missing here: what was under way in this direction cannot be finished."""
        yield Gap(origin, kind, size)
        if not self.tls:
            yield from self._abandon(origin)

    def finish(self, origins: Iterable[Origin]) -> Iterator[Item]:
        """The stream has ended; `origins` say when each direction was last heard of."""
        for origin in origins:
            yield from self._abandon(origin)

    @property
    def may_be_wanted(self) -> bool:
        """Whether one of the wanted channels exists, or the channel list is unknown."""
        if self.channel_names is None:
            return True
        return bool(self.wanted.static.intersection(self.channel_names) or self._dynamic_names)

    # -- framing -------------------------------------------------------------------------------------------------

    def _skipped(self, origin: Origin, frame: Frame) -> Iterator[Item]:
        yield Gap(origin, "bad_framing", len(frame.data))
        yield from self._lose_messages(origin)

    def _fast_path(self, _origin: Origin, _frame: Frame) -> Iterator[Item]:
        """Fast-path PDUs carry input and graphics only ([MS-RDPBCGR] 2.2.8.1.2, 2.2.9.1.2)."""
        return iter(())

    def _tpkt(self, origin: Origin, frame: Frame) -> Iterator[Item]:
        handler = self._TPDUS.get(x224.code(frame.data))
        if handler is None:
            return iter((Gap(origin, "bad_pdu", len(frame.data)),))
        return handler(self, origin, frame.data)

    _FRAMES: Mapping[Kind, Callable[[Connection, Origin, Frame], Iterator[Item]]] = {
        Kind.TPKT: _tpkt,
        Kind.FAST_PATH: _fast_path,
        Kind.SKIPPED: _skipped,
    }

    def _abandon(self, origin: Origin) -> Iterator[Item]:
        dropped = self._directions[origin.from_client].framer.drop()
        if dropped:
            yield Gap(origin, "incomplete_pdu", dropped)
        yield from self._lose_messages(origin)

    def _lose_messages(self, origin: Origin) -> Iterator[Item]:
        dropped = self._directions[origin.from_client].drop()
        if dropped:
            yield Gap(origin, "incomplete_message", dropped)

    # -- X.224 ---------------------------------------------------------------------------------------------------

    def _connection_request(self, origin: Origin, tpdu: bytes) -> Iterator[Item]:
        negotiation = x224.parse_negotiation(tpdu)
        data: dict[str, FactValue] = {}
        if negotiation.cookie is not None:
            data["cookie"] = negotiation.cookie
        if negotiation.type == x224.NEG_REQUEST and negotiation.value is not None:
            data["requested_protocols"] = negotiation.value
        yield Fact(origin, "connection_request", data)

    def _connection_confirm(self, origin: Origin, tpdu: bytes) -> Iterator[Item]:
        negotiation = x224.parse_negotiation(tpdu)
        if negotiation.type == x224.NEG_FAILURE and negotiation.value is not None:
            yield Fact(origin, "negotiation_failure", {"failure_code": negotiation.value})
            return
        selected = negotiation.value if negotiation.type == x224.NEG_RESPONSE else None
        self.tls = bool(selected)
        yield Fact(origin, "connection_confirm", {} if selected is None else {"selected_protocol": selected})

    def _data(self, origin: Origin, tpdu: bytes) -> Iterator[Item]:
        self._seen_mcs = True
        pdu = x224.data_payload(tpdu)
        connect = mcs.connect_type(pdu)
        if connect is not None:
            return self._connect(origin, pdu)
        handler = self._DOMAIN_PDUS.get(mcs.domain_type(pdu))
        return handler(self, origin, pdu) if handler else iter(())

    _TPDUS: Mapping[int, Callable[[Connection, Origin, bytes], Iterator[Item]]] = {
        x224.CONNECTION_REQUEST: _connection_request,
        x224.CONNECTION_CONFIRM: _connection_confirm,
        x224.DATA: _data,
    }

    # -- MCS and GCC ---------------------------------------------------------------------------------------------

    def _connect(self, origin: Origin, pdu: bytes) -> Iterator[Item]:
        for kind, block in gcc.blocks(mcs.connect_user_data(pdu)):
            handler = self._BLOCKS.get(kind)
            if handler:
                yield from handler(self, origin, block)

    def _client_network(self, origin: Origin, block: bytes) -> Iterator[Item]:
        self.channel_names = gcc.channel_names(block)
        self._name_channels()
        yield Fact(origin, "client_channels", {"channel_names": self.channel_names})

    def _server_network(self, origin: Origin, block: bytes) -> Iterator[Item]:
        io_channel, self._channel_ids = gcc.channel_ids(block)
        self._known_ids.add(io_channel)
        self._name_channels()
        yield Fact(origin, "server_channels", {"channel_ids": self._channel_ids})

    def _name_channels(self) -> None:
        """The ids of the server stand in the order of the client's names ([MS-RDPBCGR] 2.2.1.4.4)."""
        self._names = dict(zip(self._channel_ids, self.channel_names or (), strict=False))

    def _server_security(self, origin: Origin, block: bytes) -> Iterator[Item]:
        parsed = gcc.security(block)
        if parsed is not None:
            self.encryption_method = parsed[0]
            yield Fact(origin, "security", {"encryption_method": parsed[0], "encryption_level": parsed[1]})

    def _message_channel(self, _origin: Origin, block: bytes) -> Iterator[Item]:
        self._known_ids.add(gcc.message_channel(block))
        return iter(())

    _BLOCKS: Mapping[int, Callable[[Connection, Origin, bytes], Iterator[Item]]] = {
        gcc.CS_NET: _client_network,
        gcc.SC_NET: _server_network,
        gcc.SC_SECURITY: _server_security,
        gcc.SC_MCS_MSGCHANNEL: _message_channel,
    }

    def _disconnect(self, origin: Origin, pdu: bytes) -> Iterator[Item]:
        yield Fact(origin, "disconnect", {"reason": mcs.disconnect_reason(pdu)})

    def _send_data(self, origin: Origin, pdu: bytes) -> Iterator[Item]:
        sent = mcs.parse_send_data(pdu)
        if sent is None:
            yield Gap(origin, "bad_pdu", len(pdu))
            return
        if not self._carries_wanted(sent.channel):
            return
        data = sent.data
        if self.encryption_method:
            if security.is_encrypted(data):
                if self.may_be_wanted:
                    yield Gap(origin, "encrypted", len(data))
                return
            data = data[security.BASIC_HEADER :]
        yield from self._channel_pdu(origin, sent.channel, data)

    _DOMAIN_PDUS: Mapping[int, Callable[[Connection, Origin, bytes], Iterator[Item]]] = {
        mcs.SEND_DATA_REQUEST: _send_data,
        mcs.SEND_DATA_INDICATION: _send_data,
        mcs.DISCONNECT_PROVIDER_ULTIMATUM: _disconnect,
    }

    # -- channels ------------------------------------------------------------------------------------------------

    def _carries_wanted(self, channel: int) -> bool:
        name = self._names.get(channel)
        if name is None:
            return self.channel_names is None and channel not in self._known_ids
        return name in self.wanted.static or name == DRDYNVC

    def _channel_pdu(self, origin: Origin, channel: int, data: bytes) -> Iterator[Item]:
        chunk = channels.parse_chunk(data)
        named = channel in self._names
        if chunk is None or not (named or chunk.plausible):
            if named:
                yield Gap(origin, "bad_pdu", len(data))
            return
        if chunk.compressed:
            if self.may_be_wanted:
                yield Gap(origin, "compressed", len(chunk.data))
            return
        reassembly = self._directions[origin.from_client].static.setdefault(channel, Reassembly())
        message, lost = reassembly.add(chunk.data, chunk.first, chunk.last)
        if lost and named and self.may_be_wanted:
            yield Gap(origin, "incomplete_message", lost)
        if message is not None:
            yield from self._channel_message(origin, channel, message)

    def _channel_message(self, origin: Origin, channel: int, message: bytes) -> Iterator[Item]:
        name = self._names.get(channel)
        if name is None:
            name = self.wanted.identify(message)
            if name is None:
                yield from self._dynamic(origin, message)
                return
            self._names[channel] = name
        if name == DRDYNVC:
            yield from self._dynamic(origin, message)
        else:
            yield ChannelMessage(origin, name, message)

    def _dynamic(self, origin: Origin, data: bytes) -> Iterator[Item]:
        pdu = channels.parse_dynamic(data)
        handler = self._DYNAMIC_PDUS.get(pdu.command) if pdu else None
        return handler(self, origin, pdu) if handler and pdu else iter(())

    def _create(self, origin: Origin, pdu: channels.DynamicPdu) -> Iterator[Item]:
        if not origin.from_client:
            name = pdu.data.split(b"\0")[0].decode("latin-1")
            self._close(origin, pdu)
            if name in self.wanted.dynamic and len(self._dynamic_names) < channels.MAX_DYNAMIC_CHANNELS:
                self._dynamic_names[pdu.channel] = name
        return iter(())

    def _close(self, _origin: Origin, pdu: channels.DynamicPdu) -> Iterator[Item]:
        self._dynamic_names.pop(pdu.channel, None)
        for direction in self._directions.values():
            direction.dynamic.pop(pdu.channel, None)
        return iter(())

    def _dynamic_data(self, origin: Origin, pdu: channels.DynamicPdu) -> Iterator[Item]:
        name = self._dynamic_names.get(pdu.channel) or self._identify_dynamic(pdu)
        if name is None:
            return
        reassembly = self._directions[origin.from_client].dynamic.setdefault(pdu.channel, DynamicReassembly())
        message, lost = reassembly.add(pdu)
        if lost:
            yield Gap(origin, "incomplete_message", lost)
        if message is not None:
            yield ChannelMessage(origin, name, message)

    def _identify_dynamic(self, pdu: channels.DynamicPdu) -> str | None:
        """Name a dynamic channel by what it carries, when the capture starts after its Create Request."""
        if self.channel_names is not None or len(self._dynamic_names) >= channels.MAX_DYNAMIC_CHANNELS:
            return None
        name = next(iter(self.wanted.dynamic)) if self.wanted.identify(pdu.data) else None
        if name is not None:
            self._dynamic_names[pdu.channel] = name
        return name

    def _dynamic_compressed(self, origin: Origin, pdu: channels.DynamicPdu) -> Iterator[Item]:
        if pdu.channel in self._dynamic_names:
            yield Gap(origin, "compressed", len(pdu.data))

    _DYNAMIC_PDUS: Mapping[int, Callable[[Connection, Origin, channels.DynamicPdu], Iterator[Item]]] = {
        channels.CREATE: _create,
        channels.CLOSE: _close,
        channels.DATA_FIRST: _dynamic_data,
        channels.DATA: _dynamic_data,
        channels.DATA_FIRST_COMPRESSED: _dynamic_compressed,
        channels.DATA_COMPRESSED: _dynamic_compressed,
    }
