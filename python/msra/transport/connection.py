"""One RDP connection: drives the layers for both directions and gathers what they say.

    TCP stream -> tpkt -> x224 -> mcs -> payload -> virtual -> messages of the wanted channels

The caller feeds bytes in stream order and gets items in the order in which they were completed. When TLS takes
over after the negotiation, the bytes come back as Ciphertext, and the caller feeds what it could decrypt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msra.limits import MAX_CLEAR_CHUNK
from msra.transport import channels, gcc, io_channel, mcs, x224
from msra.transport.model import Ciphertext, Fact, FactValue, Gap, Item, Opened, Origin, Wanted
from msra.transport.payload import Payload
from msra.transport.rdp_keys import RsaPrivateKey
from msra.transport.room import Rooms
from msra.transport.security import parse_server_security
from msra.transport.tpkt import Frame, Framer, Kind
from msra.transport.virtual import VirtualChannels

IO_CHANNEL = 1003
"""The I/O channel's usual id, for connections whose start is not in the capture."""
_TLS_HANDSHAKE = (b"\x16\x03\x00", b"\x16\x03\x01", b"\x16\x03\x02", b"\x16\x03\x03")


class Connection:
    """The state of one RDP connection."""

    def __init__(
        self,
        wanted: Wanted,
        client_synchronised: bool,
        server_synchronised: bool,
        keys: Sequence[RsaPrivateKey] = (),
        rooms: Rooms | None = None,
    ) -> None:
        """`..._synchronised`: the first bytes that will be fed of this side are the start of a PDU.

        `keys`: RSA private keys that may open Standard RDP Security. `rooms`: shared by all connections of a capture.
        """
        rooms = rooms or Rooms()
        self.tls = False
        self.channels = VirtualChannels(wanted, rooms.messages)
        self._payload = Payload(keys, client_synchronised, server_synchronised, rooms.histories)
        self._io_channel = IO_CHANNEL
        self._seen_mcs = False
        self._opened = False
        self._told: set[str] = set()
        self._framers = {True: Framer(client_synchronised), False: Framer(server_synchronised)}

    def feed(self, origin: Origin, data: bytes) -> Iterable[Item]:
        """The next bytes that `origin` sent, as they stand in the TCP stream."""
        framer = self._framers[origin.from_client]
        if not self.tls and not self._seen_mcs and (framer.peek() + data[:3]).startswith(_TLS_HANDSHAKE):
            self.tls = True
        if self.tls:
            return (Ciphertext(origin, framer.take_rest() + data),)
        return self.feed_clear(origin, data)

    def feed_clear(self, origin: Origin, data: bytes) -> Iterator[Item]:
        """The next bytes of the RDP stream itself: sent in the clear, or decrypted by the caller."""
        for frame in self._framers[origin.from_client].feed(data):
            if not self._opened and frame.kind is not Kind.SKIPPED:
                self._opened = True
                yield Opened(origin)
            yield from self._FRAMES[frame.kind](self, origin, frame)

    def hole(self, origin: Origin, size: int, kind: str) -> Iterator[Item]:
        """`size` bytes of the stream are missing here: what was under way in this direction cannot be finished."""
        yield Gap(origin, kind, size)
        self._payload.lost(origin.from_client, size)
        if not self.tls:
            yield from self._abandon(origin)

    def finish(self, origins: Iterable[Origin]) -> Iterator[Item]:
        """The stream has ended; `origins` say when each direction was last heard of."""
        for origin in origins:
            yield from self._abandon(origin)
        self._payload.end()

    # -- framing -------------------------------------------------------------------------------------------------

    def _skipped(self, origin: Origin, frame: Frame) -> Iterator[Item]:
        yield Gap(origin, "bad_framing", len(frame.data))
        self._payload.lost(origin.from_client, len(frame.data), frame.data)
        yield from self._lose_messages(origin)

    def _fast_path(self, origin: Origin, frame: Frame) -> Iterable[Item]:
        """Fast-path PDUs carry input and graphics only ([MS-RDPBCGR] 2.2.8.1.2, 2.2.9.1.2)."""
        if self.channels.may_be_wanted:
            self._payload.follow_fast_path(origin.from_client, frame.data)
        return ()

    def _tpkt(self, origin: Origin, frame: Frame) -> Iterable[Item]:
        handler = self._TPDUS.get(x224.code(frame.data))
        if handler is None:
            return (Gap(origin, "bad_pdu", len(frame.data)),)
        return handler(self, origin, frame.data)

    _FRAMES: Mapping[Kind, Callable[[Connection, Origin, Frame], Iterable[Item]]] = {
        Kind.TPKT: _tpkt,
        Kind.FAST_PATH: _fast_path,
        Kind.SKIPPED: _skipped,
    }

    def _abandon(self, origin: Origin) -> Iterator[Item]:
        dropped = self._framers[origin.from_client].drop()
        if dropped:
            self._payload.lost(origin.from_client, dropped)
            yield Gap(origin, "incomplete_pdu", dropped)
        yield from self._lose_messages(origin)

    def _lose_messages(self, origin: Origin, channel: int | None = None) -> Iterator[Item]:
        """Bytes are missing, of this channel or nobody knows of which."""
        if channel is None:
            dropped = self.channels.drop(origin.from_client)
        else:
            dropped = self.channels.interrupt(origin.from_client, channel)
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

    def _data(self, origin: Origin, tpdu: bytes) -> Iterable[Item]:
        self._seen_mcs = True
        pdu = x224.data_payload(tpdu)
        connect = mcs.connect_type(pdu)
        if connect is not None:
            return self._connect(origin, pdu)
        handler = self._DOMAIN_PDUS.get(mcs.domain_type(pdu))
        return handler(self, origin, pdu) if handler else ()

    _TPDUS: Mapping[int, Callable[[Connection, Origin, bytes], Iterable[Item]]] = {
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

    def _client_core(self, origin: Origin, block: bytes) -> Iterator[Item]:
        client = gcc.client_core(block)
        if client is not None:
            yield Fact(origin, "client_core", {"client_name": client[0], "client_build": client[1]})

    def _client_network(self, origin: Origin, block: bytes) -> Iterator[Item]:
        names = gcc.channel_names(block)
        self.channels.set_names(names)
        yield Fact(origin, "client_channels", {"channel_names": names})

    def _server_network(self, origin: Origin, block: bytes) -> Iterator[Item]:
        self._io_channel, ids = gcc.channel_ids(block)
        self.channels.exclude(self._io_channel)
        self.channels.set_ids(ids)
        yield Fact(origin, "server_channels", {"channel_ids": ids})

    def _server_security(self, origin: Origin, block: bytes) -> Iterator[Item]:
        server = parse_server_security(block)
        if server is None:
            return
        self._payload.start_security(server)
        yield Fact(origin, "security", {"encryption_method": server.method, "encryption_level": server.level})
        key = self._payload.security.server_key if self._payload.security else None
        if key is not None:
            yield Fact(origin, "server_key", key.described(key.kind))

    def _message_channel(self, _origin: Origin, block: bytes) -> Iterable[Item]:
        self.channels.exclude(gcc.message_channel(block))
        return ()

    _BLOCKS: Mapping[int, Callable[[Connection, Origin, bytes], Iterable[Item]]] = {
        gcc.CS_CORE: _client_core,
        gcc.CS_NET: _client_network,
        gcc.SC_NET: _server_network,
        gcc.SC_SECURITY: _server_security,
        gcc.SC_MCS_MSGCHANNEL: _message_channel,
    }

    def _disconnect(self, origin: Origin, pdu: bytes) -> Iterator[Item]:
        yield Fact(origin, "disconnect", {"reason": mcs.disconnect_reason(pdu)})

    def _send_data(self, origin: Origin, pdu: bytes) -> Iterable[Item]:
        sent = mcs.parse_send_data(pdu)
        if sent is None:
            return (Gap(origin, "bad_pdu", len(pdu)),)
        if not self.channels.may_be_wanted:
            return ()
        opened = self._payload.unprotect(origin.from_client, sent.data)
        wanted = self.channels.carries_wanted(sent.channel)
        if opened.reason is not None:
            return self._unreadable(origin, sent, opened.reason, opened.mac_ok) if wanted else ()
        if sent.channel == self._io_channel:
            return io_channel.facts(origin, opened, self._payload)
        if self.channels.may_be_virtual(sent.channel):
            return self._channel_pdu(origin, sent.channel, opened.data, wanted)
        return ()

    def _unreadable(self, origin: Origin, sent: mcs.SendData, reason: str, mac_ok: bool | None) -> Iterator[Item]:
        yield from self._tell(origin, "unreadable", "reason", reason)
        yield Gap(origin, "encrypted" if mac_ok is None else "wrong_mac", len(sent.data))
        yield from self._lose_messages(origin, sent.channel)

    def _channel_pdu(self, origin: Origin, channel: int, data: bytes, wanted: bool) -> Iterable[Item]:
        chunk = channels.parse_chunk(data)
        named = self.channels.is_named(channel)
        if chunk is None or not (named or chunk.plausible):
            return (Gap(origin, "bad_pdu", len(data)),) if named and wanted else ()
        clear = self._payload.decompress(origin.from_client, chunk.compression, chunk.data)
        if not wanted:
            return ()
        if clear is not None and not chunk.compressed:
            return self.channels.chunk(origin, channel, chunk, clear)
        return self._compressed_chunk(origin, channel, chunk, clear)

    def _compressed_chunk(
        self, origin: Origin, channel: int, chunk: channels.Chunk, clear: bytes | None
    ) -> Iterator[Item]:
        if chunk.compressed:
            compression = self._payload.compression[origin.from_client]
            yield from self._tell(origin, "compression", "compression_type", compression)
        if clear is not None and len(clear) <= MAX_CLEAR_CHUNK:
            yield from self.channels.chunk(origin, channel, chunk, clear)
            return
        yield Gap(origin, "compressed" if clear is None else "bad_pdu", len(chunk.data))
        yield from self._lose_messages(origin, channel)

    def _tell(self, origin: Origin, name: str, key: str, value: str) -> Iterator[Item]:
        """A fact that many PDUs show is told once."""
        if value not in self._told:
            self._told.add(value)
            yield Fact(origin, name, {key: value})

    _DOMAIN_PDUS: Mapping[int, Callable[[Connection, Origin, bytes], Iterable[Item]]] = {
        mcs.SEND_DATA_REQUEST: _send_data,
        mcs.SEND_DATA_INDICATION: _send_data,
        mcs.DISCONNECT_PROVIDER_ULTIMATUM: _disconnect,
    }
