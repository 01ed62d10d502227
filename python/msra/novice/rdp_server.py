"""The server's side of an RDP connection, without I/O: just enough of it that a real client opens its channels.

    client                          server                          [MS-RDPBCGR] 1.3.1.1
    X.224 connection request        confirm: Standard RDP Security
    MCS connect initial             response: channel ids, no encryption
    attach user, channel joins      confirms
    Client Info                     licence valid, Demand Active
    Confirm Active ... Font List    finalisation, Font Map
    channel PDUs                    channel PDUs

Whatever else a client says (input, refresh requests, capabilities of other channels) is left unanswered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from msra.build import activation, connect, rdp
from msra.transport import gcc, mcs, x224
from msra.transport.channels import Reassembly, parse_chunk
from msra.transport.share import share_pdus
from msra.transport.tpkt import Framer, Kind

ERECT_DOMAIN, ATTACH_USER, CHANNEL_JOIN = 1, 10, 14
"""Domain PDUs of T.125 7 that only a server reads."""
_FONT_LIST = 39


class NotRdpError(Exception):
    """What the client sent is no RDP."""


@dataclass(frozen=True)
class Reply:
    """Bytes to send to the client."""

    data: bytes


@dataclass(frozen=True)
class Activated:
    """The connection sequence is over: channels are open, and these are their names."""

    channels: tuple[str, ...]


@dataclass(frozen=True)
class Received:
    """A whole message of a static channel."""

    channel: str
    data: bytes


@dataclass(frozen=True)
class Left:
    """The client ends the connection, with this reason (T.125 7)."""

    reason: int


Item: TypeAlias = Reply | Activated | Received | Left


class RdpServer:
    """One connection."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._framer = Framer()
        self._messages: dict[int, Reassembly] = {}
        self._logged_on = self._activated = False

    def feed(self, data: bytes) -> Iterator[Item]:
        """The next bytes of the client; yields what is to be done, in order. Raises NotRdpError."""
        for frame in self._framer.feed(data):
            if frame.kind is Kind.SKIPPED:
                raise NotRdpError(f"{len(frame.data)} bytes are no RDP")
            if frame.kind is Kind.TPKT:
                yield from self._tpdu(frame.data)

    def message(self, channel: str, data: bytes) -> bytes:
        """A message of the server as packets; raises KeyError for a channel that the client has not asked for."""
        return b"".join(rdp.channel_pdus(self.ids[channel], data, False))

    def _tpdu(self, tpdu: bytes) -> Iterator[Item]:
        code = x224.code(tpdu)
        if code == x224.CONNECTION_REQUEST:
            yield Reply(rdp.connection_confirm())
        elif code == x224.DATA:
            pdu = x224.data_payload(tpdu)
            if mcs.connect_type(pdu) == mcs.CONNECT_INITIAL:
                yield self._connect(pdu)
            elif handler := self._DOMAIN_PDUS.get(mcs.domain_type(pdu)):
                yield from handler(self, pdu)

    def _connect(self, pdu: bytes) -> Reply:
        """The client's channels get ids in the order of its list."""
        blocks = dict(gcc.blocks(mcs.connect_user_data(pdu)))
        names = gcc.channel_names(blocks.get(gcc.CS_NET, b""))
        self.ids = connect.channel_ids(names)
        self._names = {number: name for name, number in self.ids.items()}
        return Reply(connect.connect_response([rdp.FIRST_CHANNEL + at for at in range(len(names))]))

    def _attach_user(self, _pdu: bytes) -> Iterator[Item]:
        yield Reply(connect.attach_confirm())

    def _join(self, pdu: bytes) -> Iterator[Item]:
        if len(pdu) >= 5:
            yield Reply(connect.join_confirm(int.from_bytes(pdu[3:5], "big")))

    def _left(self, pdu: bytes) -> Iterator[Item]:
        yield Left(mcs.disconnect_reason(pdu))

    def _send_data(self, pdu: bytes) -> Iterator[Item]:
        sent = mcs.parse_send_data(pdu)
        if sent is None:
            return
        if sent.channel == rdp.IO_CHANNEL:
            yield from self._io_channel(sent.data)
        elif sent.channel in self._names:
            yield from self._chunk(sent.channel, sent.data)

    _DOMAIN_PDUS: Mapping[int, Callable[[RdpServer, bytes], Iterator[Item]]] = {
        ATTACH_USER: _attach_user,
        CHANNEL_JOIN: _join,
        mcs.DISCONNECT_PROVIDER_ULTIMATUM: _left,
        mcs.SEND_DATA_REQUEST: _send_data,
    }

    def _io_channel(self, data: bytes) -> Iterator[Item]:
        """The first PDU is Client Info. The Font List is the last that waits for an answer."""
        if not self._logged_on:
            self._logged_on = True
            yield Reply(activation.license_valid() + activation.demand_active())
        elif not self._activated and any(pdu.type2 == _FONT_LIST for pdu in share_pdus(data)):
            self._activated = True
            yield Reply(b"".join(activation.server_finalization()))
            yield Activated(tuple(self.ids))

    def _chunk(self, channel: int, data: bytes) -> Iterator[Item]:
        chunk = parse_chunk(data)
        if chunk is not None:
            message, _lost = self._messages.setdefault(channel, Reassembly()).add(chunk.data, chunk.first, chunk.last)
            if message is not None:
                yield Received(self._names[channel], message)
