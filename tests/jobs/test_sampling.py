"""Looking at a capture while it is read."""

from __future__ import annotations

import threading

from msra.analyzer import Progress
from msra.jobs.sampling import sampling


def test_somebody_is_told_until_it_is_over() -> None:
    told: list[Progress] = []
    twice = threading.Event()

    def send(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 2:
            twice.set()

    positions = iter(range(1000))
    with sampling(send) as watch:
        assert watch
        watch(lambda: Progress(next(positions)))
        assert twice.wait(10)
    thread = next((thread for thread in threading.enumerate() if thread.name == "sampling"), None)
    if thread:
        thread.join(10)
        assert not thread.is_alive()
    assert [progress.position for progress in told[:2]] == [0, 1]


def test_nobody_wants_to_know() -> None:
    with sampling(None) as watch:
        assert watch is None
    assert "sampling" not in [thread.name for thread in threading.enumerate()]
