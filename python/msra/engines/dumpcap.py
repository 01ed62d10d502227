"""Live traffic: dumpcap, which is a part of Wireshark, captures from an interface and writes pcapng into a pipe."""

from __future__ import annotations

import shutil
import subprocess
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import BinaryIO, cast

from msra.capture import CaptureError
from msra.engines.interface import EngineError
from msra.engines.pipe import Pipe
from msra.wireshark import find_tshark

_MAX_LINES = 20
_PATIENCE = 5.0  # seconds that dumpcap has to end
_NO_REASON = "it gave no reason"


def find_dumpcap() -> str | None:
    """The path of dumpcap: on PATH, or beside tshark."""
    tshark = find_tshark()
    return shutil.which("dumpcap") or (shutil.which("dumpcap", path=str(Path(tshark).parent)) if tshark else None)


class Dumpcap:
    """The packets of one interface, as a stream to read from; `on_start` is called when the capture has begun.

    Raises EngineError if there is no dumpcap. If it fails, reading raises CaptureError when all it wrote was read.
    """

    def __init__(self, interface: str, on_start: Callable[[], None] = lambda: None) -> None:
        program = find_dumpcap()
        if program is None:
            raise EngineError("capturing needs dumpcap, which is a part of Wireshark, and it is not installed")
        self._on_start = on_start
        self._started = False
        try:
            # A session of its own: Ctrl-C is for this program, which ends dumpcap when it is time.
            self._process = subprocess.Popen(  # noqa: S603
                [program, "-q", "-i", interface, "-w", "-"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(f"{program} cannot be run: {error.strerror}; may you capture?") from error
        assert self._process.stdout and self._process.stderr  # noqa: S101 - for mypy: they are pipes
        self._pipe = Pipe(cast("BinaryIO", self._process.stdout), grace=_PATIENCE)
        self._said: deque[str] = deque(maxlen=_MAX_LINES)
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes of pcapng; none at the end."""
        data = self._pipe.read(size) if size > 0 else self._pipe.read()
        if data and not self._started:
            self._started = True
            self._on_start()
        if not data and not self._pipe.stopped:
            self._explain()
        return data

    def stop(self) -> None:
        """End the capture; what was captured is still read."""
        self._pipe.stop()
        self._process.terminate()

    def close(self) -> None:
        """End dumpcap, if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        assert self._process.stderr  # noqa: S101 - for mypy: it is a pipe
        for line in self._process.stderr:
            if text := line.decode("utf-8", "replace").strip():
                self._said.append(text)

    def _explain(self) -> None:
        """Raise what dumpcap said, if it failed."""
        if self._process.wait(_PATIENCE):
            self._listener.join(_PATIENCE)
            said = [line for line in self._said if not line.startswith(("Capturing on", "File: "))]
            raise CaptureError(f"dumpcap ended: {' '.join(said).removeprefix('dumpcap: ') or _NO_REASON}")
