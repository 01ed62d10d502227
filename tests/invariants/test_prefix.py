"""What comes later never changes what was said before: a capture that is cut has the first events of the whole one."""

from __future__ import annotations

from collections import Counter
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings

from msra.events import Event, Fact, Message
from tests.invariants import EXAMPLES, RANDOMS
from tests.invariants.streams import WHOLE, events, file, session
from tests.mixes import capture


@cache
def whole(name: str) -> tuple[bytes, list[Event]]:
    made = file(session(name))
    return made, decided(events(made))


def decided(found: list[Event]) -> list[Event]:
    """Messages, and facts but for the close: how a capture ends is known at its end; and so are its gaps."""
    return [
        event
        for event in found
        if isinstance(event, Message) or (isinstance(event, Fact) and not event.name.startswith("tcp_"))
    ]


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=EXAMPLES)
@given(RANDOMS)
def test_a_file_cut_anywhere(name: str, random: Random) -> None:
    made, every = whole(name)
    found = decided(events(made[: random.randrange(24, len(made))]))
    last = max((event.frame for event in found), default=0)
    early = [event for event in every if event.frame < last]
    assert found[: len(early)] == early, "all that was there before the last frame, and the same"
    assert all(event in every for event in found)


@settings(max_examples=EXAMPLES // 2)
@given(RANDOMS)
def test_mixed_captures_cut_anywhere(random: Random) -> None:
    """With losses, a message behind a hole is known when the hole is certain, and may come behind those of the other
    side that say what it means: a block of a file, or a command. Its bytes are the same.
    """
    made = capture(random.randrange(1 << 16))
    assert messages(made[: random.randrange(len(made))]) <= messages(made)


def messages(made: bytes) -> Counter[tuple[str, str, bytes]]:
    """Sender, channel and bytes of all messages, and how often they were sent."""
    found = (event for event in events(made) if isinstance(event, Message))
    return Counter((event.sender, event.channel, event.data) for event in found)
