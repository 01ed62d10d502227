"""What the checks look at: an invitation, what its password opens, and a session; and what they answer."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Literal, NamedTuple, TypeAlias

from msra.analysis.evidence import Evidence
from msra.analysis.invitation.crypto import open_ticket
from msra.analysis.invitation.file import ConnectionString, Invitation
from msra.events import Endpoint, Message
from msra.layers.connection_string import ConnectionString1, ConnectionString2, parse_connection_string
from msra.limits import MAX_CHECKED

Status: TypeAlias = Literal["passed", "failed", "not_checkable"]
Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"


class Answer(NamedTuple):
    """The answer of one check: a sentence without secrets, and the frames that it rests on."""

    status: Status
    text: str
    frames: tuple[int, ...] = ()


def passed(text: str, *frames: int) -> Answer:
    """Session and invitation agree."""
    return Answer("passed", text, frames)


def failed(text: str, *frames: int) -> Answer:
    """They do not."""
    return Answer("failed", text, frames)


def not_checkable(text: str, *frames: int) -> Answer:
    """Something is missing, and the text says what."""
    return Answer("not_checkable", text, frames)


class Listener(NamedTuple):
    """Where the invitation says that the novice listens: the address is None for names, the port for web sockets."""

    address: Address | None
    port: int | None


@dataclass(frozen=True)
class Case:
    """An invitation and a session. `start` and `end` are nanoseconds since 1970, UTC."""

    invitation: Invitation
    password: str | None = field(repr=False)
    evidence: Evidence = field(repr=False)
    expert: Endpoint
    novice: Endpoint
    start: int
    end: int

    @cached_property
    def ticket_text(self) -> str | None:
        """The decrypted LHTICKET as it was encrypted; None if the password does not open it."""
        if not self.invitation.lh_ticket or self.password is None:
            return None
        text = open_ticket(self.invitation.lh_ticket, self.password)
        return text if text is not None and isinstance(parse_connection_string(text), ConnectionString2) else None

    @cached_property
    def ticket(self) -> ConnectionString2 | None:
        """The same, taken apart."""
        found = None if self.ticket_text is None else parse_connection_string(self.ticket_text)
        return found if isinstance(found, ConnectionString2) else None

    @property
    def wrong_password(self) -> bool:
        """Whether the password given is not that of the invitation: a whole ticket stays closed."""
        return bool(self.invitation.lh_ticket) and self.password is not None and self.ticket is None

    @property
    def is_open(self) -> bool:
        """Whether all that the invitation says can be read."""
        return self.invitation.lh_ticket is None or self.ticket is not None

    @cached_property
    def connection_strings(self) -> tuple[ConnectionString, ...]:
        """Those that can be read, that of LHTICKET first."""
        return tuple(found for found in (self.ticket, self.invitation.rc_ticket) if found is not None)

    @cached_property
    def session_ids(self) -> frozenset[str]:
        """RASessionID or ID ([MS-RAI] 2.2.1, 2.2.2)."""
        return frozenset(session_id(found) for found in self.connection_strings) - {"", "*"}

    @cached_property
    def same_session(self) -> bool | None:
        """Whether the expert named the session of this invitation in WorkingDir ([MS-RA] 2.2.7.2); None if unknown."""
        named = self.evidence.fact("client_info", "working_dir")
        return named in self.session_ids if named and self.session_ids else None

    @cached_property
    def listeners(self) -> tuple[Listener, ...]:
        """Each once, in the order of the connection strings."""
        return tuple(dict.fromkeys(listener for found in self.connection_strings for listener in _listeners(found)))

    @property
    def opening(self) -> tuple[int, ...]:
        """The first frame that the capture has of the connection; () if nothing was learned of it."""
        frames = [event.frame for event in (*self.evidence.facts.values(), *self.evidence.messages[:1])]
        return (min(frames),) if frames else ()

    def sent(self, *types: str, by: str = "expert") -> Iterator[Message]:
        """The first MAX_CHECKED messages of these types that this side sent."""
        messages = self.evidence.messages
        return islice((m for m in messages if m.type in types and m.sender == by), MAX_CHECKED)


Find: TypeAlias = Callable[[Case], Answer]


def session_id(connection_string: ConnectionString) -> str:
    """Which session a connection string belongs to."""
    if isinstance(connection_string, ConnectionString1):
        return connection_string.ra_session_id
    return connection_string.id


def key_hash(connection_string: ConnectionString) -> str:
    """KH: base64 of the SHA-1 of the novice's key."""
    if isinstance(connection_string, ConnectionString1):
        return connection_string.protocol_specific_parms
    return connection_string.kh


def address(text: str) -> Address | None:
    """An IP address, without brackets and zone; None if the text is none, such as a computer name."""
    try:
        found = ipaddress.ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _listeners(connection_string: ConnectionString) -> Iterator[Listener]:
    if isinstance(connection_string, ConnectionString1):
        for one in connection_string.machine_address_list:
            yield Listener(address(one.host), one.port)
    else:
        for transport in connection_string.transports:
            for listener in transport.listeners:
                yield Listener(address(listener.name), listener.port)
