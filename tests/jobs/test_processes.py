"""Captures in processes: the same reports, whatever happens to a process, and nobody left behind."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from msra.analyzer import Progress
from msra.engines.interface import Options
from msra.jobs import processes as module
from msra.jobs.interface import Reports
from msra.jobs.processes import DIED, Processes
from msra.jobs.sources import Source
from msra.jobs.task import Task
from tests.conformance.expected import PCAPS
from tests.jobs.captures import GOOD, OTHER, being_read, feed, gone, opened_by, pipe, source, until

TASK = Task("embedded")
KEYS = Options(keylog=PCAPS / "v2_tls13.keys.txt")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The process ids of all workers, in the order in which they were started."""
    pids: list[int] = []
    submit = module._Pool.submit

    def noted(pool: module._Pool, index: int, source: Source) -> object:
        future = submit(pool, index, source)
        pids.extend(pid for pid in pool._processes if pid not in pids)
        return future

    monkeypatch.setattr(module._Pool, "submit", noted)
    return pids


def test_the_same_reports(started: list[int]) -> None:
    """Also of broken captures, and with keys."""
    paths = [GOOD, PCAPS / "README.md", OTHER, PCAPS / "v2_tls13.pcapng"]
    task = Task("embedded", KEYS)
    reports = dict(Processes(2).run([source(path) for path in paths], task))
    assert [reports[index] for index in range(4)] == [task.run(source(path)) for path in paths]
    assert reports[1].error == "this is no pcap or pcapng file" and reports[3].sessions[0].messages
    assert len(started) == 2
    until(lambda: all(map(gone, started)))


def test_progress_comes_from_the_processes(tmp_path: Path) -> None:
    path = pipe(tmp_path)
    told: list[tuple[int, Progress]] = []
    reports = Processes(2).run([source(path)], TASK, lambda *news: told.append(news))

    def half_then_rest() -> None:
        with being_read(path) as stream:
            until(lambda: told)
            stream.write(GOOD.read_bytes()[GOOD.stat().st_size // 2 :])

    writer = threading.Thread(target=half_then_rest)
    writer.start()
    assert [report.error for _, report in reports] == [None]
    writer.join()
    index, progress = told[0]
    assert index == 0 and 0 < progress.position <= GOOD.stat().st_size // 2


def killed_while_reading(path: Path, pids: list[int], times: int) -> None:
    """Kill the process that reads the pipe, so many times; then let it be read."""
    for _ in range(times):
        reading: list[int] = []
        with being_read(path):
            until(lambda: reading.extend(pid for pid in pids if path in opened_by(pid)) or reading)  # noqa: B023
            os.kill(reading[0], signal.SIGKILL)
        until(lambda: gone(reading[0]))  # noqa: B023
    if times < 2:
        feed(path)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")
@pytest.mark.parametrize(("times", "error"), [(1, None), (2, DIED)])
def test_a_process_that_dies(tmp_path: Path, started: list[int], times: int, error: str | None) -> None:
    """Once: its capture is read again. Twice: that is this capture's error; the others are reported."""
    path = pipe(tmp_path)
    killer = threading.Thread(target=killed_while_reading, args=(path, started, times))
    killer.start()
    sources = [source(GOOD), source(path), source(OTHER), source(GOOD)]
    reports = dict(Processes(2).run(sources, TASK))
    killer.join()
    assert {index: report.error for index, report in reports.items()} == {0: None, 1: error, 2: None, 3: None}
    assert [len(reports[index].sessions) for index in range(4)] == [1, 0 if error else 1, 1, 1]
    until(lambda: all(map(gone, started)))


FAKE_TSHARK = """#!/bin/sh
case "$*" in -v) echo "TShark (Wireshark) 4.0.0 (x)"; exit 0;; esac
echo $$ > {}
exec sleep 1000
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")
@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_tshark_ends_with_its_process(
    tmp_path: Path, started: list[int], monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    """Also when the process was killed, and cannot have ended it."""
    fake, pid_file = tmp_path / "tshark", tmp_path / "pid"
    fake.write_text(FAKE_TSHARK.format(pid_file))
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(module, "INTERVAL", 0.05)
    reports: Reports = Processes(2).run([source(GOOD)], Task("tshark"))

    def stop() -> None:
        until(lambda: pid_file.exists() and pid_file.read_text())
        if killed:
            os.kill(started[0], signal.SIGKILL)
            until(lambda: len(started) > 1 and int(pid_file.read_text() or 0) != first[0])
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    first: list[int] = []

    def note_first() -> None:
        until(lambda: pid_file.exists() and pid_file.read_text())
        first.append(int(pid_file.read_text()))
        stop()

    stopper = threading.Thread(target=note_first)
    stopper.start()
    with pytest.raises(KeyboardInterrupt):
        list(reports)
    stopper.join()
    for pid in [*started, *first, int(pid_file.read_text())]:
        until(lambda pid=pid: gone(pid))
