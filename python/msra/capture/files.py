"""Capture files: pcap and pcapng, plain or compressed, recognised by their content."""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from msra.capture.buffer import BLOCK, FileBuffer, FileContent, ReadBuffer, UnpackedAgain, UnpackedContent
from msra.capture.compression import unpacked
from msra.capture.model import CaptureError, CaptureLog, Packet
from msra.capture.pcap import MAGICS, walk_pcap
from msra.capture.pcapng import MAGIC, walk_pcapng
from msra.capture.records import Records

if TYPE_CHECKING:
    from typing import TypeGuard

_FORMATS: dict[bytes, tuple[str, Callable[[ReadBuffer, CaptureLog], Iterator[Records]]]] = {
    MAGIC: ("pcapng", walk_pcapng),
    **dict.fromkeys(MAGICS, ("pcap", walk_pcap)),
}


class CaptureReader(CaptureLog):
    """Iterating yields the packets of the capture in `stream`, once; `format` is "pcap" or "pcapng".

    `packets`, `notes` and `tls_secrets` (see CaptureLog) grow while it is read. A file that is cut or damaged
    yields what comes before, and a note. Raises CaptureError, here or at the first packet, if there is nothing to read.
    `stream` needs only `read`; it may be a pipe. It is left open.
    """

    format: str

    def __init__(self, stream: BinaryIO | io.FileIO) -> None:
        super().__init__()
        self._regular = stream if _is_regular(stream) else None
        self._file = stream if _is_plain(stream) else None
        self._again = UnpackedAgain(partial(_unpacked_again, self._regular)) if self._regular else None
        at_once = BLOCK if self._regular else 0
        self._counted = _Counted(stream)
        self._buffer = buffer = FileBuffer(self._file) if self._file else ReadBuffer(unpacked(self._counted), at_once)
        buffer.refill(0, 4)
        if buffer.failure and not buffer.data:
            raise CaptureError(buffer.failure)
        if not buffer.data:
            raise CaptureError("the file is empty")
        if buffer.data[:4] not in _FORMATS:
            raise CaptureError("this is no pcap or pcapng file")
        self.format, walk = _FORMATS[buffer.data[:4]]
        self._records = walk(buffer, self)
        self._opened: io.FileIO | None = None

    @property
    def position(self) -> int:
        """Bytes of the file that were read so far, as they lie there: compressed, if it is."""
        return self._buffer.position + len(self._buffer.data) if self._file else self._counted.position

    def __iter__(self) -> Iterator[Packet]:
        for records in self.records():
            yield from records.packets(range(len(records)))

    def records(self) -> Iterator[Records]:
        """The same packets in runs, of which only those that are asked for are taken apart."""
        yield from self._records
        if self._buffer.failure:
            self.note(self._buffer.failure)

    @property
    def size(self) -> int | None:
        """The size of a file that can be read more than once, as it is on the disk; None for a pipe."""
        return os.fstat(self._regular.fileno()).st_size if self._regular else None

    @property
    def packed(self) -> bool:
        """Such a file is compressed."""
        return self._regular is not None and self._file is None

    def content(self, position: int) -> FileContent | UnpackedContent:
        """The (unpacked) bytes of such a file from `position` on, once all packets were read."""
        if self._file is not None:
            return FileContent(self._file, position)
        if self._again is None:
            raise ValueError("this capture can be read only once")
        return UnpackedContent(self._again, position)

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


def _is_regular(stream: BinaryIO | io.FileIO) -> TypeGuard[io.FileIO]:
    """All of it is there, and it can be sought."""
    return isinstance(stream, io.FileIO) and stat.S_ISREG(os.fstat(stream.fileno()).st_mode)


def _is_plain(stream: BinaryIO | io.FileIO) -> TypeGuard[io.FileIO]:
    """A file that is not compressed: its packets can be read here and there."""
    if not _is_regular(stream):
        return False
    magic = stream.read(4)
    stream.seek(0)
    return magic in _FORMATS


class _Counted:
    """A stream, and how many bytes came from it."""

    def __init__(self, stream: BinaryIO | io.FileIO) -> None:
        self._read: Callable[[int], bytes | None] = getattr(stream, "read1", stream.read)
        self.position = 0

    def read(self, size: int) -> bytes:
        piece = self._read(size) or b""
        self.position += len(piece)
        return piece


def _unpacked_again(file: io.FileIO) -> Iterator[bytes]:
    file.seek(0)
    return unpacked(file)


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
