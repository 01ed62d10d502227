"""What tshark cannot see for us: found by the embedded engine in a pass of its own before tshark runs.

Wireshark neither decrypts Standard RDP Security nor decompresses channel data, does not tell plugins which bytes of a
stream are missing, and keeps what it knows of keys to itself. And the story around the messages, from the TCP connect
on, is told once and not twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, TypeAlias

from msra.budget import Account, Budget
from msra.engines.embedded import EmbeddedReading
from msra.engines.interface import Options
from msra.engines.slice import Slice
from msra.events import ConnectFailed, ConnectionOpened, Endpoint, Event, Fact, Gap, Message

ONLY_OURS = frozenset({
    "server_key", "tls_session", "tls_alert", "credssp", "early_authorization", "unreadable", "compression",
    "tcp_syn", "tcp_syn_ack", "tcp_close", "client_core", "client_info", "license_error", "activated", "deactivated",
    "error_info",
})  # fmt: skip
"""Facts that the plugin does not give."""
LOSSES = frozenset({"lost_segment", "cut_packet"})

Key: TypeAlias = tuple[Endpoint, Endpoint, int]


@dataclass(slots=True)
class OwnConnection:
    """One RDP connection as the embedded engine sees it."""

    opened: ConnectionOpened
    account: Account
    messages: list[Message] = field(default_factory=list)
    others: list[Fact | Gap] = field(default_factory=list)
    left_out: Gap | None = None
    """What could not be kept."""
    encoded: bool = False
    """It uses Standard RDP Security or compresses its channels."""

    @property
    def opaque(self) -> bool:
        """Wireshark cannot read it, and we can."""
        return self.encoded and bool(self.messages)

    @property
    def additions(self) -> list[Fact | Gap]:
        """What to add to the events of the plugin: everything, if it sees nothing."""
        if self.opaque:
            return [*self.others, *([self.left_out] if self.left_out else [])]
        return [event for event in self.others if _name(event) in ONLY_OURS | LOSSES]

    def add(self, event: Event) -> None:
        """Take the next event of this connection."""
        if isinstance(event, Fact):
            self.encoded |= event.name == "compression" or bool(event.data.get("encryption_method"))
        if not self.account.take(event):
            self._leave_out(event)
        elif isinstance(event, Message):
            self.messages.append(event)
        elif isinstance(event, Fact | Gap):
            self.others.append(event)

    def _leave_out(self, event: Event) -> None:
        size = len(event.data) if isinstance(event, Message) else event.size if isinstance(event, Gap) else 0
        if self.left_out:
            self.left_out = replace(self.left_out, size=self.left_out.size + size)
        elif isinstance(event, Message | Fact | Gap):
            self.left_out = Gap(event.connection, event.frame, event.time, event.sender, "left_out", size)


class OwnPass:
    """Reads a whole capture; raises EngineError if that is not possible. `packets` and `notes` as in Reading."""

    def __init__(
        self,
        path: Path | None,
        options: Options,
        stream: BinaryIO | None = None,
        sliced: Slice | None = None,
        started: Callable[[EmbeddedReading], None] = lambda _reading: None,
    ) -> None:
        """`path` and `stream` as in Engine.read; `sliced` is given the packets that matter.

        `started` is given the reading before it begins.
        """
        self.failed: list[ConnectFailed] = []
        """The TCP connects that led to nothing."""
        connections: dict[int, OwnConnection] = {}
        budget = Budget()
        reading = EmbeddedReading(path, options, stream, sliced=sliced)
        started(reading)
        for event in reading.events():
            if isinstance(event, ConnectionOpened):
                connections[event.connection] = OwnConnection(event, Account(budget))
            elif isinstance(event, ConnectFailed):
                self.failed.append(event)
            else:
                connections[event.connection].add(event)
        self.packets, self.notes = reading.packets, reading.notes
        self._by_key = {key_of(connection.opened): connection for connection in connections.values()}

    @property
    def has_losses(self) -> bool:
        """Whether bytes of some RDP connection are missing from the capture."""
        return any(_name(event) in LOSSES for own in self._by_key.values() for event in own.others)

    @property
    def opaque_messages(self) -> list[Message]:
        """The messages that Wireshark cannot read, and we can."""
        return [message for own in self._by_key.values() if own.opaque for message in own.messages]

    def find(self, opened: ConnectionOpened) -> OwnConnection | None:
        """The same connection, as this pass saw it."""
        return self._by_key.get(key_of(opened))


def key_of(opened: ConnectionOpened) -> Key:
    """What identifies a connection in both engines: its ends and its first frame."""
    return opened.expert, opened.novice, opened.frame


def _name(event: Fact | Gap) -> str:
    return event.name if isinstance(event, Fact) else event.kind
