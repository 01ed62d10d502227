"""Many captures: finding them, and having them analysed here or in processes."""

from __future__ import annotations

import os

from msra.jobs.interface import Runner
from msra.jobs.local import Local, SomeHere


def choose_runner(jobs: int = 1) -> Runner:
    """Who works: `jobs` processes (0: one for each processor)."""
    workers = jobs or _processors()
    if workers == 1:
        return Local()
    from msra.jobs.processes import Processes

    return SomeHere(Processes(workers))


def _processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
