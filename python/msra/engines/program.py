"""Programs that pyshark reads from, by the names that it knows from asyncio, and without an event loop.

pyshark waits for its programs in an event loop, which fails wherever one runs already: in Jupyter, in asyncio. Nothing
here waits for anything but a read from a pipe, so pyshark's coroutines run to their ends in one step each, in any
thread. Nor does it depend on who is told, in this process, that a child has ended (asyncio's child watchers).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Coroutine, Iterable
from threading import Thread, current_thread
from typing import Any, TypeVar

from msra.engines.read_ahead import ReadAhead

MAX_ERROR_LINES = 100
_END = 32  # bytes

_T = TypeVar("_T")


class Steps:
    """In the place of an event loop: runs coroutines that never wait for it."""

    def run_until_complete(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """What the coroutine returns; raises what it raises."""
        try:
            coroutine.send(None)
        except StopIteration as done:
            value: _T = done.value
            return value
        coroutine.close()
        raise RuntimeError("pyshark waits for an event loop, and here is none")


class Program:
    """A running program whose output, unless it goes elsewhere, is read with `read`, and ahead of that.

    `error_lines`: what it wrote on standard error, at most MAX_ERROR_LINES lines.
    """

    def __init__(
        self,
        command: list[str],
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        own_session: bool = False,
    ) -> None:
        """`stdin` and `stdout` are as in subprocess.Popen; OSError if the program cannot be run.

        In a session of its own, Ctrl-C is not for it: who started it ends it when it is time. Otherwise it is ended
        with all of its process group (see jobs.processes).
        """
        self._own_session = own_session
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, bufsize=0, start_new_session=own_session
        )
        self.error_lines: list[str] = []
        self.at_end = False
        """Whether its output was read to the end."""
        self.end = b""
        """The last bytes that were read of it."""
        self.stopped = False
        """Whether it was ended by us."""
        self._output = ReadAhead(self._process.stdout) if self._process.stdout else None
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def stdout(self) -> Program:
        """What pyshark calls `read` on."""
        return self

    async def read(self, size: int) -> bytes:
        """At most `size` bytes of the output, as soon as there are some; none at the end."""
        data = self._output.read(size) if self._output else b""
        self.at_end = not data
        self.end = (self.end + data)[-_END:]
        return data

    def finish(self) -> int:
        """Wait for the end of a program that has nothing more to write; its exit status."""
        status = self._process.wait()
        if current_thread() is not self._listener:  # where the garbage collector may run, and stop this program
            self._listener.join()
        if self._output:
            self._output.close()
        return status

    def stop(self) -> int:
        """End it, whatever it does; its exit status. May be called from any thread, and more than once."""
        self.stopped = True
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                self._kill()
        return self.finish()

    def _kill(self) -> None:
        if sys.platform == "win32" or not self._own_session:
            self._process.kill()
        else:
            os.killpg(self._process.pid, signal.SIGKILL)  # and what it has started

    def _listen(self) -> None:
        assert self._process.stderr  # noqa: S101 - for mypy: it is a pipe
        rest = b""
        with self._process.stderr as pipe:
            while data := pipe.read(1 << 16):
                *lines, rest = (rest + data).split(b"\n")
                self._keep(lines)
        self._keep([rest] if rest else [])

    def _keep(self, lines: list[bytes]) -> None:
        room = MAX_ERROR_LINES - len(self.error_lines)
        self.error_lines += [line.decode("utf-8", "replace").strip() for line in lines[:room]]


def stop_all(programs: Iterable[Program]) -> None:
    """End them."""
    for program in list(programs):
        program.stop()
