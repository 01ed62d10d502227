"""Captures that put a reader to the test: real sessions and background, mixed, re-addressed, and wrapped in every way.

One seed is one capture. Segments are cut anew, sent twice, swapped and lost; each conversation has its own link layer
and IP version; files are pcap and pcapng in both byte orders.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from random import Random
from typing import TypeVar

from msra.capture import Segment, open_capture_file
from msra.capture.link import FragmentTable, decode_segment
from tests.bench.traffic import PCAPS, dns, http, smb, tls, voice

SYN, ACK, FIN, RST = 0x02, 0x10, 0x01, 0x04
SOURCES = (
    "v2_ok_49230.pcap", "v1_ok.pcapng", "tcp_tiny_v2.pcapng", "tcp_lost_segment.pcap", "rich_all_types.pcapng",
    "cut_start50.pcapng", "cut_end_after_verify.pcapng", "link_snaplen128.pcap", "neg_plain_rdp.pcapng",
    "neg_http.pcapng", "v2_rc4_128_stock2117.pcapng",
)  # fmt: skip


@cache
def recorded(name: str) -> tuple[Segment, ...]:
    """The segments of a capture in `pcaps/`."""
    fragments = FragmentTable()
    with open_capture_file(PCAPS / name) as reader:
        found = [decode_segment(packet.link_type, packet.data, packet.length, fragments) for packet in reader]
    return tuple(segment for segment in found if segment is not None)


def readdressed(segments: tuple[Segment, ...], random: Random, size: int) -> Iterator[Segment]:
    """The same conversation between other ends, with addresses of `size` bytes; the novice keeps its port, or not."""
    hosts = [bytes([10] * (size - 3)) + random.randbytes(3) for _ in range(2)]
    server = min(segments[0].sport, segments[0].dport) if 3389 in (segments[0].sport, segments[0].dport) else 49230
    port, to = random.randrange(1024, 65536), random.choice((server, server, 3389, 5000))
    for segment in segments:
        from_server = segment.sport == server
        ports = {server: to}
        yield replace(
            segment, src=hosts[from_server], dst=hosts[not from_server],
            sport=ports.get(segment.sport, port), dport=ports.get(segment.dport, port),
        )  # fmt: skip


def recut(segments: Iterator[Segment], random: Random, largest: int) -> Iterator[Segment]:
    """Every payload in pieces of at most `largest` bytes; some go on into what was sent before or comes behind."""
    before: dict[tuple[bytes, int], Segment] = {}
    for segment in segments:
        if segment.missing or segment.flags & (SYN | RST):
            yield segment
            continue
        last = before.get((segment.src, segment.sport))
        if last and random.random() < 0.2 and (last.seq + len(last.payload)) % (1 << 32) == segment.seq:
            keep = random.randrange(min(len(last.payload), 40) + 1)
            tail = last.payload[len(last.payload) - keep :]
            segment = replace(segment, seq=(segment.seq - keep) % (1 << 32), payload=tail + segment.payload)
        before[segment.src, segment.sport] = segment
        at = 0
        while True:
            size = random.randrange(1, largest + 1)
            end = at + size >= len(segment.payload)
            flags = segment.flags if end else segment.flags & ~FIN
            yield replace(
                segment, seq=(segment.seq + at) % (1 << 32), payload=segment.payload[at : at + size], flags=flags
            )
            at += size
            if end:
                break


def troubled(segments: Iterator[Segment], random: Random) -> Iterator[Segment]:
    """Some segments twice, some late, some not at all."""
    late: list[Segment] = []
    for segment in segments:
        chance = random.random()
        if chance < 0.03:
            late.append(segment)
        elif chance > 0.01:
            yield segment
        if chance > 0.96:
            yield segment
        if late and random.random() < 0.3:
            yield late.pop()
    yield from late


def failed(random: Random) -> Iterator[Segment]:
    """Connects that lead to nothing."""
    one, other = (bytes([10, 0, 0, random.randrange(5)]) for _ in range(2))
    port, to = random.randrange(1024, 65536), random.choice((3389, 49230, 5000, 80))
    for _ in range(random.randrange(1, 4)):
        seq = random.getrandbits(32)
        yield Segment(one, other, port, to, seq, 0, SYN, b"")
        if random.random() < 0.5:
            yield Segment(other, one, to, port, 0, seq + 1, RST | ACK, b"")


# -- Wrappings ---------------------------------------------------------------------------------------------------------


def tcp(segment: Segment) -> bytes:
    """A TCP header and the payload."""
    options = b"\x01" * 12 if segment.seq % 3 else b""
    offset = 0x50 + len(options) // 4 * 16
    head = (segment.sport, segment.dport, segment.seq % (1 << 32), segment.ack % (1 << 32), offset, segment.flags)
    return struct.pack(">HHIIBBHHH", *head, 0xFFFF, 0, 0) + options + segment.payload


def ipv4(segment: Segment, options: bytes = b"", unstated: bool = False) -> list[bytes]:
    """One packet."""
    content = tcp(segment)
    total = 0 if unstated else 20 + len(options) + len(content) + segment.missing
    head = struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, total & 0xFFFF, 7, 0x4000, 64, 6, 0)
    return [head + segment.src[-4:] + segment.dst[-4:] + options + content]


def fragments(segment: Segment) -> list[bytes]:
    """IPv4 fragments of 48 bytes."""
    content, packets = tcp(segment), []
    identification = (segment.seq ^ segment.sport ^ len(content)) & 0xFFFF
    for at in range(0, len(content), 48):
        piece, more = content[at : at + 48], at + 48 < len(content)
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(piece), identification, at // 8 | more << 13, 64, 6, 0)
        packets.append(head + segment.src[-4:] + segment.dst[-4:] + piece)
    return packets


def ipv6(segment: Segment, extension: bool = False) -> list[bytes]:
    """One packet."""
    content = (b"\x06\x00\x01\x04\0\0\0\0" if extension else b"") + tcp(segment)
    length = len(content) + segment.missing
    head = struct.pack(">IHBB", 6 << 28, length & 0xFFFF, 0 if extension else 6, 64)
    return [head + segment.src.rjust(16, b"\xfd") + segment.dst.rjust(16, b"\xfd") + content]


def _ether(kind: int, tags: bytes = b"") -> bytes:
    return b"\x02" * 12 + tags + kind.to_bytes(2, "big")


_Wrap = Callable[[Segment], list[bytes]]
WRAPPINGS: dict[str, tuple[int, bytes, _Wrap]] = {
    # link type, link header, IP
    "ethernet": (1, _ether(0x0800), ipv4),
    "ethernet options": (1, _ether(0x0800), lambda segment: ipv4(segment, b"\x01" * 8)),
    "ethernet unstated": (1, _ether(0x0800), lambda segment: ipv4(segment, unstated=True)),
    "ethernet 6": (1, _ether(0x86DD), ipv6),
    "ethernet 6 extension": (1, _ether(0x86DD), lambda segment: ipv6(segment, extension=True)),
    "fragments": (1, _ether(0x0800), fragments),
    "vlan": (1, _ether(0x0800, b"\x81\x00\x00\x07"), ipv4),
    "qinq": (1, _ether(0x86DD, b"\x88\xa8\x00\x07\x81\x00\x00\x08"), ipv6),
    "three tags": (1, _ether(0x0800, b"\x81\x00\x00\x07" * 3), ipv4),
    "pppoe": (1, _ether(0x8864) + b"\x11\x00\x00\x01\x00\x00\x00\x21", ipv4),
    "cooked": (113, bytes(14) + b"\x08\x00", ipv4),
    "cooked 2": (276, b"\x86\xdd" + bytes(18), ipv6),
    "raw": (101, b"", ipv4),
    "raw 6": (12, b"", ipv6),
    "ipv4": (228, b"", ipv4),
    "loopback": (0, b"\x02\0\0\0", ipv4),
    "loopback 6": (108, b"\0\0\0\x1e", ipv6),
    "ppp": (9, b"\xff\x03\x00\x21", ipv4),
    "unsupported": (147, b"", ipv4),
}

Frame = tuple[int, bytes, int]
"""Link type, captured bytes, bytes on the wire."""


def wrapped(segments: Iterator[Segment], name: str, snaplen: int) -> Iterator[Frame]:
    """The segments in packets."""
    link_type, head, wrap = WRAPPINGS[name]
    for segment in segments:
        for packet in wrap(segment):
            frame = head + packet
            yield link_type, frame[:snaplen], len(frame) + segment.missing


def background(random: Random) -> Iterator[Frame]:
    """Any kind of it."""
    for frame in random.choice((http, tls, smb, dns, voice))(random):
        yield 1, frame, len(frame)


def conversations(random: Random, only: str | None) -> Iterator[Iterator[Frame]]:
    """A few of each kind; `only`: all are wrapped in this way."""
    names = [name for name in WRAPPINGS if name != "unsupported" or random.random() < 0.1]
    for _ in range(random.randrange(2, 6)):
        name = only or random.choice(names)
        segments = readdressed(recorded(random.choice(SOURCES)), random, 16 if WRAPPINGS[name][2] is ipv6 else 4)
        if random.random() < 0.6:
            segments = recut(segments, random, random.choice((1, 3, 7, 20, 1460, 4000)))
        if random.random() < 0.6:
            segments = troubled(segments, random)
        if random.random() < 0.2:
            segments = islice(segments, random.randrange(40), None)
        yield wrapped(segments, name, random.choice((1 << 18, 1 << 18, 200, 96)))
    for _ in range(random.randrange(4)):
        yield wrapped(failed(random), only or random.choice(names), 1 << 18)
    for _ in range(0 if only else random.randrange(1, 6)):
        yield islice(background(random), random.randrange(400))


_T = TypeVar("_T")


def frames(random: Random, only: str | None) -> Iterator[Frame]:
    """The conversations, mixed."""
    return mixed(conversations(random, only), random, 9)


def mixed(parts: Iterable[Iterator[_T]], random: Random, most: int) -> Iterator[_T]:
    """All of them, fewer than `most` of one part in turn."""
    running = list(parts)
    while running:
        at = random.randrange(len(running))
        burst = random.randrange(1, most)
        some = list(islice(running[at], burst))
        yield from some
        if len(some) < burst:
            del running[at]


# -- Files -------------------------------------------------------------------------------------------------------------


def capture(seed: int) -> bytes:
    """The capture of this seed: pcapng with many link types, or pcap with one."""
    random = Random(seed)
    order = random.choice("<>")
    if random.random() < 0.6:
        content = pcapng(list(frames(random, None)), order, random)
    else:
        only = random.choice([name for name in WRAPPINGS if name != "unsupported"])
        content = pcap(list(frames(random, only)), WRAPPINGS[only][0], order, random)
    return content[: -random.randrange(1, 30)] if random.random() < 0.2 else content


def pcap(frames: list[Frame], link_type: int, order: str, random: Random) -> bytes:
    """A classic capture, in one of its variants."""
    magic, unit, extra = random.choice(((0xA1B2C3D4, 1000, b""), (0xA1B23C4D, 1, b""), (0xA1B2CD34, 1000, bytes(8))))
    content = [struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, 1 << 18, link_type)]
    time = 1_790_000_000_000_000_000
    for _, data, length in frames:
        time += random.randrange(200_000_000)
        seconds, rest = divmod(time, 1_000_000_000)
        content.append(struct.pack(order + "IIII", seconds, rest // unit, len(data), length) + extra + data)
    return b"".join(content)


def pcapng(frames: list[Frame], order: str, random: Random) -> bytes:
    """One or two sections; an interface for each link type, described when it is needed; other blocks in between."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + length + body + length

    section = block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    content, interfaces, time = [section], [], 1_790_000_000_000_000
    new_section = random.randrange(2 * len(frames) + 1)
    for count, (link_type, data, length) in enumerate(frames):
        if count == new_section:
            content.append(section)
            interfaces = []
        if link_type not in interfaces:
            interfaces.append(link_type)
            content.append(block(1, struct.pack(order + "HHI", link_type, 0, 0)))
        time += random.randrange(200_000)
        number = interfaces.index(link_type)
        head = struct.pack(order + "IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data), length)
        chance = random.random()
        if chance < 0.01:
            content.append(
                block(2, struct.pack(order + "HHIIII", number, 0, 0, time & 0xFFFF, len(data), length) + data)
            )
        else:
            content.append(block(6, head + data))
        if chance > 0.98:
            content.append(block(random.choice((4, 5, 9, 0xBAD)), bytes(8)))
    return b"".join(content)
