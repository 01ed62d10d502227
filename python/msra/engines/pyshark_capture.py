"""pyshark's captures, made reliable for our use. The only module that imports pyshark."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from asyncio.subprocess import Process
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.version import Version
from pyshark.capture.capture import Capture
from pyshark.capture.file_capture import FileCapture
from pyshark.packet.packet import Packet

MAX_ERROR_LINES = 100
OLDEST = Version("4.0")
"""pyshark drives every tshark like this one."""


class _Packets:
    """The packets that tshark dissects. `exit_status` and `error_lines` hold after the last one."""

    def __init__(self, capture: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._capture = capture
        self._loop = loop

    def __iter__(self) -> Iterator[Packet]:
        yield from self._capture._packets_from_tshark_sync()

    @property
    def exit_status(self) -> int | None:
        """tshark's exit status; None while it runs."""
        status: int | None = self._capture.exit_status
        return status

    @property
    def error_lines(self) -> list[str]:
        """What tshark wrote on standard error (at most MAX_ERROR_LINES lines)."""
        lines: list[str] = self._capture.error_lines
        return lines

    def close(self) -> None:
        """End tshark, if it still runs."""
        if not self._loop.is_closed():
            self._capture.close()
            self._loop.close()


class PluginCapture(_Packets):
    """The packets of a file that pass a display filter."""

    def __init__(self, path: Path, tshark: str, display_filter: str, parameters: list[str]) -> None:
        loop = asyncio.new_event_loop()
        capture = _FileCapture(
            str(path),
            keep_packets=False,
            display_filter=display_filter,
            tshark_path=tshark,
            custom_parameters=parameters,
            eventloop=loop,
        )
        super().__init__(capture, loop)


class PluginPipe(_Packets):
    """The packets of a capture that is written to `input` meanwhile: each comes out as soon as it was written."""

    def __init__(self, tshark: str, parameters: list[str]) -> None:
        loop = asyncio.new_event_loop()
        output, target = os.pipe()
        self.input = os.fdopen(target, "wb", buffering=0)
        capture = _PipeCapture(output, tshark_path=tshark, custom_parameters=parameters, eventloop=loop)
        super().__init__(capture, loop)
        # It runs before the first packet is written, which a pipe may have no room for.
        self._process = loop.run_until_complete(capture._get_tshark_process())

    def __iter__(self) -> Iterator[Packet]:
        yield from self._capture._packets_from_tshark_sync(existing_process=self._process)

    def end_input(self) -> None:
        """The capture ends here."""
        with contextlib.suppress(OSError):  # whoever read it is gone
            self.input.close()

    def close(self) -> None:
        """End tshark, if it still runs."""
        self.end_input()
        super().close()


class _Reliable:
    """What pyshark does otherwise, for both kinds of captures."""

    _running_processes: set[Process]
    _stderr_handling_tasks: list[asyncio.Task[None]]
    _eof_reached: bool

    def __init__(self, *arguments: object, **options: object) -> None:
        self.exit_status: int | None = None
        self.error_lines: list[str] = []
        super().__init__(*arguments, **options)

    def _get_tshark_version(self) -> Version:
        """Not asked for, which would take a start of tshark: the plugin says what it needs, and refuses the rest."""
        return OLDEST

    async def _handle_process_stderr_forever(self, stderr: asyncio.StreamReader) -> None:
        """Keep every line, where pyshark keeps the last one."""
        while line := await stderr.readline():
            if len(self.error_lines) < MAX_ERROR_LINES:
                self.error_lines.append(line.decode("utf-8", "replace").strip())

    def _created_new_process(self, _parameters: list[str], process: Process, **_names: str) -> None:
        """A tshark that has died already is noticed when its output ends, with what it said."""
        self._running_processes.add(process)

    async def _cleanup_subprocess(self, process: Process) -> None:
        """Wait for the exit status once all output is read, where pyshark kills the process and loses it."""
        if not self._eof_reached:
            await super()._cleanup_subprocess(process)  # type: ignore[misc]
            return
        self.exit_status = await process.wait()
        await asyncio.gather(*self._stderr_handling_tasks)
        self._running_processes.discard(process)


class _FileCapture(_Reliable, FileCapture):  # type: ignore[misc]  # pyshark has no types
    pass


class _PipeCapture(_Reliable, Capture):  # type: ignore[misc]
    def __init__(self, pipe: int, **options: object) -> None:
        self._pipe = pipe
        super().__init__(**options)

    async def _get_tshark_process(self, **_unused: object) -> Process:
        """In a session of its own: Ctrl-C is for this program, which ends tshark when everything is dissected."""
        try:
            process = await asyncio.create_subprocess_exec(
                *(self.tshark_path, "-l", "-n", "-T", "pdml", *self.get_parameters(), "-r", "-"),
                stdin=self._pipe,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        finally:
            os.close(self._pipe)
        self._create_stderr_handling_task(process.stderr)
        self._running_processes.add(process)
        return process
