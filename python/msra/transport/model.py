"""What the transport gives back. Every item says who sent it and which frame completed it (time in ns)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

FactValue: TypeAlias = int | str | tuple[int, ...] | tuple[str, ...]


class Origin(NamedTuple):
    """Where bytes come from: direction, and the number and time of the frame that completed them."""

    from_client: bool
    frame: int
    time: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The first PDU of the connection is complete."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class ChannelMessage:
    """A whole message of a wanted channel, reassembled from its chunks."""

    origin: Origin
    channel: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Fact:
    """Something learned about the connection (negotiation, channels, security, disconnect)."""

    origin: Origin
    name: str
    data: Mapping[str, FactValue]


@dataclass(frozen=True, slots=True)
class Gap:
    """`size` bytes that could not be read, and why."""

    origin: Origin
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """Bytes of the TLS records that take over the stream after the X.224 negotiation."""

    origin: Origin
    data: bytes


Item: TypeAlias = Opened | ChannelMessage | Fact | Gap | Ciphertext


@dataclass(frozen=True, slots=True)
class Wanted:
    """The channels to deliver.

    `identify` is asked about a message of a channel whose name is unknown, because the capture starts after the
    channel list: it returns the channel's name if the message proves it, else None.
    """

    static: frozenset[str]
    dynamic: frozenset[str]
    identify: Callable[[bytes], str | None]
