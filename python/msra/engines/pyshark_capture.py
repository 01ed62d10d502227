"""pyshark's captures, made reliable. Besides msra.pyshark_captures the only module that imports pyshark."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Iterator
from threading import Timer
from typing import Any

from packaging.version import Version
from pyshark.capture.capture import Capture, StopCapture
from pyshark.packet.packet import Packet

from msra.engines.interface import EngineError
from msra.engines.program import Program, Steps, stop_all
from msra.engines.uninterrupted import uninterrupted

OLDEST = Version("4.0")
"""pyshark drives every tshark like this one."""
_LAST_TAGS = b"</pdml>", b"</psml>"


class Reliable:
    """What pyshark does otherwise, for all kinds of captures: to be inherited from before pyshark's class.

    No event loop is needed, so captures can be read in Jupyter, in asyncio and in any thread. tshark is ended with the
    capture: by close(), by `with`, when nobody refers to it any more, and at the latest when Python ends. What holds
    after the last packet: `exit_status`; `error_lines`, all that tshark wrote on standard error; `whole`, whether it
    wrote its output to the end.
    """

    _running_processes: set[Program] = set()
    """Of each capture its own; pyshark asks for it also where it was given options that it does not know."""
    _packets_from_tshark_sync: Callable[..., Any]
    _own_session = False
    """Of what is read from something that grows, Ctrl-C is not the end yet: see Program."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.exit_status: int | None = None
        self.error_lines: list[str] = []
        self.whole = False
        super().__init__(*arguments, eventloop=Steps(), **options)  # type: ignore[call-arg]  # a pyshark capture
        weakref.finalize(self, stop_all, self._running_processes)

    def apply_on_packets(
        self, callback: Callable[[Any], object], timeout: float | None = None, packet_count: int | None = None
    ) -> None:
        """Call `callback` with each packet, in this thread; asyncio.TimeoutError after `timeout` seconds."""
        expired: list[bool] = []

        def expire() -> None:
            expired.append(True)
            self.close()

        timer = Timer(timeout or 0, expire)
        timer.daemon = True
        process = Steps().run_until_complete(self._get_tshark_process())
        if timeout is not None:
            timer.start()  # it finds a tshark to end
        try:
            for packet in self._packets_from_tshark_sync(packet_count, process):
                if expired:
                    break
                callback(packet)
        except StopCapture:
            pass
        finally:
            timer.cancel()
            self.close()
        if expired:
            raise asyncio.TimeoutError

    async def packets_from_tshark(
        self, packet_callback: Callable[[Any], object], packet_count: int | None = None, close_tshark: bool = True
    ) -> None:
        """The same in asyncio: the loop goes on while the next packet is awaited."""
        packets = self._packets_from_tshark_sync(packet_count)
        try:
            while (packet := await asyncio.to_thread(next, packets, None)) is not None:
                packet_callback(packet)
        except StopCapture:
            pass
        finally:
            if close_tshark:
                self.close()

    def close(self) -> None:
        """End tshark, if it still runs."""
        stop_all(self._running_processes)
        self._running_processes.clear()

    async def close_async(self) -> None:
        """The same."""
        self.close()

    def _start(self, command: list[str], **pipes: int) -> Program:
        """Raises EngineError for one that cannot be started."""
        try:
            with uninterrupted():  # who is started is known to those who end it
                program = Program(command, own_session=self._own_session, **pipes)
                self._running_processes.add(program)
        except OSError as error:
            raise EngineError(f"{command[0]} cannot be run: {error.strerror or error}") from error
        return program

    async def _get_tshark_process(self, packet_count: int | None = None, **pipes: int) -> Program:
        """Start tshark, without asyncio. One that has died already is noticed when its output ends."""
        capture: Any = self
        capture._verify_capture_parameters()
        output = "psml" if capture._only_summaries else "pdml"
        command = [capture._get_tshark_path(), "-l", "-n", "-T", output, *capture.get_parameters(packet_count)]
        return self._start(command, **pipes)

    async def _cleanup_subprocess(self, process: Program) -> None:
        """Wait for the exit status once all output is read, where pyshark kills the process and loses it."""
        if process.at_end and not process.stopped:
            self.exit_status, self.error_lines = process.finish(), process.error_lines
            self.whole = process.end.rstrip().endswith(_LAST_TAGS)
        else:
            process.stop()
        self._running_processes.discard(process)

    def _get_tshark_version(self) -> Version:
        """Not asked for, which would take a start of tshark: the plugin says what it needs, and refuses the rest."""
        return OLDEST


class Packets(Reliable, Capture):  # type: ignore[misc]  # pyshark has no types
    """Iterating yields the packets that a running tshark writes in PDML, once."""

    def __init__(self, process: Program) -> None:
        super().__init__()
        self._process = process
        self._running_processes.add(process)

    def __iter__(self) -> Iterator[Packet]:
        yield from self._packets_from_tshark_sync(existing_process=self._process)
