"""Captures with many mutated sessions: starting Wireshark takes longer than dissecting one of them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from msra.capture import CaptureReader, Packet, Segment
from msra.capture.link import FragmentTable, decode_segment
from msra.engines.embedded import EmbeddedReading
from msra.engines.export import MessageExport
from msra.engines.interface import Options
from tests import mixes
from tests.analysis import synthetic
from tests.bench.traffic import PCAPS
from tests.fuzz.mutations import Mutator, capture_of, mutate_packets, mutate_segments, mutate_streams, packets_of

LEVELS: Mapping[str, Mutator] = {
    "streams": mutate_streams,
    "segments": mutate_segments,
    "packets": mutate_packets,
    "exported": mutate_packets,
}
"""Where sessions are changed. "exported": the messages alone, as `analyze-pcap --export` writes them."""
SESSIONS = 40
"""Of a batch."""
MOST_PACKETS = 250
"""Of a session; what follows in a long one is more of the same."""
MOST_BYTES = 100_000
_ETHERNET, _RAW = 1, 101

Timed = tuple[int, Segment]


class Batch(NamedTuple):
    """Sessions that were changed at one level."""

    level: str
    sessions: tuple[bytes, ...]
    """Each as a capture of its own."""
    keylogs: tuple[bytes, ...]

    def capture(self, seed: int) -> bytes:
        """All of them in one, a few packets of each in turn."""
        packets = mixes.mixed((iter(packets_of(session)) for session in self.sessions), Random(seed), 30)
        return capture_of(packets, self.keylogs)


@cache
def recorded() -> tuple[list[list[tuple[Timed, ...]]], tuple[bytes, ...]]:
    """The segments at the beginning of all sample captures, and of all synthetic sessions; and the TLS keys."""
    made = [synthetic.capture([scene]) for scene in synthetic.SCENES]
    samples, keylogs = [], [path.read_bytes() for path in sorted(PCAPS.glob("*.keys.txt"))]
    for path in sorted(path for path in PCAPS.iterdir() if ".pcap" in path.name):
        reader = CaptureReader(io.BytesIO(path.read_bytes()))
        samples.append(tuple(_beginning(reader)))
        keylogs += reader.tls_secrets
    return [samples, [tuple(_beginning(CaptureReader(io.BytesIO(data)))) for data in made]], tuple(keylogs)


def _beginning(reader: CaptureReader) -> Iterator[Timed]:
    fragments, size = FragmentTable(), 0
    for packet in islice(reader, MOST_PACKETS):
        segment = decode_segment(packet.link_type, packet.data, packet.length, fragments)
        size += len(packet.data)
        if segment is not None and size < MOST_BYTES:
            yield packet.time, segment


@cache
def exports() -> tuple[bytes, ...]:
    """The messages of sample captures of all kinds, as `analyze-pcap --export` writes them."""
    return tuple(_exported(PCAPS / name) for name in ("rich_all_types.pcapng", "v1_ok.pcapng", "v2_ok_3389.pcapng"))


def _exported(path: Path) -> bytes:
    stream = io.BytesIO()
    MessageExport(stream).add(EmbeddedReading(path, Options()).events(), path.name)
    return stream.getvalue()


def batch(level: str, seed: int, sessions: int = SESSIONS) -> Batch:
    """The batch of this seed; one session in eight is as it was recorded."""
    random = Random(f"{level} {seed}")
    made = tuple(_session(level, number, random) for number in range(sessions))
    return Batch(level, made, recorded()[1])


def _session(level: str, number: int, random: Random) -> bytes:
    if level == "exported":
        capture = random.choice(exports())
    else:
        segments = random.choice(random.choice(recorded()[0]))
        link_type = random.choice((_ETHERNET, _RAW))
        capture = capture_of(_wrapped(timed, link_type) for timed in _readdressed(segments, number, random))
    for _ in range(random.choice((0, 1, 1, 1, 2, 2, 4, 8))):
        capture = LEVELS[level](capture, random)
    return capture


def _readdressed(segments: tuple[Timed, ...], number: int, random: Random) -> Iterator[Timed]:
    """The same between ends of its own; the novice keeps its port, or not."""
    size = len(segments[0][1].src)
    first = segments[0][1].src, segments[0][1].sport
    hosts = {own: bytes([10] * (size - 3)) + bytes([own, *number.to_bytes(2, "big")]) for own in (True, False)}
    server = segments[0][1].dport if segments[0][1].flags & mixes.SYN else min(first[1], segments[0][1].dport)
    port = random.choice((server, server, 3389, 3390))
    for time, segment in segments:
        yield time, replace(
            segment,
            src=hosts[(segment.src, segment.sport) == first], dst=hosts[(segment.dst, segment.dport) == first],
            sport=port if segment.sport == server else segment.sport,
            dport=port if segment.dport == server else segment.dport,
        )  # fmt: skip


def _wrapped(timed: Timed, link_type: int) -> Packet:
    time, segment = timed
    is_ipv6 = len(segment.src) == 16
    (content,) = (mixes.ipv6 if is_ipv6 else mixes.ipv4)(segment)
    if link_type == _ETHERNET:
        content = b"\x02" * 12 + (b"\x86\xdd" if is_ipv6 else b"\x08\x00") + content
    return Packet(0, time, link_type, content, len(content) + segment.missing)
