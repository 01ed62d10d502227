"""pyshark: standard error and exit status are kept, and the event loop of the caller is left alone."""

from __future__ import annotations

import asyncio
import shutil
import threading
from contextlib import closing
from pathlib import Path

import pytest

from msra.engines.interface import EngineError, Options
from msra.engines.pyshark_capture import PluginCapture, PluginFeed
from msra.engines.tshark import FILTER, needed_tshark, parameters
from tests.conformance.expected import PCAPS


def capture(display_filter: str = "tcp", *parameters: str) -> PluginCapture:
    tshark = shutil.which("tshark")
    assert tshark, "tests/install-tools installs tshark"
    return PluginCapture(PCAPS / "v2_ok_3389.pcapng", tshark, display_filter, list(parameters))


def test_packets_and_exit_status() -> None:
    reading = capture("frame.number < 4")
    assert reading.exit_status is None
    assert [packet.number for packet in reading] == ["1", "2", "3"]
    assert reading.exit_status == 0
    reading.close()


def test_what_tshark_said_is_kept() -> None:
    reading = capture("no such filter")
    assert list(reading) == []
    assert reading.exit_status not in (0, None)
    assert any("no such filter" in line or "filter" in line for line in reading.error_lines)
    reading.close()


def test_closing_twice_and_early_is_fine() -> None:
    reading = capture()
    next(iter(reading))
    reading.close()
    reading.close()


def test_it_works_inside_a_running_event_loop() -> None:
    """As in Jupyter."""

    async def inside() -> list[str]:
        return [packet.number for packet in capture("frame.number < 3")]

    assert asyncio.run(inside()) == ["1", "2"]


def test_the_callers_event_loop_stays() -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        list(capture("frame.number == 1"))
        assert asyncio.get_event_loop_policy().get_event_loop() is loop
        assert not loop.is_closed()
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_one_that_was_read_once_can_be_left_midway_the_second_time() -> None:
    reading = capture()
    assert len(list(reading)) > 3
    next(iter(reading))
    reading.close()
    assert not reading._running_processes


def fed(path: Path) -> PluginFeed:
    return PluginFeed(path, needed_tshark(), parameters(Options()), FILTER)


def test_a_file_is_fed_while_it_grows(tmp_path: Path) -> None:
    """As one that tshark reads by itself; the pipes have room for 64 KiB only."""
    large, growing = PCAPS / "v2_all48_codes.pcapng", tmp_path / "growing"
    content = large.read_bytes()
    assert len(content) > 1 << 17
    growing.touch()
    with closing(fed(growing)) as feed, growing.open("ab", buffering=0) as file:
        packets = iter(feed)
        file.write(content[: len(content) // 2])
        numbers = [next(packets).number]  # comes before the file is complete
        file.write(content[len(content) // 2 :])
        feed.complete()
        numbers += [packet.number for packet in packets]
    with closing(PluginCapture(large, needed_tshark(), FILTER, parameters(Options()))) as whole:
        assert numbers == [packet.number for packet in whole]
    assert (feed.exit_status, feed.whole) == (0, True)


def test_a_file_that_cannot_be_fed_is_an_error(tmp_path: Path) -> None:
    with closing(fed(tmp_path / "gone")) as feed, pytest.raises(EngineError, match="No such file"):
        list(feed)


def test_a_tshark_that_is_ended_while_it_is_fed() -> None:
    before = threading.active_count()
    with closing(fed(PCAPS / "v2_all48_codes.pcapng")):
        pass
    assert threading.active_count() == before
