"""Many captures: finding them, and having them analysed here, in processes, or on a cluster."""

from __future__ import annotations

import os

from msra.jobs.interface import Runner
from msra.jobs.local import Local, SomeHere


def choose_runner(jobs: int = 1, dask: str | None = None) -> Runner:
    """Who works: `jobs` processes (0: one for each processor), or the Dask cluster whose scheduler is at `dask`."""
    if dask is not None:
        from msra.jobs.cluster import Cluster

        return SomeHere(Cluster(dask))
    workers = jobs or _processors()
    if workers == 1:
        return Local()
    from msra.jobs.processes import Processes

    return SomeHere(Processes(workers))


def _processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
