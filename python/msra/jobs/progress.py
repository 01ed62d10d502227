"""How far it is, on a terminal: captures, bytes, rate, time left, and what was found.

3/20 ━━━━━━━━━━━━━━━━━━━━ 123.4/500.0 MB 45.1 MB/s 0:00:08 7 sessions, 9 RDP
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from typing import TextIO

from msra.analysis.model import CaptureReport
from msra.analyzer import Progress
from msra.jobs.sampling import INTERVAL
from msra.jobs.sources import Source

DELAY = 1.0
"""Seconds before anything is shown: most of the time it is all over by then."""


class Display:
    """What is shown. A thread of its own draws it; the others only tell what they know."""

    def __init__(self, sources: Sequence[Source], stream: TextIO) -> None:
        self._sizes = [source.size for source in sources]
        self._stream = stream
        self._progress = [Progress()] * len(sources)
        self._done: set[int] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def update(self, index: int, progress: Progress) -> None:
        """How far a capture is (see interface.Update)."""
        if index not in self._done:
            self._progress[index] = progress

    def done(self, index: int, report: CaptureReport) -> None:
        """A capture is finished."""
        self._done.add(index)
        position = self._sizes[index] or self._progress[index].position
        self._progress[index] = Progress(position, report.rdp_connections, len(report.sessions))

    @property
    def total(self) -> int | None:
        """Bytes in all; None if that is not known of every capture."""
        known = [size for size in self._sizes if size is not None]
        return sum(known) if len(known) == len(self._sizes) else None

    def state(self) -> tuple[str, int, str]:
        """Captures, bytes and findings."""
        position, connections, sessions = (sum(column) for column in zip(*self._progress, strict=True))
        found = f"{sessions} session{'' if sessions == 1 else 's'}, {connections} RDP"
        return f"{len(self._done)}/{len(self._progress)}", position, found

    def start(self) -> None:
        """Begin to wait for the first second to pass."""
        self._thread.start()

    def stop(self) -> None:
        """Remove what is shown, if anything is."""
        self._over.set()
        self._thread.join()

    def _show(self) -> None:
        if self._over.wait(DELAY):
            return
        from rich import progress as rich
        from rich.console import Console

        columns = (
            rich.TextColumn("{task.fields[captures]}", markup=False),
            rich.BarColumn(20),
            rich.DownloadColumn(),
            rich.TransferSpeedColumn(),
            rich.TimeRemainingColumn(),
            rich.TextColumn("{task.fields[found]}", markup=False),
        )
        console = Console(file=self._stream)
        with rich.Progress(
            *columns, console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        ) as bar:
            task = bar.add_task("", total=self.total, captures="", found="")
            over = False
            while not over:
                captures, position, found = self.state()
                bar.update(task, completed=position, captures=captures, found=found, refresh=True)
                over = self._over.wait(INTERVAL)


@contextlib.contextmanager
def shown_progress(sources: Sequence[Source], stream: TextIO) -> Iterator[Display | None]:
    """Show it on `stream`, if that is a terminal on which lines can be drawn anew, and there is anything to do."""
    if not sources or not stream.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    display = Display(sources, stream)
    display.start()
    try:
        yield display
    finally:
        display.stop()
