"""The window through which the file formats look at the bytes of a capture."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from io import RawIOBase

from msra.capture.model import CaptureError

BLOCK = 1 << 22
"""Bytes of a plain file that are read at a time."""

_FAILED = "reading failed: {}; what comes before was read"


class ReadBuffer:
    """Some consecutive bytes of the input, in `data`; `position` says where they begin.

    The formats walk `data` by offset, which needs neither copies nor calls for each record, and
    call `refill` when it has no whole record left. Memory is bounded by what `refill` is asked for,
    and grows only with bytes that really came.
    """

    def __init__(self, chunks: Iterator[bytes], at_once: int = 0) -> None:
        """`at_once`: bytes to read at a time at least, if nobody waits for the first of them."""
        self.data = b""
        self.position = 0
        self.failure: str | None = None
        self._chunks = chunks
        self._at_once = at_once
        self._started = False

    def refill(self, at: int, size: int) -> bool:
        """Drop the bytes before `at`; then read until there are `size` bytes. False if the input ends before that.

        Input that breaks off ends there, and `failure` says why. OSError passes only at the very start of the input.
        """
        self.position += min(at, len(self.data))
        pieces = [self.data[at:]]
        have = len(pieces[0])
        least = max(size, self._at_once)
        while have < least:
            chunk = self._next_chunk()
            if chunk is None:
                break
            pieces.append(chunk)
            have += len(chunk)
        self.data = b"".join(pieces) if len(pieces) > 1 else pieces[0]
        return have >= size

    def _next_chunk(self) -> bytes | None:
        try:
            chunk = next(self._chunks, None)
        except CaptureError as error:
            self.failure = str(error)
        except OSError as error:
            if not self._started:
                raise
            self.failure = _FAILED.format(error.strerror or error)
        else:
            self._started = True
            return chunk
        return None


class FileBuffer(ReadBuffer):
    """The same for a file that can be sought: what is left of one block is read again with the next one, not copied."""

    def __init__(self, file: RawIOBase) -> None:
        super().__init__(iter(()))
        self._file = file

    def refill(self, at: int, size: int) -> bool:
        """As ReadBuffer.refill."""
        self.position += min(at, len(self.data))
        self.data = b""  # the memory is free before the next block comes
        try:
            self._file.seek(self.position)
            self.data = _read(self._file, max(size, BLOCK), size)
        except OSError as error:
            if not self._started:
                raise
            self.failure = _FAILED.format(error.strerror or error)
        self._started = True
        return len(self.data) >= size


class FileContent:
    """The bytes of a file from `position` on, read when they are asked for (see records.Content)."""

    def __init__(self, file: RawIOBase, position: int) -> None:
        self._file = file
        self._position = position

    def __getitem__(self, key: slice) -> bytes:
        """Raises OSError also if the file has become shorter."""
        start, size = int(key.start), int(key.stop) - int(key.start)
        data = _read_at(self._file, self._position + start, size)
        if len(data) < size:
            raise OSError("the file has become shorter")
        return data


class UnpackedAgain:
    """The content of a compressed file, read once more from its start whenever something is asked for that has passed.

    Whoever asks in order has it unpacked once, and not at all if he asks for nothing.
    """

    def __init__(self, unpack: Callable[[], Iterator[bytes]]) -> None:
        """`unpack` gives the content from its start."""
        self._unpack = unpack
        self._buffer: ReadBuffer | None = None

    def read(self, position: int, size: int) -> bytes:
        """Raises OSError also if it is not there any more."""
        if self._buffer is None or position < self._buffer.position:
            self._buffer = ReadBuffer(self._unpack(), BLOCK)
        buffer = self._buffer
        while (at := position - buffer.position) + size > len(buffer.data):
            if not buffer.refill(at, size if at <= len(buffer.data) else 1):
                raise OSError("the file has become shorter")
        return buffer.data[at : at + size]


class UnpackedContent:
    """The same from `start` on (see records.Content)."""

    def __init__(self, file: UnpackedAgain, start: int) -> None:
        self._file = file
        self._start = start

    def __getitem__(self, key: slice) -> bytes:
        """Raises OSError as UnpackedAgain.read."""
        start, stop = int(key.start), int(key.stop)
        return self._file.read(self._start + start, stop - start)


def _read_at(file: RawIOBase, position: int, size: int) -> bytes:
    """At most `size` bytes, and no fewer if the file has them."""
    if sys.platform != "win32":
        return os.pread(file.fileno(), size, position)  # one call of the system, not two
    file.seek(position)
    return _read(file, size, size)


def _read(file: RawIOBase, most: int, least: int) -> bytes:
    """At most `most` bytes, and no fewer than `least` if the file has them."""
    data = file.read(most) or b""
    while len(data) < least and (more := file.read(most - len(data))):
        data += more
    return data
