"""Moments that Ctrl-C must wait for: a program half started, or a folder half removed, would be left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Signals that would raise an exception do so when the block is left. Programs started in it are not concerned."""
    if current_thread() is not main_thread():
        yield  # no signal interrupts that one
        return
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    handled = {number: handler for number, handler in before.items() if callable(handler)}
    for number in handled:
        signal.signal(number, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)
