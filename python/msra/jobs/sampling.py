"""Looking, from time to time, at how far a capture has been read."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from msra.analyzer import Progress, Watch

INTERVAL = 0.2
"""Seconds from one look to the next."""


@contextlib.contextmanager
def sampling(send: Callable[[Progress], None] | None) -> Iterator[Watch | None]:
    """What to give to analyze_capture, so that `send` is told how far it is; None if nobody wants to know."""
    if send is None:
        yield None
        return
    over = threading.Event()

    def watch(ask: Callable[[], Progress]) -> None:
        def look() -> None:
            while not over.wait(INTERVAL):
                send(ask())

        threading.Thread(target=look, name="sampling", daemon=True).start()

    try:
        yield watch
    finally:
        over.set()
