"""tshark as the engine runs it: a file, or one that still grows; and its end, whatever happens."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path

import pytest

from msra.engines.dissection import Dissection, Fed
from msra.engines.interface import EngineError, Options
from msra.engines.tshark import FILTER, needed_tshark, parameters
from tests.conformance.expected import PCAPS


def dissection(path: Path, display_filter: str = FILTER) -> Dissection:
    return Dissection(needed_tshark(), parameters(Options()), display_filter, str(path))


SMALL, LARGE = PCAPS / "v2_ok_3389.pcapng", PCAPS / "v2_all48_codes.pcapng"


def test_packets_and_exit_status() -> None:
    with closing(dissection(SMALL, "frame.number < 4")) as reading:
        assert reading.exit_status is None
        assert [packet.number for packet in reading] == ["1", "2", "3"]
        assert (reading.exit_status, reading.whole) == (0, True)


def test_what_tshark_said_is_kept() -> None:
    with closing(dissection(SMALL, "no such filter")) as reading:
        assert list(reading) == []
        assert reading.exit_status not in (0, None)
        assert any("filter" in line for line in reading.error_lines)


def test_closing_twice_and_early_is_fine() -> None:
    reading = dissection(LARGE)
    next(iter(reading))
    reading.close()
    reading.close()
    assert reading.exit_status is None


def test_a_tshark_that_cannot_be_run() -> None:
    before = threading.active_count()
    with pytest.raises(EngineError, match="/no/such/tshark cannot be run"):
        Fed("/no/such/tshark", [], FILTER, SMALL)
    assert threading.active_count() == before


def fed(path: Path) -> Fed:
    return Fed(needed_tshark(), parameters(Options()), FILTER, path)


def test_a_file_is_fed_while_it_grows(tmp_path: Path) -> None:
    """As one that tshark reads by itself; the pipes have room for 64 KiB only."""
    growing, content = tmp_path / "growing", LARGE.read_bytes()
    assert len(content) > 1 << 17
    growing.touch()
    with closing(fed(growing)) as feed, growing.open("ab", buffering=0) as file:
        packets = iter(feed)
        file.write(content[: len(content) // 2])
        numbers = [next(packets).number]  # comes before the file is complete
        file.write(content[len(content) // 2 :])
        feed.complete()
        numbers += [packet.number for packet in packets]
    with closing(dissection(LARGE)) as whole:
        assert numbers == [packet.number for packet in whole]
    assert (feed.exit_status, feed.whole) == (0, True)


def test_a_file_that_cannot_be_fed_is_an_error(tmp_path: Path) -> None:
    with closing(fed(tmp_path / "gone")) as feed, pytest.raises(EngineError, match="No such file"):
        list(feed)


def test_a_tshark_that_is_ended_while_it_is_fed() -> None:
    before = threading.active_count()
    with closing(fed(LARGE)):
        pass
    assert threading.active_count() == before
