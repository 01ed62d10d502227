"""A Dask cluster on this machine: a scheduler and two workers, which are processes and may be killed."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from asyncio import CancelledError
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import msra
from msra.analyzer import Progress
from msra.cli import main
from msra.engines.interface import Options
from msra.jobs import cluster as module
from msra.jobs.cluster import Cluster
from msra.jobs.errors import JobsError
from msra.jobs.sources import Source, find_sources
from msra.jobs.task import Task
from tests.conformance.expected import PCAPS
from tests.jobs.captures import GOOD, OTHER, being_read, feed, gone, opened_by, pipe, source, until
from tests.jobs.extra import needs_cluster

pytestmark = needs_cluster

TASK = Task("embedded")
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(Path(msra.__file__).parent.parent),
}


@dataclass
class Dask:
    """A cluster; `home` is where its workers run, who have no key log of ours there."""

    address: str
    home: Path
    workers: list[subprocess.Popen[bytes]]


def start(module_name: str, home: Path, *options: str, **settings: str) -> subprocess.Popen[bytes]:
    log = (home / f"{module_name}.log").open("ab")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module_name}", "--no-dashboard", *options],
            cwd=home, env={**ENVIRONMENT, **settings}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


@pytest.fixture
def dask(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Dask]:
    """The parameter, if there is one, is how many workers a capture may cost."""
    allowed = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(getattr(request, "param", 3))}
    home = tmp_path_factory.mktemp("dask")
    about = home / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(about))
    processes = [start("dask_scheduler", home, *options, **allowed)]
    try:
        until(about.exists)
        until(lambda: about.read_text().endswith("}"))
        address = json.loads(about.read_text())["address"]
        for number in (1, 2):
            processes.append(
                start("dask_worker", home, address, "--nthreads", "1", "--no-nanny", "--local-directory", f"w{number}")
            )
        yield Dask(address, home, processes[1:])
    finally:
        for process in processes:
            process.kill()
            process.wait()


def left_behind(home: Path) -> list[Path]:
    """Key files, or other temporary files of ours."""
    return list(home.rglob("analyze-pcap-*"))


def test_every_capture_gets_its_report(dask: Dask, capsys: pytest.CaptureFixture[str]) -> None:
    """URLs, globs and paths, broken captures, keys that the workers do not have, and the report in order."""
    keylog = PCAPS / "v2_tls13.keys.txt"
    arguments = [
        f"file://{PCAPS}/v1_*.pcapng",
        str(PCAPS / "README.md"),
        str(PCAPS / "v2_tls13.pcapng"),
        f"file://{OTHER}",
    ]
    task = Task("embedded", Options(keylog=keylog))
    expected = [task.run(source) for source in find_sources(arguments)]
    told: list[tuple[int, Progress]] = []
    reports = dict(Cluster(dask.address).run(find_sources(arguments), task, lambda *news: told.append(news)))
    assert [reports[index] for index in range(len(expected))] == expected
    assert [bool(report.error) for report in expected] == [False, False, True, False, False]
    assert expected[3].sessions[0].messages and not left_behind(dask.home)
    status = main(["--dask", dask.address, "--engine", "embedded", "--keylog", str(keylog), "-f", "json", *arguments])
    out, err = capsys.readouterr()
    assert status == 3 and err == f"analyze-pcap: {PCAPS / 'README.md'}: this is no pcap or pcapng file\n"
    assert [capture["path"] for capture in json.loads(out)["captures"]] == [report.path for report in expected]


GIVEN_UP = "it was given up: one worker after another died with it, or ran out of memory"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks into /proc")
@pytest.mark.parametrize(("dask", "error"), [(3, None), (0, GIVEN_UP)], indirect=["dask"])
def test_a_worker_that_is_killed(dask: Dask, tmp_path: Path, error: str | None) -> None:
    """Dask gives its captures to the other one, or gives up on the one that it was reading; the others are reported."""
    path = pipe(tmp_path)
    told: list[tuple[int, Progress]] = []
    killed: list[int] = []

    def kill() -> None:
        pids = [worker.pid for worker in dask.workers]
        with being_read(path):
            until(lambda: killed.extend(pid for pid in pids if path in opened_by(pid)) or killed)
            until(lambda: told)
            os.kill(killed[0], signal.SIGKILL)
        until(lambda: gone(killed[0]))
        if error is None:
            feed(path)

    killer = threading.Thread(target=kill)
    killer.start()
    sources = [source(path), *[source(GOOD), source(OTHER), source(PCAPS / "README.md")] * 3]
    reports = dict(Cluster(dask.address).run(sources, TASK, lambda *news: told.append(news)))
    killer.join()
    assert told[0][0] == 0 and 0 < told[0][1].position < GOOD.stat().st_size
    assert len(reports) == 10 and reports[0].error == error
    assert reports[0].sessions == ([] if error else TASK.run(source(GOOD)).sessions)
    for index in range(1, 10):
        # Dask may also blame the one that was waiting for the worker that died.
        assert reports[index] == TASK.run(sources[index]) or (error and reports[index].error == GIVEN_UP)
    assert [report.error for report in reports.values()].count(GIVEN_UP) <= 2


def test_a_path_that_only_we_see() -> None:
    report = module._explained(TASK.run(Source("x", path=Path("/nowhere"))), source(GOOD))
    assert report.error and report.error.endswith(
        "by the worker; the capture needs a path that all workers see, or a URL"
    )
    other = TASK.run(source(PCAPS / "README.md"))
    assert module._explained(other, source(PCAPS / "README.md")).error == "this is no pcap or pcapng file"


def test_other_reasons_why_a_report_is_missing() -> None:
    assert module._lost(CancelledError()) == "the connection to the Dask scheduler was lost"
    assert module._lost((ValueError, ValueError("x"), None)) == "the cluster could not do it: ValueError: x"


@pytest.mark.parametrize("address", ["foo://127.0.0.1:1", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "tcp://127.0.0.1:1"])
def test_no_scheduler(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_TIMEOUT", 0.2)
    with pytest.raises(JobsError, match=f"the Dask scheduler {address} cannot be reached: "):
        list(Cluster(address).run([source(GOOD)], TASK))


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(JobsError, match=r"pip install wireshark-msra\[cluster\]$"):
        list(Cluster("tcp://127.0.0.1:1").run([source(GOOD)], TASK))


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
