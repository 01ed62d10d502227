"""The window through which the file formats look at the bytes of a capture."""

from __future__ import annotations

from collections.abc import Iterator

from msra.capture.model import CaptureError

MAX_RECORD = 1 << 24
"""The largest record that is believed, in bytes: Wireshark's limit for a pcapng block. Larger claims are garbage."""


class ReadBuffer:
    """Some consecutive bytes of the input, in `data`.

    The formats walk `data` by offset, which needs neither copies nor calls for each record, and
    call `refill` when it has no whole record left. Memory is bounded by what `refill` is asked for,
    and grows only with bytes that really came.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.data = b""
        self.failure: str | None = None
        self._chunks = chunks
        self._started = False

    def refill(self, at: int, size: int) -> bool:
        """Drop the bytes before `at`; then read until there are `size` bytes. False if the input ends before that.

        Input that breaks off ends there, and `failure` says why. OSError passes only at the very start of the input.
        """
        pieces = [self.data[at:]]
        have = len(pieces[0])
        while have < size:
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
            self.failure = f"reading failed: {error.strerror or error}; what comes before was read"
        else:
            self._started = True
            return chunk
        return None
