"""A pipe that a capture comes from as it grows, and to which an end can be put at any time."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, Queue
from threading import Thread
from time import monotonic
from typing import BinaryIO

CHUNK = 1 << 16
GRACE = 1.0
"""Seconds for the writer, after `stop`, to write what it holds: tcpdump gets the same Ctrl-C, and empties a buffer."""

_AHEAD = 64  # chunks that are read before they are asked for
_LOOK = 0.1  # seconds between looks at whether to stop


class Pipe:
    """The bytes of a pipe, read in a thread: a read that waits for ever can be given up, and loses nothing.

    `stop` may be called from a signal handler: it does no more than to set the time of the end.
    """

    def __init__(self, source: BinaryIO, grace: float = GRACE) -> None:
        # A thread that waits inside a buffered reader would hold its lock when the interpreter ends.
        self._source: Callable[[int], bytes | None] = getattr(source, "raw", source).read
        self._grace = grace
        self._chunks: Queue[bytes | OSError] = Queue(_AHEAD)
        self._rest = b""
        self._ended = False
        self._deadline: float | None = None
        Thread(target=self._pump, daemon=True).start()

    @property
    def stopped(self) -> bool:
        """Whether somebody asked for the end."""
        return self._deadline is not None

    def read(self, size: int = CHUNK) -> bytes:
        """At most `size` bytes, as soon as there are some; none at the end. Raises OSError where the pipe does."""
        while not self._rest and not self._ended:
            if self._deadline is not None and monotonic() >= self._deadline:
                self._ended = True
                break
            try:
                chunk = self._chunks.get(timeout=_LOOK)
            except Empty:
                continue
            if isinstance(chunk, OSError):
                self._ended = True
                raise chunk
            self._rest, self._ended = chunk, not chunk
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def stop(self) -> None:
        """End soon: what comes within GRACE seconds is read. The second time: end now."""
        self._deadline = monotonic() + (0 if self.stopped else self._grace)

    def close(self) -> None:
        """Nothing is left to be done: the pipe is its owner's."""

    def _pump(self) -> None:
        chunk: bytes | None = b"-"
        try:
            while chunk:
                chunk = self._source(CHUNK)
                self._chunks.put(chunk or b"")
        except OSError as error:
            self._chunks.put(error)
        except ValueError:  # it was closed
            self._chunks.put(b"")
