"""What the plugin finds in mutated sessions, compared with what the embedded engine finds, connection by connection.

Both must find the same messages and facts in the same frames, with the same values and notes. Where they differ, it is
for one of the reasons in DIFFERENCES, which can be told without asking either of them for its messages.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from ipaddress import ip_address

from msra.capture import Segment
from msra.capture.link import FragmentTable, decode_segment
from msra.engines.embedded import EmbeddedReading
from msra.engines.interface import Options
from msra.engines.own_pass import LOSSES, ONLY_OURS
from msra.events import ConnectFailed, ConnectionOpened, Endpoint, Event, Fact, Gap, Message
from msra.transport import mcs
from tests.fuzz.mutations import packets_of
from tests.mixes import FIN, RST, SYN

Ends = frozenset[Endpoint]
_KEYS = (b"Duca", b"McDn")
_DAMAGE = LOSSES | {"bad_framing", "bad_pdu", "incomplete_pdu"}


@dataclass
class Talk:
    """All that was between two ends: as TCP segments, and as each of the two sees it."""

    segments: list[Segment] = field(default_factory=list)
    spoiled: bool = False
    """There are packets between the two that are no TCP segments."""
    embedded: list[Event] = field(default_factory=list)
    plugin: list[Event] = field(default_factory=list)

    @cached_property
    def agrees(self) -> bool:
        """Whether both found the same."""
        return _found(self.embedded) == _found(self.plugin)

    @property
    def difference(self) -> str:
        """What only one of the two found."""
        sides = {"embedded": _found(self.embedded), "plugin": _found(self.plugin)}
        both = [message for message in sides["embedded"] if message in sides["plugin"]]
        return "\n".join(
            f"{side}: {message}" for side, messages in sides.items() for message in messages if message not in both
        )

    def reasons(self) -> set[str]:
        """Why they may differ."""
        return {name for name, (_, applies) in DIFFERENCES.items() if applies(self)}


def _found(events: Iterable[Event]) -> list[Event]:
    """Messages, and facts that both know; a fact counts once, as the plugin tells it."""
    facts: dict[str, Event] = {}
    found: list[Event] = []
    for event in (replace(event, connection=0, time=0) for event in events):
        if isinstance(event, Message):
            found.append(event)
        elif isinstance(event, Fact) and event.name not in ONLY_OURS:
            facts.setdefault(event.name, event)
    return sorted([*found, *facts.values()], key=repr)


def _is_loss(event: Event) -> bool:
    return isinstance(event, Gap) and event.kind in LOSSES


def _is_damaged(talk: Talk) -> bool:
    gaps = (event.kind for event in talk.embedded + talk.plugin if isinstance(event, Gap))
    return not _DAMAGE.isdisjoint(gaps)


def _is_encoded(talk: Talk) -> bool:
    facts = (event for event in talk.embedded + talk.plugin if isinstance(event, Fact))
    return any(fact.name == "compression" or fact.data.get("encryption_method") for fact in facts)


def _is_misplaced(talk: Talk) -> bool:
    begins = [_is_request(segment.payload) for segment in talk.segments if segment.payload]
    return begins[:1] != [True] or sum(begins) > 1


def _is_request(payload: bytes) -> bool:
    return payload[:2] == b"\x03\0" and payload[5:6] == b"\xe0"


def _is_no_ber(talk: Talk) -> bool:
    """A GCC key (T.124 8.7) that is not in the user data of its Connect PDU, or whose settings end behind them."""
    for payload in (segment.payload for segment in talk.segments):
        pdu = payload[7:]
        if mcs.connect_type(pdu):
            user_data = mcs.connect_user_data(pdu)
            if any(key in pdu and not _holds_settings(user_data, key) for key in _KEYS):
                return True
    return False


def _holds_settings(user_data: bytes, key: bytes) -> bool:
    at = user_data.find(key)
    if at < 0:
        return False
    length, start = mcs.read_per_length(user_data, at + len(key))
    return length is not None and start + length <= len(user_data)


def _is_undecrypted(talk: Talk) -> bool:
    return any(isinstance(event, Gap) and event.kind == "encrypted" for event in talk.embedded + talk.plugin)


def _is_disordered(talk: Talk) -> bool:
    """Not each side begins with its SYN, and goes on where it was, and ends with its last byte, and acknowledges what
    was sent.
    """
    sent: dict[tuple[bytes, int], int] = {}
    ended = False
    for segment in talk.segments:
        end, other = (segment.src, segment.sport), (segment.dst, segment.dport)
        begins, ends = bool(segment.flags & SYN), bool(segment.flags & FIN)
        if begins == (end in sent) or sent.get(end, segment.seq) != segment.seq or segment.missing:
            return True
        if segment.ack and segment.ack != sent.get(other) and not _is_before(segment.ack, sent.get(other, 0)):
            return True
        if ended and (segment.payload or begins):
            return True
        sent[end] = (segment.seq + begins + ends + len(segment.payload)) % (1 << 32)
        ended |= ends or bool(segment.flags & RST)
    return False


def _is_before(one: int, other: int) -> bool:
    return 0 < (other - one) % (1 << 32) < 1 << 31


DIFFERENCES: Mapping[str, tuple[str, Callable[[Talk], bool]]] = {
    "encoded": ("Standard RDP Security and compressed channels are not readable for Wireshark", _is_encoded),
    "undecrypted": ("behind a TLS record that does not verify, each decrypts what it can", _is_undecrypted),
    "damaged": ("behind what is no PDU, or is missing, each finds the next one in its own way", _is_damaged),
    "disordered": (
        "segments that are late, repeated, or behind the end, and numbers that fit none: Wireshark decides otherwise",
        _is_disordered,
    ),
    "spoiled": ("Wireshark counts the bytes also of packets whose headers make no sense", lambda talk: talk.spoiled),
    "misplaced": (
        "a connection request that comes late, or again: the plugin sees no TCP connection, and begins anew",
        _is_misplaced,
    ),
    "no BER": ("a Connect PDU whose BER does not fit: the plugin looks for the key inside, wherever it is", _is_no_ber),
}


def talks(capture: bytes, plugin: Callable[[bytes, bool], Iterable[Event]]) -> dict[Ends, Talk]:
    """All pairs of ends of a capture; `plugin` gives its events, and is told whether bytes are missing."""
    found: dict[Ends, Talk] = defaultdict(Talk)
    fragments, strange = FragmentTable(), []
    for packet in packets_of(capture):
        segment = decode_segment(packet.link_type, packet.data, packet.length, fragments)
        if segment is not None:
            found[_ends(segment)].segments.append(segment)
        else:
            strange.append(packet.data)
    for ends, talk in found.items():
        addresses = [ip_address(end.ip).packed for end in ends]
        talk.spoiled = any(all(address in data for address in addresses) for data in strange)
    embedded = list(EmbeddedReading(None, Options(), io.BytesIO(capture)).events())
    holes = any(map(_is_loss, embedded))
    for ends, event in _with_ends(embedded):
        found[ends].embedded.append(event)
    for ends, event in _with_ends(plugin(capture, holes)):
        found[ends].plugin.append(event)
    return found


def _ends(segment: Segment) -> Ends:
    both = ((segment.src, segment.sport), (segment.dst, segment.dport))
    return frozenset(Endpoint(str(ip_address(address)), port) for address, port in both)


def _with_ends(events: Iterable[Event]) -> Iterator[tuple[Ends, Event]]:
    ends: dict[int, Ends] = {}
    for event in events:
        if isinstance(event, ConnectionOpened):
            ends[event.connection] = frozenset((event.expert, event.novice))
        if not isinstance(event, ConnectFailed):
            yield ends[event.connection], event


def compare(found: Mapping[Ends, Talk]) -> Counter[str]:
    """How many talks agree, and how many differ for each reason; raises AssertionError if there is none."""
    counts: Counter[str] = Counter()
    for ends, talk in found.items():
        reasons = talk.reasons()
        if talk.agrees:
            counts["agree"] += bool(talk.embedded)
            counts["agree without a reason to differ"] += bool(talk.embedded) and not reasons
            continue
        assert reasons, f"{sorted(ends, key=str)}: the engines differ\n{talk.difference}"
        counts.update(reasons)
    return counts
