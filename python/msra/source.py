"""Where live traffic comes from, and how it ends: with the pipe, or cleanly with Ctrl-C."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import BinaryIO, cast

from msra.engines.dumpcap import Dumpcap
from msra.engines.pipe import Pipe

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def source(interface: str | None, on_start: Callable[[], None] = lambda: None) -> Iterator[BinaryIO]:
    """A stream of the packets of an interface, or of standard input if None, with nothing but `read`.

    SIGINT and SIGTERM end the stream, not the program: what was captured until then is still read. `on_start` is
    called when an interface's first bytes are there. Raises EngineError if there is no program to capture with.
    """
    stream = Pipe(sys.stdin.buffer) if interface is None else Dumpcap(interface, on_start)
    try:
        with _ended_by_signals(stream.stop):
            yield cast("BinaryIO", stream)
    finally:
        stream.close()


@contextmanager
def _ended_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Only the main thread may say what signals do; elsewhere they do what they did."""
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda _number, _frame: stop()) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
