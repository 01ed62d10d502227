"""Ctrl-C, once, and the signals that end a program: what they interrupt gets the time to clean up."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextlib.contextmanager
def once_interrupted() -> Iterator[None]:
    """The first Ctrl-C is a KeyboardInterrupt, and those that follow are nothing; users press it more than once.

    `kill` and a terminal that is closed are SystemExit with the status that shells give them: 128 + signal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers: dict[int, tuple[Any, Any]] = {signal.SIGINT: (signal.default_int_handler, _interrupt)}
    handlers.update((number, (signal.SIG_DFL, _end)) for number in _ENDING)
    # Where it is another one, somebody else has other plans: nohup ignores SIGHUP.
    ours = {number: pair for number, pair in handlers.items() if signal.getsignal(number) is pair[0]}
    for number, (_, handler) in ours.items():
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, (before, _) in ours.items():
            signal.signal(number, before)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)
