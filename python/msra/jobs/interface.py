"""What a runner is: it has captures analysed, somewhere, and hands on each report as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, TypeAlias

from msra.analysis.model import CaptureReport
from msra.analyzer import Progress
from msra.jobs.sources import Source
from msra.jobs.task import Task

Update: TypeAlias = Callable[[int, Progress], None]
"""Is told, from any thread, how far the capture of this index is. Reading may start again from the beginning."""

Reports: TypeAlias = Generator[tuple[int, CaptureReport], None, None]
"""Indices of captures, each once, with their reports, as they become known. Closing it ends all work on the others."""


class Runner(Protocol):
    """Has captures analysed."""

    def run(self, sources: Sequence[Source], task: Task, update: Update | None = None) -> Reports:
        """Do the task with all of the sources; raises JobsError if none of it can be done."""
