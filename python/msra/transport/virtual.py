"""Virtual channels: names, and messages from chunks: static ([MS-RDPBCGR] 2.2.6.1) and dynamic ([MS-RDPEDYC])."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from msra.limits import MAX_DYNAMIC_CHANNELS, MAX_UNFINISHED
from msra.transport import channels
from msra.transport.channels import Chunk, DynamicPdu, DynamicReassembly, Reassembly
from msra.transport.model import ChannelMessage, Gap, Item, Origin, Wanted
from msra.transport.room import Room, Rooms

DRDYNVC = "drdynvc"


@dataclass(slots=True)
class _Direction:
    """Unfinished messages of one side, by channel id."""

    static: dict[int, Reassembly] = field(default_factory=dict)
    dynamic: dict[int, DynamicReassembly] = field(default_factory=dict)
    held: int = 0
    """Their bytes."""
    given_up: int = 0
    """Bytes that were forgotten for want of room, and not told of yet."""


class VirtualChannels:
    """The virtual channels of one connection."""

    def __init__(self, wanted: Wanted, room: Room | None = None) -> None:
        """`room` is for unfinished messages."""
        self.names: tuple[str, ...] | None = None
        """The static channels the client asked for; None if their list was not seen."""
        self._wanted = wanted
        self._static_may_be_wanted = True
        self._ids: tuple[int, ...] | None = None
        self._by_id: dict[int, str] = {}
        self._others: set[int] = set()
        self._dynamic: dict[int, str] = {}
        self._directions = {True: _Direction(), False: _Direction()}
        self._room = room or Rooms().messages

    def set_names(self, names: tuple[str, ...]) -> None:
        """CS_NET: the names that the client asks for."""
        self.names = names
        self._static_may_be_wanted = not self._wanted.static.isdisjoint(names)
        self._name_channels()

    def set_ids(self, ids: tuple[int, ...]) -> None:
        """SC_NET: the ids stand in the order of the client's names ([MS-RDPBCGR] 2.2.1.4.4)."""
        self._ids = ids
        self._name_channels()

    def _name_channels(self) -> None:
        self._by_id = dict(zip(self._ids or (), self.names or (), strict=False))

    def _is_unlisted(self, channel: int) -> bool:
        """This channel may be any: the capture lacks one of the two Connect PDUs."""
        return (self.names is None or self._ids is None) and channel not in self._others

    def exclude(self, channel: int) -> None:
        """This MCS channel (I/O, user or message channel) carries no virtual channel."""
        self._others.add(channel)

    @property
    def may_be_wanted(self) -> bool:
        """Whether one of the wanted channels exists, or the channel list is unknown."""
        return self._static_may_be_wanted or bool(self._dynamic)

    def carries_wanted(self, channel: int) -> bool:
        """Whether messages of this MCS channel may be wanted."""
        name = self._by_id.get(channel)
        if name is None:
            return self._is_unlisted(channel)
        return name in self._wanted.static or name == DRDYNVC

    def may_be_virtual(self, channel: int) -> bool:
        """Whether this MCS channel carries a virtual channel: what looks like one on others must not be read as one."""
        return channel in self._by_id or self._is_unlisted(channel)

    def is_named(self, channel: int) -> bool:
        """Whether it is known what this MCS channel carries."""
        return channel in self._by_id

    def drop(self, from_client: bool) -> int:
        """Bytes are missing: forget the unfinished messages of this side; returns how many bytes they had."""
        direction = self._directions[from_client]
        self._directions[from_client] = _Direction()
        if direction.held:
            self._room.hold(self, self._held)
        return direction.held + direction.given_up

    def interrupt(self, from_client: bool, channel: int) -> int:
        """A channel PDU could not be read: forget what it would have gone on with; returns how many bytes that had."""
        name = self._by_id.get(channel)
        if name is None or name == DRDYNVC:
            return self.drop(from_client)
        direction = self._directions[from_client]
        unfinished = direction.static.pop(channel, Reassembly()).size
        direction.held -= unfinished
        return unfinished

    def give_up(self) -> None:
        """The room is needed by others: forget the unfinished messages of both sides."""
        for from_client, direction in self._directions.items():
            self._directions[from_client] = _Direction(given_up=direction.held + direction.given_up)

    @property
    def _held(self) -> int:
        return sum(direction.held for direction in self._directions.values())

    def chunk(self, origin: Origin, channel: int, chunk: Chunk, data: bytes) -> list[Item]:
        """A channel PDU; `data` is what it carries, decompressed."""
        direction = self._directions[origin.from_client]
        reassembly = direction.static.setdefault(channel, Reassembly())
        before = reassembly.size
        message, lost = reassembly.add(data, chunk.first, chunk.last)
        items = self._grown(origin, reassembly.size - before)
        if lost and self.is_named(channel) and self.may_be_wanted:
            items.append(Gap(origin, "incomplete_message", lost))
        if message is not None:
            items.extend(self._message(origin, channel, message))
        return items

    def _grown(self, origin: Origin, size: int) -> list[Item]:
        """The unfinished messages of this side have grown by `size` bytes; all are forgotten when it is too much."""
        direction = self._directions[origin.from_client]
        direction.held += size
        if direction.held > MAX_UNFINISHED:
            return [Gap(origin, "incomplete_message", self.drop(origin.from_client))]
        if size:
            self._room.hold(self, self._held)
        return []

    def _message(self, origin: Origin, channel: int, message: bytes) -> Iterable[Item]:
        name = self._by_id.get(channel)
        if name is None:
            name = self._wanted.identify(message)
            if name is None:
                return self._dynamic_pdu(origin, message)
            self._by_id[channel] = name
        if name == DRDYNVC:
            return self._dynamic_pdu(origin, message)
        return (ChannelMessage(origin, name, message),)

    def _dynamic_pdu(self, origin: Origin, data: bytes) -> Iterable[Item]:
        pdu = channels.parse_dynamic(data)
        handler = self._DYNAMIC_PDUS.get(pdu.command) if pdu else None
        return handler(self, origin, pdu) if handler and pdu else ()

    def _create(self, origin: Origin, pdu: DynamicPdu) -> Iterable[Item]:
        """The server's request has the name; the client's response has a status in its place."""
        if not origin.from_client:
            name = pdu.data.split(b"\0")[0].decode("latin-1")
            self._close(origin, pdu)
            if name in self._wanted.dynamic and len(self._dynamic) < MAX_DYNAMIC_CHANNELS:
                self._dynamic[pdu.channel] = name
        return ()

    def _close(self, _origin: Origin, pdu: DynamicPdu) -> Iterable[Item]:
        self._dynamic.pop(pdu.channel, None)
        for direction in self._directions.values():
            closed = direction.dynamic.pop(pdu.channel, None)
            direction.held -= closed.size if closed else 0
        self._room.hold(self, self._held)
        return ()

    def _dynamic_data(self, origin: Origin, pdu: DynamicPdu) -> Iterable[Item]:
        name = self._dynamic.get(pdu.channel) or self._identify_dynamic(pdu)
        if name is None:
            return ()
        direction = self._directions[origin.from_client]
        reassembly = direction.dynamic.setdefault(pdu.channel, DynamicReassembly())
        before = reassembly.size
        message, lost = reassembly.add(pdu)
        items = self._grown(origin, reassembly.size - before)
        if lost:
            items.append(Gap(origin, "incomplete_message", lost))
        if message is not None:
            items.append(ChannelMessage(origin, name, message))
        return items

    def _identify_dynamic(self, pdu: DynamicPdu) -> str | None:
        """Name a dynamic channel by what it carries, when the capture starts after its Create Request."""
        if self.names is not None or len(self._dynamic) >= MAX_DYNAMIC_CHANNELS:
            return None
        name = next(iter(self._wanted.dynamic)) if self._wanted.identify(pdu.data) else None
        if name is not None:
            self._dynamic[pdu.channel] = name
        return name

    def _dynamic_compressed(self, origin: Origin, pdu: DynamicPdu) -> Iterable[Item]:
        """[MS-RDPEDYC] 2.2.3.3, 2.2.3.4: RDP 8.0 compression, which is another one than that of the connection."""
        return (Gap(origin, "compressed", len(pdu.data)),) if pdu.channel in self._dynamic else ()

    _DYNAMIC_PDUS: Mapping[int, Callable[[VirtualChannels, Origin, DynamicPdu], Iterable[Item]]] = {
        channels.CREATE: _create,
        channels.CLOSE: _close,
        channels.DATA_FIRST: _dynamic_data,
        channels.DATA: _dynamic_data,
        channels.DATA_FIRST_COMPRESSED: _dynamic_compressed,
        channels.DATA_COMPRESSED: _dynamic_compressed,
    }
