"""Captures in several processes of this machine.

A pool of concurrent.futures breaks as a whole when one of its processes dies, and does not tell which capture that
process was reading. So no more captures are given to it than it has processes; those that were under way when it broke
are read again, each in a pool of its own, and the one that breaks that as well is to blame.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.queues import Queue
from types import FrameType, TracebackType
from typing import TypeAlias

from msra.analysis.model import CaptureReport
from msra.analyzer import Progress
from msra.commands import suit_process
from msra.jobs.errors import JobsError
from msra.jobs.interface import Reports, Update
from msra.jobs.sampling import INTERVAL
from msra.jobs.sources import Source
from msra.jobs.task import Task, failed

GRACE = 0.5
"""Seconds that a process has to clean up when it is told to end."""
DIED = "the process that read it died; it may have run out of memory"

Work: TypeAlias = "deque[tuple[int, Source]]"


class Processes:
    """Analyses captures in `workers` processes (see interface.Runner)."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def run(self, sources: Sequence[Source], task: Task, update: Update | None = None) -> Reports:
        """All at once, as far as there are processes."""
        work: Work = deque(enumerate(sources))
        try:
            while work:
                suspects: Work = deque()
                yield from _until_one_dies(work, suspects, self._workers, task, update)
                for index, source in suspects:
                    again: Work = deque()
                    yield from _until_one_dies(deque([(index, source)]), again, 1, task, update)
                    if again:
                        yield index, failed(source, DIED)
        except OSError as error:
            raise JobsError(f"-j: no process can be started: {error.strerror or error}") from error


def _until_one_dies(work: Work, suspects: Work, workers: int, task: Task, update: Update | None) -> Reports:
    """Take captures from `work` until there are none, or a process dies: then those under way become suspects."""
    under_way: dict[Future[CaptureReport], tuple[int, Source]] = {}
    with _Pool(min(workers, len(work)), task, update) as pool:
        while (work or under_way) and not suspects:
            with contextlib.suppress(BrokenProcessPool):  # the futures under way tell
                while work and len(under_way) < workers:
                    future = pool.submit(*work[0])
                    under_way[future] = work.popleft()
            done, _ = wait(under_way, INTERVAL, FIRST_COMPLETED)
            pool.tell()
            for future in done:
                index, source = under_way.pop(future)
                try:
                    yield index, future.result()
                except BrokenProcessPool:
                    suspects.append((index, source))
    suspects.extend(under_way.values())


class _Pool:
    """Processes that are all gone, with the programs they started, when the block is left, however that is."""

    def __init__(self, workers: int, task: Task, update: Update | None) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._update = update
        self._queue: Queue[tuple[int, Progress]] | None = spawn.Queue() if update else None
        self._executor = ProcessPoolExecutor(workers, spawn, _begin, (task, self._queue))
        self._processes: dict[int, multiprocessing.process.BaseProcess] = {}

    def submit(self, index: int, source: Source) -> Future[CaptureReport]:
        """Have a capture analysed. Processes are started here, and not interrupted while they start."""
        with _no_interrupts():
            future = self._executor.submit(_work, index, source)
            self._processes.update(self._executor._processes or {})
        return future

    def tell(self) -> None:
        """Hand on how far the captures are."""
        while self._queue is not None and self._update is not None and not self._queue.empty():
            self._update(*self._queue.get())

    def __enter__(self) -> _Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._processes.update(self._executor._processes or {})
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in self._processes.values():
            process.terminate()
        end = time.monotonic() + GRACE
        for process in self._processes.values():
            process.join(max(0.0, end - time.monotonic()))
        for pid, process in self._processes.items():
            process.kill()
            _kill_group(pid)


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Ctrl-C waits until the block is left; processes that are started in it never see any."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _kill_group(leader: int) -> None:
    """What a process has started and left behind, if it was killed itself."""
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


# From here on: in the processes of the pool.

_given: tuple[Task, Queue[tuple[int, Progress]] | None]


def _begin(task: Task, queue: Queue[tuple[int, Progress]] | None) -> None:
    global _given
    _given = task, queue
    suit_process()
    if queue is not None:
        queue.cancel_join_thread()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        os.setpgid(0, 0)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end(_signal: int, _frame: FrameType | None) -> None:
    """Leave by way of all `finally` clauses, which end tshark and remove temporary files."""
    sys.exit(1)


def _end_with_parent() -> None:
    """A command that was killed leaves nobody behind who works for it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        _kill_group(os.getpid())


def _work(index: int, source: Source) -> CaptureReport:
    task, queue = _given
    signal.signal(signal.SIGTERM, _end)
    try:
        return task.run(source, partial(_send, queue, index) if queue is not None else None)
    except SystemExit:
        os._exit(1)  # the pool would take it for a result
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _send(queue: Queue[tuple[int, Progress]], index: int, progress: Progress) -> None:
    queue.put((index, progress))
