"""Changes to an input: of its bytes, of its pieces, and of captures in their packets, segments and streams."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import TypeVar

from msra.capture import CaptureError, CaptureReader, Packet, Segment
from msra.capture.link import FragmentTable, decode_segment
from msra.capture.writer import PcapngWriter
from tests import mixes
from tests.fuzz import LARGEST
from tests.fuzz.pieces import Piece, joined, split

_NUMBERS = (0, 1, 2, 3, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_T = TypeVar("_T")

Mutator = Callable[[bytes, Random], bytes]


def mutate_bytes(data: bytes, random: Random) -> bytes:
    """A few changes anywhere: bits, bytes, numbers of any width, pieces left out, repeated and moved."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        _BYTES[random.randrange(len(_BYTES))](changed, random)
    return bytes(changed[:LARGEST])


def _flip(data: bytearray, random: Random) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _set(data: bytearray, random: Random) -> None:
    if data:
        data[random.randrange(len(data))] = random.randrange(256)


def _number(data: bytearray, random: Random) -> None:
    width = random.choice((1, 2, 4))
    if len(data) >= width:
        at = random.randrange(len(data) - width + 1)
        number = random.choice(_NUMBERS) % (1 << 8 * width)
        data[at : at + width] = number.to_bytes(width, random.choice(("little", "big")))  # type: ignore[arg-type]


def _cut(data: bytearray, random: Random) -> None:
    at, size = _range(data, random)
    del data[at : at + size]


def _repeat(data: bytearray, random: Random) -> None:
    at, size = _range(data, random)
    if len(data) + 4 * size < LARGEST:
        data[at:at] = data[at : at + size] * random.choice((1, 1, 2, 4))


def _move(data: bytearray, random: Random) -> None:
    at, size = _range(data, random)
    part = data[at : at + size]
    del data[at : at + size]
    to = random.randrange(len(data) + 1)
    data[to:to] = part


def _insert(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data) + 1)
    data[at:at] = random.randbytes(random.randrange(1, 20))


def _end(data: bytearray, random: Random) -> None:
    del data[random.randrange(len(data) + 1) :]


def _range(data: bytearray, random: Random) -> tuple[int, int]:
    at = random.randrange(len(data) + 1)
    return at, random.randrange(1, random.choice((4, 16, 256, 4096)))


_BYTES = (_flip, _set, _set, _number, _number, _number, _cut, _repeat, _move, _insert, _end)


def mutate_list(items: list[_T], random: Random, change: Callable[[_T], _T]) -> list[_T]:
    """Some are changed, left out, repeated, swapped."""
    items = list(items)
    for _ in range(random.choice((1, 1, 2, 4))):
        if not items:
            break
        at, to = random.randrange(len(items)), random.randrange(len(items))
        what = random.randrange(8)
        if what < 4:
            items[at] = change(items[at])
        elif what == 4:
            del items[at : at + random.choice((1, 1, 5))]
        elif what == 5:
            items.insert(to, items[at])
        elif what == 6:
            items[at], items[to] = items[to], items[at]
        else:
            del items[random.randrange(1, len(items) + 1) :]
    return items


def mutate_pieces(data: bytes, random: Random) -> bytes:
    """Of what decoders with a state are fed with; a piece keeps its size right."""

    def change(piece: Piece) -> Piece:
        if random.random() < 0.2:
            return Piece(random.randrange(256), piece.data)
        return Piece(piece.control, mutate_bytes(piece.data, random))

    return joined(mutate_list(list(split(data)), random, change))[:LARGEST]


# -- Captures ----------------------------------------------------------------------------------------------------------


def packets_of(data: bytes) -> list[Packet]:
    """The packets of a capture; none if it is no capture any more."""
    try:
        return list(CaptureReader(io.BytesIO(data)))
    except CaptureError:
        return []


def capture_of(packets: Iterable[Packet], secrets: Iterable[bytes] = ()) -> bytes:
    """A capture of these packets, with these TLS key logs."""
    stream = io.BytesIO()
    writer = PcapngWriter(stream)
    for keylog in secrets:
        writer.secrets(keylog)
    for packet in packets:
        writer.write(packet.time % (1 << 64), packet.data, link_type=packet.link_type, length=packet.length % (1 << 32))
    return stream.getvalue()


def mutate_packets(data: bytes, random: Random) -> bytes:
    """Whole packets, from the link layer on."""

    def change(packet: Packet) -> Packet:
        what = random.random()
        if what < 0.1:
            return replace(packet, link_type=random.choice((0, 1, 9, 12, 101, 108, 113, 147, 228, 229, 276)))
        if what < 0.2:
            return replace(
                packet, time=random.choice((0, 1 << 63, (1 << 64) - 1, packet.time + random.randrange(1 << 40)))
            )
        if what < 0.3:
            return replace(packet, length=random.choice(_NUMBERS))
        return replace(packet, data=mutate_bytes(packet.data, random))

    packets = packets_of(data)
    return capture_of(mutate_list(packets, random, change)) if packets else mutate_bytes(data, random)


