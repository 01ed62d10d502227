"""Captures one after another, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from msra.jobs.interface import Reports, Runner, Update
from msra.jobs.sources import Source
from msra.jobs.task import Task


class Local:
    """Analyses captures here (see interface.Runner)."""

    def run(self, sources: Sequence[Source], task: Task, update: Update | None = None) -> Reports:
        """One after another."""
        for index, source in enumerate(sources):
            yield index, task.run(source, partial(update, index) if update else None)


class SomeHere:
    """Leaves to another runner what other processes can read, after having read here what they cannot.

    That comes first because whoever writes into a pipe waits, or loses packets, until it is read.
    """

    def __init__(self, others: Runner) -> None:
        self._others = others

    def run(self, sources: Sequence[Source], task: Task, update: Update | None = None) -> Reports:
        """First those here, then the others."""
        for here, runner in ((True, Local()), (False, self._others)):
            yield from _some(
                [i for i, source in enumerate(sources) if source.only_here == here], runner, sources, task, update
            )


def _some(
    indices: Sequence[int], runner: Runner, sources: Sequence[Source], task: Task, update: Update | None
) -> Reports:
    if not indices:
        return
    renumbered = (lambda number, progress: update(indices[number], progress)) if update else None
    for number, report in runner.run([sources[index] for index in indices], task, renumbered):
        yield indices[number], report
