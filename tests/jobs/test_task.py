"""Whatever happens to a capture, there is a report on it."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from msra.analyzer import analyze
from msra.engines.embedded import EmbeddedEngine
from msra.jobs import task as module
from msra.jobs.sources import Source
from msra.jobs.task import Task
from tests.jobs.captures import GOOD, source
from tests.jobs.extra import needs_cluster

TASK = Task("embedded")


def test_it_is_what_analyze_does() -> None:
    assert TASK.run(source(GOOD)) == analyze(GOOD, "embedded")


def test_it_can_go_to_another_process_and_so_can_its_report() -> None:
    again = pickle.loads(pickle.dumps(TASK)).run(pickle.loads(pickle.dumps(source(GOOD))))
    assert pickle.loads(pickle.dumps(again)) == TASK.run(source(GOOD))


@needs_cluster
@pytest.mark.parametrize("engine", ["embedded", "tshark"])
def test_a_url(engine: module.EngineName) -> None:
    remote = Source("x", url=f"file://{GOOD}")
    report = replace(TASK, engine=engine).run(remote)
    assert replace(report, path="") == replace(analyze(GOOD, engine), path="")
    missing = TASK.run(Source("x", url="file:///nowhere/x.pcap"))
    assert (missing.path, missing.error) == ("x", "it cannot be read: No such file or directory")


def test_auto_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs tshark, which takes longer than a small capture."""
    asked: list[str] = []
    monkeypatch.setattr(module, "choose_engine", lambda name: asked.append(name) or EmbeddedEngine())
    module._engine.cache_clear()
    assert [Task().run(source(GOOD)).engine for _ in range(3)] == ["embedded"] * 3
    module._engine.cache_clear()
    assert asked == ["auto"]


def test_a_problem_is_the_error() -> None:
    report = TASK.run(Source("x", problem="there is nothing"))
    assert (report.path, report.error, report.engine) == ("x", "there is nothing", "embedded")


def test_a_defect_of_ours_is_the_error_of_one_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(module, "analyze_capture", fail)
    error = TASK.run(source(GOOD)).error
    assert error and "IndexError: list index out of range (test_task.py, line " in error
