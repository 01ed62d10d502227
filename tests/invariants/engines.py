"""Many sessions in one capture, each changed somewhere in what its sides say; and what each engine makes of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from msra.analyzer import EngineName, iter_events
from msra.capture import CaptureReader, Segment
from msra.capture.link import FragmentTable, decode_segment
from msra.engines.own_pass import ONLY_OURS
from msra.events import ConnectFailed, ConnectionOpened, Endpoint, Event, Fact, Gap, Message
from msra.transport.channels import CHUNK_HEADER
from msra.transport.tpkt import is_send_data
from tests.analysis import synthetic
from tests.fuzz.mutations import mutate_bytes, with_lengths
from tests.invariants.streams import session
from tests.wire import Talk, pcap

RECORDED = ("v2_ok_49230.pcap", "v1_ok.pcapng", "rich_all_types.pcapng")
Side = list[tuple[object, ...]]
Payload = tuple[bool, bytes]
"""Whether the client sends, and what."""
Payloads = tuple[Payload, ...]
Change = Callable[[list[Payload], Random], list[Payload]]
SET_UP = 4
"""X.224 and MCS Connect: where one of them comes again, the plugin tells what it says once."""
HEADERS = 15
"""Bytes of TPKT, X.224 and MCS before the user data, with a PER length of two bytes."""


@cache
def conversations() -> tuple[Payloads, ...]:
    """What is said in recorded sessions and in built ones."""
    found = [payloads(session(name)) for name in RECORDED]
    for scene in synthetic.SCENES:
        fragments = FragmentTable()
        packets = CaptureReader(io.BytesIO(synthetic.capture([scene])))
        segments = [decode_segment(packet.link_type, packet.data, packet.length, fragments) for packet in packets]
        found.append(payloads(tuple(filter(None, segments))))
    return tuple(found)


def payloads(segments: tuple[Segment, ...]) -> Payloads:
    client = segments[0].src, segments[0].sport
    return tuple(((s.src, s.sport) == client, s.payload) for s in segments if s.payload)


def _message(pdu: bytes, random: Random) -> bytes:
    """The data of a channel PDU, whose lengths are put right."""
    head, data = pdu[:HEADERS], mutate_bytes(pdu[HEADERS + CHUNK_HEADER :], random)[:8_000]
    return with_lengths(head + len(data).to_bytes(4, "little") + pdu[HEADERS + 4 : HEADERS + CHUNK_HEADER] + data)


def _chunk(pdu: bytes, random: Random) -> bytes:
    """A channel PDU."""
    return with_lengths(pdu[:HEADERS] + mutate_bytes(pdu[HEADERS:], random)[:8_000])


def _frame(pdu: bytes, random: Random) -> bytes:
    """Anything, with the lengths of TPKT and MCS."""
    return mutate_bytes(pdu, random)[:8_000]


def _in_place(change: Callable[[bytes, Random], bytes]) -> Change:
    def changed(said: list[Payload], random: Random) -> list[Payload]:
        channel = [at for at, (_, pdu) in enumerate(said) if is_send_data(pdu, 0) and len(pdu) > HEADERS + CHUNK_HEADER]
        for at in random.sample(channel, min(random.choice((1, 1, 2, 4)), len(channel))):
            said[at] = said[at][0], change(said[at][1], random)
        return said

    return changed


def _order(said: list[Payload], random: Random) -> list[Payload]:
    """PDUs are left out, repeated, and swapped with the next, but for those that set the connection up."""
    for _ in range(random.choice((1, 1, 2, 4))):
        if len(said) <= SET_UP:
            break
        at = random.randrange(SET_UP, len(said))
        said[at : at + 2] = random.choice((said[at + 1 : at + 2], said[at : at + 1] * 2, said[at : at + 2][::-1]))
    return said


class Kind(NamedTuple):
    """How sessions are changed, and why the engines then differ, if they do."""

    made: Change
    difference: str = ""


CHANGES: Mapping[str, Kind] = {
    "messages": Kind(_in_place(_message)),
    "channel PDUs": Kind(_in_place(_chunk)),
    "order": Kind(_order),
    "frames": Kind(
        _in_place(_frame),
        "Where a length of TPKT is damaged, Wireshark and the embedded engine take other bytes for the PDU: Wireshark "
        "hands the stream to the plugin in the pieces in which TCP carried it, and keeps what is left over at the end.",
    ),
}
"""All that are tried; docs/how-it-works.md has the differences between the engines in a table."""


def capture(change: str, random: Random, count: int) -> bytes:
    """So many changed sessions, one after the other."""
    packets: list[bytes] = []
    for number in range(count):
        talk = Talk(client_port=20_000 + number)
        packets += talk.open()
        for from_client, payload in CHANGES[change].made([*random.choice(conversations())], random):
            packets += talk.send(from_client, payload)
        packets += talk.close()
    return pcap(packets)


def heard(path: Path, engine: EngineName) -> dict[Endpoint, dict[str, Side]]:
    """What is said in each connection, by its client's end: messages, facts and gaps of each side, in order."""
    ends: dict[int, Endpoint] = {}
    found: dict[Endpoint, dict[str, Side]] = {}
    for event in iter_events(path, engine):
        if isinstance(event, ConnectionOpened):
            client = min(event.expert, event.novice, key=lambda end: end.ip)
            ends[event.connection] = client
            found[client] = {}
        elif not isinstance(event, ConnectFailed):
            kind, value = _told(event)
            if kind:
                found[ends[event.connection]].setdefault(kind, []).append(value)
    return {client: {kind: sorted(side, key=str) for kind, side in kinds.items()} for client, kinds in found.items()}


def _told(event: Event) -> tuple[str, tuple[object, ...]]:
    if isinstance(event, Message):
        return "messages", (event.frame, event.sender, event.channel, event.type, dict(event.fields), event.notes)
    if isinstance(event, Gap):
        return "gaps", (event.frame, event.sender, event.kind, event.size)
    if isinstance(event, Fact) and event.name not in ONLY_OURS:
        return "facts", (event.frame, event.sender, event.name, dict(event.data))
    return "", ()
