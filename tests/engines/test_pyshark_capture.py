"""pyshark: standard error and exit status are kept, and the event loop of the caller is left alone."""

from __future__ import annotations

import asyncio
import shutil

from pyshark.capture.file_capture import FileCapture

from msra.engines.program import Program
from msra.engines.pyshark_capture import Packets, Reliable
from tests.conformance.expected import PCAPS


class File(Reliable, FileCapture):
    pass


def capture(display_filter: str = "tcp") -> File:
    tshark = shutil.which("tshark")
    assert tshark, "tests/install-tools installs tshark"
    return File(str(PCAPS / "v2_ok_3389.pcapng"), keep_packets=False, display_filter=display_filter, tshark_path=tshark)


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


def test_the_packets_of_a_program_that_runs_already() -> None:
    program = Program(["tshark", "-n", "-T", "pdml", "-r", str(PCAPS / "v2_ok_3389.pcapng"), "-Y", "frame.number < 4"])
    packets = Packets(program)
    assert [packet.number for packet in packets] == ["1", "2", "3"]
    assert (packets.exit_status, packets.whole) == (0, True)
