"""Sessions as TCP segments, what they say, and captures of them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from random import Random

from msra.capture import Segment
from msra.engines.embedded import EmbeddedReading
from msra.engines.interface import Options
from msra.events import ConnectFailed, Event, Fact, Gap, Message
from tests import mixes

WHOLE = (
    "v2_ok_49230.pcap", "v1_ok.pcapng", "tcp_tiny_v2.pcapng", "rich_all_types.pcapng", "v2_rc4_128_stock2117.pcapng",
)  # fmt: skip
"""Captures of which nothing is missing."""
LARGEST = 400
"""Segments of a session; what follows is more of the same."""

Said = dict[str, list[tuple[object, ...]]]
"""What each side says, in order, without frames and times."""


@cache
def session(name: str) -> tuple[Segment, ...]:
    """The one of this capture."""
    return mixes.recorded(name)[:LARGEST]


def file(segments: Iterable[Segment]) -> bytes:
    """A capture with these segments."""
    return mixes.pcap(list(mixes.wrapped(iter(segments), "raw", 1 << 18)), 101, "<", Random(0))


def events(capture: bytes) -> list[Event]:
    """What the embedded engine says."""
    return list(EmbeddedReading(None, Options(), io.BytesIO(capture)).events())


def said(found: Iterable[Event], connection: int = 1) -> Said:
    """What both sides of a connection say; that a capture ends is nothing that they say."""
    sides: Said = {"expert": [], "novice": []}
    for event in found:
        if event.connection == connection and not isinstance(event, ConnectFailed):
            if isinstance(event, Message):
                sides[event.sender].append((event.channel, event.type, dict(event.fields), event.notes))
            elif isinstance(event, Fact) and event.data.get("how") != "end":
                sides[event.sender].append((event.name, dict(event.data)))
            elif isinstance(event, Gap):
                sides[event.sender].append((event.kind, event.size))
    return sides


def elsewhere(segments: Iterable[Segment]) -> list[Segment]:
    """The same session between other ends."""

    def moved(address: bytes) -> bytes:
        return bytes([address[0] ^ 64]) + address[1:]

    return [replace(segment, src=moved(segment.src), dst=moved(segment.dst)) for segment in segments]
