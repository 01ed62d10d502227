"""Four times as much takes about four times as long, in everything that is done with what was read."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from msra.analysis.model import CaptureReport, Report
from msra.analyzer import together
from msra.cli import FORMATS
from tests.analysis.builders import Story, sessions

WORSE = 9
"""4 is linear, 16 is quadratic."""


def session(count: int) -> list[CaptureReport]:
    """One session with many of everything that has a rule, a list or a table of its own."""
    story = Story().fact("connection_request", "expert").fact("client_channels", "expert", channel_names=("remdesk",))
    story.version2().result(0)
    for number in range(count):
        story.say("expert", "CHAT", "70", text=f"{number}" * 20)
        story.result(number).result(number + (1 << 31), "expert")
        story.say("expert", "UNKNOWN", msg_type=number + 1000, data="00")
        name = f"RA_FX{number % 100}"
        story.say("novice", "RCCOMMAND", "71", name="FILEXFER", filename=f"{number}", filesize="9", channelid=name)
        story.say("expert", "FILEXFERACK", name).say("novice", "FILE_DATA", name, data_len=9)
        story.say("expert", "RCCOMMAND", "71", name="REMOTECTRLSTART")
        story.say("novice", "RCCOMMAND", "71", name=f"{number}")
        story.gap("lost_segment").gap("compressed", sender="expert")
        story.fact("error_info", error_info=number + 1).fact("activated").fact("tls_alert", level=2, description=number)
        story.say("novice", "CTL_ISCONNECTED", msg_type=7)
    return [CaptureReport("one", "embedded", sessions=sessions(story))]


def many_sessions(count: int) -> list[CaptureReport]:
    """Many sessions that all look the same."""
    return [CaptureReport("one", "embedded", sessions=made(count))]


def many_pairs(count: int) -> list[CaptureReport]:
    """Many sessions, each in two captures."""
    return [CaptureReport(name, "embedded", sessions=made(count)) for name in ("one", "other")]


def made(count: int) -> list[Any]:
    stories = []
    for number in range(1, count + 1):
        story = Story(number).fact("tcp_syn", "expert", sequence_number=number * 1000)
        stories.append(story.version2().result(number % 50).gap("encrypted").fact("tcp_close", how="fin"))
    return list(sessions(*stories))


def seconds(action: Callable[[int], object], count: int) -> float:
    """What it takes of the processor, which other processes hardly change; the better of two."""

    def once() -> float:
        before = time.process_time()
        action(count)
        return time.process_time() - before

    gc.disable()  # it looks at everything that there is, every so often
    try:
        return min(once(), once())
    finally:
        gc.enable()


def growth(action: Callable[[int], object], count: int) -> float:
    """How many times longer four times as much takes."""
    return seconds(action, 4 * count) / seconds(action, count)


def written(make: Callable[[int], list[CaptureReport]], count: int) -> None:
    """All that is done with what was read: sessions, the links between them, and every format."""
    report: Report = together(make(count))
    for form in FORMATS.values():
        form(report, False)


CASES: Mapping[str, tuple[Callable[[int], list[CaptureReport]], int]] = {
    "session": (session, 50), "many sessions": (many_sessions, 50), "many pairs": (many_pairs, 20),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_reports_grow_with_what_was_read(case: str) -> None:
    make, count = CASES[case]
    written(make, 2)  # what is made once
    assert growth(partial(written, make), count) < WORSE


def test_what_is_quadratic_is_seen() -> None:
    def pairs(count: int) -> None:
        for one in range(count):
            for other in range(count):
                assert one + other >= 0

    assert growth(pairs, 150) > WORSE