def _segments(packets: Iterable[Packet]) -> list[tuple[Packet, Segment]]:
    fragments, found = FragmentTable(), []
    for packet in packets:
        segment = decode_segment(packet.link_type, packet.data, packet.length, fragments)
        if segment is not None:
            found.append((packet, segment))
    return found


def _wrapped(pairs: Iterable[tuple[Packet, Segment]]) -> bytes:
    """The segments in packets of IP alone, at the times of the packets that they came in."""

    def packet(pair: tuple[Packet, Segment]) -> Packet:
        segment = replace(pair[1], payload=pair[1].payload[:65_000])
        (content,) = (mixes.ipv4 if len(segment.src) == 4 else mixes.ipv6)(segment)
        return Packet(0, pair[0].time, 101, content, len(content) + segment.missing)

    return capture_of(map(packet, pairs))


def mutate_segments(data: bytes, random: Random) -> bytes:
    """TCP segments: numbers, flags, ports, payloads."""

    def change(pair: tuple[Packet, Segment]) -> tuple[Packet, Segment]:
        packet, segment = pair
        what = random.randrange(8)
        if what == 0:
            near = random.choice((1, -1, 5, 1 << 16, 1 << 20, 1 << 30, 1 << 31))
            return packet, replace(segment, seq=(segment.seq + near) % (1 << 32))
        if what == 1:
            return packet, replace(segment, ack=(segment.ack + random.choice(_NUMBERS)) % (1 << 32))
        if what == 2:
            return packet, replace(segment, flags=random.randrange(64))
        if what == 3:
            return packet, replace(segment, sport=random.choice((3389, 0, 65535, segment.dport)))
        if what == 4:
            return packet, replace(segment, payload=segment.payload[: random.randrange(1 + len(segment.payload))])
        return packet, replace(segment, payload=mutate_bytes(segment.payload, random))

    pairs = _segments(packets_of(data))
    return _wrapped(mutate_list(pairs, random, change)) if pairs else mutate_bytes(data, random)


def mutate_streams(data: bytes, random: Random) -> bytes:
    """What the two sides of each connection say: changed in its PDUs, then sent in good order."""
    pairs = [pair for pair in _segments(packets_of(data)) if pair[1].payload]
    if not pairs:
        return mutate_bytes(data, random)

    def change(pair: tuple[Packet, Segment]) -> tuple[Packet, Segment]:
        mutated = mutate_bytes(pair[1].payload, random)
        if random.random() < 0.5:
            mutated = with_lengths(mutated)
        return pair[0], replace(pair[1], payload=mutated)

    return _wrapped(_in_order(mutate_list(pairs, random, change)))


def _in_order(pairs: Iterable[tuple[Packet, Segment]]) -> Iterator[tuple[Packet, Segment]]:
    """The payloads one after the other, in connections that are opened before them."""
    sent: dict[tuple[bytes, int, bytes, int], int] = {}
    for packet, segment in pairs:
        there = (segment.src, segment.sport, segment.dst, segment.dport)
        back = (segment.dst, segment.dport, segment.src, segment.sport)
        if there not in sent:
            sent[there] = sent[back] = 1
            yield packet, replace(segment, seq=0, ack=0, flags=mixes.SYN, payload=b"", missing=0)
            ends = {"src": back[0], "sport": back[1], "dst": back[2], "dport": back[3]}
            yield packet, replace(segment, **ends, seq=0, ack=1, flags=mixes.SYN | mixes.ACK, payload=b"", missing=0)
        payload = segment.payload[:65_000]
        seq, ack = sent[there] % (1 << 32), sent[back] % (1 << 32)
        yield packet, replace(segment, seq=seq, ack=ack, flags=mixes.ACK, payload=payload, missing=0)
        sent[there] += len(payload)


def with_lengths(payload: bytes) -> bytes:
    """With the lengths of TPKT and MCS SendData put right, so that what is changed is read at all."""
    if payload[:2] != b"\x03\x00" or not 7 < len(payload) <= 0xFFFF:
        return payload
    framed = payload[:2] + len(payload).to_bytes(2, "big") + payload[4:]
    if len(framed) < 16 or framed[7] not in (0x64, 0x68) or len(framed) - 15 > 0x3FFF:
        return framed
    body = framed[15:] if framed[13] & 0x80 else framed[14:]
    head = framed[:13] + (0x8000 | len(body)).to_bytes(2, "big")
    return head[:2] + (len(head) + len(body)).to_bytes(2, "big") + head[4:] + body


_ANY = (mutate_bytes, mutate_pieces)
MUTATORS: Mapping[str, tuple[Mutator, ...]] = {
    **dict.fromkeys(("link", "tcp", "tls", "recognise", "tpkt", "security", "decompression"), _ANY),
    **dict.fromkeys(("channels", "credssp", "rdp", "message"), _ANY),
    "packets": (mutate_packets,),
    "segments": (mutate_segments,),
    "streams": (mutate_streams,),
    "scanned": (mutate_bytes, mutate_packets, mutate_segments),
}
"""How the inputs of an oracle are changed; others only in their bytes."""


def mutate(oracle: str, data: bytes, random: Random) -> bytes:
    """One more input for this oracle."""
    return random.choice(MUTATORS.get(oracle, (mutate_bytes,)))(data, random)[:LARGEST]
