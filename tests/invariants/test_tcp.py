"""How TCP carries a stream never changes what is said: cut anew, sent twice, out of order, beside other connections."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings

from msra.capture import Segment
from msra.capture.reassembly import FIN, RST, SYN
from tests import mixes
from tests.invariants import EXAMPLES, RANDOMS
from tests.invariants.streams import WHOLE, Said, elsewhere, events, file, said, session

EXPECTED: dict[str, Said] = {}


def expected(name: str) -> Said:
    """What the session says as it was captured."""
    if name not in EXPECTED:
        EXPECTED[name] = said(events(file(session(name))))
    return EXPECTED[name]


def ends(segment: Segment) -> bool:
    return bool(segment.flags & (SYN | FIN | RST))


def repeated(segments: list[Segment], random: Random) -> Iterator[Segment]:
    """Some segments come again, at once or later, but not behind the end of the connection."""
    again: list[Segment] = []
    for segment in segments:
        if ends(segment):
            again.clear()
        yield segment
        if not ends(segment) and segment.payload and random.random() < 0.2:
            again.append(segment)
        if again and random.random() < 0.3:
            yield again.pop(random.randrange(len(again)))


def swapped(segments: list[Segment], random: Random) -> list[Segment]:
    """Neighbours of the same side change places: none of them can have been acknowledged in between."""
    segments = list(segments)
    at = 0
    while at + 1 < len(segments):
        one, other = segments[at], segments[at + 1]
        same_side = (one.src, one.sport) == (other.src, other.sport)
        if same_side and not ends(one) and not ends(other) and random.random() < 0.4:
            segments[at], segments[at + 1] = other, one
            at += 1
        at += 1
    return segments


def carried(name: str, random: Random) -> list[Segment]:
    """The session, carried in another way."""
    segments = list(session(name))
    if random.random() < 0.7:
        segments = list(mixes.recut(iter(segments), random, random.choice((1, 3, 7, 20, 400, 4000))))
    if random.random() < 0.6:
        segments = list(repeated(segments, random))
    if random.random() < 0.6:
        segments = swapped(segments, random)
    return segments


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=EXAMPLES)
@given(RANDOMS)
def test_one_session(name: str, random: Random) -> None:
    assert said(events(file(carried(name, random)))) == expected(name)


@settings(max_examples=EXAMPLES)
@given(RANDOMS)
def test_two_sessions_at_a_time(random: Random) -> None:
    names = random.sample(WHOLE, 2)
    one, other = carried(names[0], random), elsewhere(carried(names[1], random))
    mixed: list[Segment] = []
    while one or other:
        source = one if one and (not other or random.random() < 0.5) else other
        mixed.append(source.pop(0))
    found = events(file(mixed))
    sides = [said(found, connection) for connection in (1, 2)]
    wanted = [expected(name) for name in names]
    assert sides in (wanted, wanted[::-1])
