"""A pipe that is read before anybody asks for what comes out of it, so that who writes into it need not wait."""

from __future__ import annotations

from collections import deque
from threading import Condition, Thread, current_thread
from typing import IO

from msra.limits import MAX_READ_AHEAD

_PIECE = 1 << 16  # bytes; what a pipe of Linux holds


class ReadAhead:
    """Reads a pipe in a thread of its own, at most MAX_READ_AHEAD bytes ahead."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._ended = self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def read(self, size: int) -> bytes:
        """At most `size` bytes, as soon as there are some; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._pieces or self._ended)
            if not self._pieces:
                return b""
            piece = self._pieces.popleft()
            if len(piece) > size:
                self._pieces.appendleft(piece[size:])
                piece = piece[:size]
            self._held -= len(piece)
            self._changed.notify_all()
            return piece

    def close(self) -> None:
        """Nothing more is wanted. Who writes into the pipe is gone, or writes no more once it is full."""
        with self._changed:
            self._closed = self._ended = True
            self._pieces.clear()
            self._changed.notify_all()
        if current_thread() is not self._thread:  # where the garbage collector may run, and close this
            self._thread.join()

    def _read(self) -> None:
        with self._pipe as pipe:
            while not self._closed and (piece := pipe.read(_PIECE)):
                with self._changed:
                    self._changed.wait_for(lambda: self._held < MAX_READ_AHEAD or self._closed)
                    if not self._closed:
                        self._pieces.append(piece)
                        self._held += len(piece)
                        self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
