"""tshark with the plugin, as the engine runs it: from the start on, while we do something else.

pyshark, which reads what it writes, is loaded when the first packet is asked for: by then tshark has work to do.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from msra.engines.interface import EngineError
from msra.engines.program import Program
from msra.engines.uninterrupted import uninterrupted

if TYPE_CHECKING:
    from pyshark.packet.packet import Packet

_BETWEEN_LOOKS = 0.01  # seconds between two looks at whether a file has grown


class Dissection:
    """Iterating yields the packets of a file that pass a display filter, or all, once.

    tshark is ended by close(), when nobody refers to this any more, and at the latest when Python ends. What holds
    after the last packet is described at pyshark_capture.Reliable.
    """

    _own_session = False

    def __init__(
        self,
        tshark: str,
        parameters: Sequence[str],
        display_filter: str,
        source: str,
        stdin: int = subprocess.DEVNULL,
    ) -> None:
        """`source` is the file, or "-" for what comes from `stdin`. Raises EngineError if tshark cannot be run."""
        self.exit_status: int | None = None
        self.error_lines: list[str] = []
        self.whole = False
        shown = ["-Y", display_filter] if display_filter else []
        command = [tshark, "-l", "-n", "-T", "pdml", *shown, *parameters, "-r", source]
        try:
            with uninterrupted():  # who is started is known to those who end it
                self._program = Program(command, stdin, own_session=self._own_session)
                weakref.finalize(self, self._program.stop)
        except OSError as error:
            raise EngineError(f"{tshark} cannot be run: {error.strerror or error}") from error

    def __iter__(self) -> Iterator[Packet]:
        from msra.engines.pyshark_capture import Packets

        packets = Packets(self._program)
        yield from packets
        self.exit_status, self.error_lines, self.whole = packets.exit_status, packets.error_lines, packets.whole

    def close(self) -> None:
        """End tshark, if it still runs."""
        self._program.stop()


class Piped(Dissection):
    """The packets of a capture that is written to `input` meanwhile: each comes out as soon as it was written."""

    _own_session = True

    def __init__(self, tshark: str, parameters: Sequence[str], display_filter: str = "") -> None:
        output, target = os.pipe()
        self.input = os.fdopen(target, "wb", buffering=0)
        # It runs before the first packet is written, which a pipe may have no room for.
        try:
            super().__init__(tshark, parameters, display_filter, "-", output)
        except EngineError:
            self.input.close()
            raise
        finally:
            os.close(output)

    def end_input(self) -> None:
        """The capture ends here."""
        with contextlib.suppress(OSError):  # whoever read it is gone
            self.input.close()

    def close(self) -> None:
        """End tshark, if it still runs."""
        super().close()
        self.end_input()


class Fed(Piped):
    """The packets of a file that still grows: tshark is fed with what is there, until the file is complete.

    A thread does it, which waits when tshark waits for its own output to be read.
    """

    _own_session = False
    _failure: OSError | None = None

    def __init__(self, tshark: str, parameters: Sequence[str], display_filter: str, path: Path) -> None:
        super().__init__(tshark, parameters, display_filter)
        self._complete = Event()
        self._feeder = Thread(target=self._feed, args=(path,), daemon=True)
        self._feeder.start()

    def complete(self) -> None:
        """The file grows no more."""
        self._complete.set()

    def _feed(self, path: Path) -> None:
        try:
            with io.BufferedWriter(self.input) as target, path.open("rb") as file:
                complete = False
                while not complete:
                    complete = self._complete.wait(_BETWEEN_LOOKS)
                    shutil.copyfileobj(file, target)
                    target.flush()
        except BrokenPipeError:
            pass  # tshark has ended, and says why
        except OSError as error:
            self._failure = error

    def __iter__(self) -> Iterator[Packet]:
        yield from super().__iter__()
        if self._failure:
            raise EngineError(f"the temporary file for tshark cannot be read: {self._failure.strerror}")

    def close(self) -> None:
        """End tshark, if it still runs, and so what feeds it."""
        self._program.stop()
        self._complete.set()
        self._feeder.join()
        super().close()
