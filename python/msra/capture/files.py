"""Capture files: pcap and pcapng, plain or compressed, recognised by their content."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from msra.capture.buffer import ReadBuffer
from msra.capture.compression import unpacked
from msra.capture.model import CaptureError, CaptureLog, Packet
from msra.capture.pcap import MAGICS, read_pcap
from msra.capture.pcapng import MAGIC, read_pcapng

_FORMATS: dict[bytes, tuple[str, Callable[[ReadBuffer, CaptureLog], Iterator[Packet]]]] = {
    MAGIC: ("pcapng", read_pcapng),
    **dict.fromkeys(MAGICS, ("pcap", read_pcap)),
}


class CaptureReader(CaptureLog):
    """Iterating yields the packets of the capture in `stream`, once; `format` is "pcap" or "pcapng".

    `packets`, `notes` and `tls_secrets` (see CaptureLog) grow while it is read. A file that is cut or damaged
    yields what comes before, and a note. Raises CaptureError, here or at the first packet, if there is nothing to read.
    `stream` needs only `read`; it may be a pipe. It is left open.
    """

    format: str

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._buffer = buffer = ReadBuffer(unpacked(stream))
        buffer.refill(0, 4)
        if buffer.failure and not buffer.data:
            raise CaptureError(buffer.failure)
        if not buffer.data:
            raise CaptureError("the file is empty")
        if buffer.data[:4] not in _FORMATS:
            raise CaptureError("this is no pcap or pcapng file")
        self.format, read = _FORMATS[buffer.data[:4]]
        self._records = read(buffer, self)
        self._opened: BinaryIO | None = None

    def __iter__(self) -> Iterator[Packet]:
        yield from self._records
        if self._buffer.failure:
            self.note(self._buffer.failure)

    def __enter__(self) -> CaptureReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, if `open_capture_file` opened it."""
        if self._opened is not None:
            self._opened.close()


def open_capture_file(path: str | os.PathLike[str] | None, stream: BinaryIO | None = None) -> CaptureReader:
    """Read the capture file at `path`; without one `stream`, or else standard input.

    Raises OSError if the file cannot be opened, and CaptureError if it is no capture.
    """
    if path is None:
        return CaptureReader(stream if stream is not None else sys.stdin.buffer)
    opened = Path(path).open("rb", buffering=0)  # noqa: SIM115 - the reader closes it
    try:
        reader = CaptureReader(opened)
    except BaseException:
        opened.close()
        raise
    reader._opened = opened
    return reader
