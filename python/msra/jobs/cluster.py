"""Captures on the workers of a Dask cluster, one task each.

Dask does the scheduling. When a worker is lost it gives that worker's captures to others, and gives up on a capture
that has cost it several workers (distributed.scheduler.allowed-failures, 3 by default): an error of this one alone.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from msra.analysis.model import CaptureReport
from msra.analyzer import Progress
from msra.jobs.errors import JobsError, missing_extra
from msra.jobs.interface import Reports, Update
from msra.jobs.packed import PackedTask, pack
from msra.jobs.sources import Source
from msra.jobs.task import Task, failed

if TYPE_CHECKING:
    from distributed import Client

CONNECT_TIMEOUT = 10
"""Seconds in which the scheduler must answer."""
NOT_FOUND = f"it cannot be read: {os.strerror(errno.ENOENT)}"


class Cluster:
    """Analyses captures on an existing cluster (see interface.Runner); `address` is that of its scheduler."""

    def __init__(self, address: str) -> None:
        self._address = address

    def run(self, sources: Sequence[Source], task: Task, update: Update | None = None) -> Reports:
        """All of them are given to the scheduler at once. What is under way when this is closed ends by itself."""
        packed, topic = pack(task), f"analyze-pcap-{uuid.uuid4().hex}"
        with _client(self._address) as client:
            from distributed import as_completed

            if update:
                client.subscribe_topic(topic, lambda event: update(event[1][0], Progress(*event[1][1:])))
            # A task of its own, so that the keys travel once to each worker, and are sent again after one is lost.
            shared = client.submit(_itself, packed, pure=False)
            # With keys of one group Dask keeps tasks back until a worker is free, and a worker that dies costs few.
            keys = [(topic, index) for index in range(len(sources))]
            places = [_anywhere(source) for source in sources]
            futures = client.map(_work, keys, places, packed=shared, tell=bool(update), key=keys, pure=False)
            try:
                for future, result in as_completed(futures, client.loop, with_results=True, raise_errors=False):
                    index = future.key[1]
                    if isinstance(result, CaptureReport):
                        yield index, _explained(result, sources[index])
                    else:
                        yield index, failed(sources[index], _lost(result))
                    future.release()
            finally:
                client.cancel(futures)


@contextlib.contextmanager
def _client(address: str) -> Iterator[Client]:
    try:
        import distributed
        from distributed.comm import get_address_host_port
    except ImportError as error:
        raise missing_extra("a Dask cluster") from error
    # What matters of its warnings, lost workers say, becomes a sentence about a capture, or does not matter.
    for logger in ("distributed", "distributed.client"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    try:
        get_address_host_port(address)  # a client that fails because of this complains when it is deleted
        client = distributed.Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise JobsError(f"the Dask scheduler {address} cannot be reached: {error}") from error
    with client:
        yield client


def _anywhere(source: Source) -> Source:
    """The workers have other working directories."""
    return replace(source, path=source.path.absolute()) if source.path else source


def _explained(report: CaptureReport, source: Source) -> CaptureReport:
    if report.error == NOT_FOUND and source.path and source.path.exists():
        report.error += " by the worker; the capture needs a path that all workers see, or a URL"
    return report


_LOST = {
    "KilledWorker": "it was given up: one worker after another died with it, or ran out of memory",
    "FutureCancelledError": "the connection to the Dask scheduler was lost",
    "CancelledError": "the connection to the Dask scheduler was lost",
}


def _lost(result: Any) -> str:
    """Why there is no report: `result` is what sys.exc_info() gives, or the exception alone."""
    error = result[1] if isinstance(result, tuple) else result
    kind = type(error).__name__
    return _LOST.get(kind, f"the cluster could not do it: {kind}: {error}")


# From here on: on the workers.


def _itself(packed: PackedTask) -> PackedTask:
    return packed


def _work(key: tuple[str, int], source: Source, packed: PackedTask, tell: bool) -> CaptureReport:
    from distributed import get_worker

    worker = get_worker()
    with packed.unpacked(worker.local_directory) as task:
        return task.run(source, partial(_send, worker, *key) if tell else None)


def _send(worker: Any, topic: str, index: int, progress: Progress) -> None:
    worker.log_event(topic, (index, *progress))
