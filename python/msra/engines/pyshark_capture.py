"""pyshark's FileCapture, made reliable for our use. The only module that imports pyshark."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import Iterator
from pathlib import Path

from pyshark.capture.file_capture import FileCapture
from pyshark.packet.packet import Packet

MAX_ERROR_LINES = 100


class PluginCapture:
    """The packets of a file that pass a display filter. `exit_status` and `error_lines` hold after the last one."""

    def __init__(self, path: Path, tshark: str, display_filter: str, parameters: list[str]) -> None:
        self._loop = asyncio.new_event_loop()
        self._capture = _Capture(
            str(path),
            keep_packets=False,
            display_filter=display_filter,
            tshark_path=tshark,
            custom_parameters=parameters,
            eventloop=self._loop,
        )

    def __iter__(self) -> Iterator[Packet]:
        yield from self._capture._packets_from_tshark_sync()

    @property
    def exit_status(self) -> int | None:
        """tshark's exit status; None while it runs."""
        return self._capture.exit_status

    @property
    def error_lines(self) -> list[str]:
        """What tshark wrote on standard error (at most MAX_ERROR_LINES lines)."""
        return self._capture.error_lines

    def close(self) -> None:
        """End tshark, if it still runs."""
        if not self._loop.is_closed():
            self._capture.close()
            self._loop.close()


class _Capture(FileCapture):  # type: ignore[misc]  # pyshark has no types
    def __init__(self, *arguments: object, **options: object) -> None:
        self.exit_status: int | None = None
        self.error_lines: list[str] = []
        super().__init__(*arguments, **options)

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
            await super()._cleanup_subprocess(process)
            return
        self.exit_status = await process.wait()
        await asyncio.gather(*self._stderr_handling_tasks)
        self._running_processes.discard(process)
