"""Captures read in this process: all of them, or those that no other process would find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msra.analyzer import Progress
from msra.jobs.interface import Reports, Update
from msra.jobs.local import Local, SomeHere
from msra.jobs.sources import Source
from msra.jobs.task import Task, failed
from tests.jobs.captures import GOOD, OTHER, source

TASK = Task("embedded")


class Elsewhere:
    """Pretends to be another machine; takes the last first."""

    def run(self, sources: Sequence[Source], _task: Task, update: Update | None = None) -> Reports:
        assert not any(source.only_here for source in sources)
        for index in reversed(range(len(sources))):
            if update:
                update(index, Progress(7))
            yield index, failed(sources[index], "elsewhere")


def test_one_after_another() -> None:
    reports = list(Local().run([source(GOOD), source(OTHER)], TASK))
    assert [(index, report.path) for index, report in reports] == [(0, str(GOOD)), (1, str(OTHER))]


def test_what_only_this_process_can_read_comes_first() -> None:
    there, here = source(GOOD), replace(source(OTHER), only_here=True)
    told: list[tuple[int, Progress]] = []
    reports = list(SomeHere(Elsewhere()).run([there, here, there], TASK, lambda *news: told.append(news)))
    assert [(index, report.error) for index, report in reports] == [(1, None), (2, "elsewhere"), (0, "elsewhere")]
    assert [news for news in told if news[0] != 1] == [(2, Progress(7)), (0, Progress(7))]


def test_others_are_not_asked_for_nothing() -> None:
    def never(*_arguments: object) -> Reports:
        raise AssertionError

    other = Elsewhere()
    other.run = never  # type: ignore[method-assign]
    assert len(list(SomeHere(other).run([replace(source(GOOD), only_here=True)], TASK))) == 1
