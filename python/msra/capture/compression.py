"""Compressed captures: gzip (RFC 1952) and Zstandard (RFC 8878), recognised by content, unpacked in bounded pieces."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from msra.capture.model import CaptureError
from msra.limits import MAX_ZSTD_WINDOW

CHUNK = 1 << 18
"""Bytes asked for at a time, and the most that one step of unpacking yields."""

_GZIP_CHUNK = 1 << 14  # less, since zlib copies what is left of it for each of the members, which may be tiny
_GZIP_FORMAT = 31  # zlib's wbits: a gzip header, and the largest window
_DAMAGED = "the {} data is damaged from here on; what comes before was read"


class Readable(Protocol):
    """Where the bytes come from."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes; none at the end."""


class _PackedStream:
    """A stream whose first bytes can be looked at; `read` takes what is there instead of waiting for all."""

    def __init__(self, stream: Readable) -> None:
        self._read: Callable[[int], bytes | None] = getattr(stream, "read1", stream.read)
        self._ahead = b""

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, or fewer at the end; they stay."""
        while len(self._ahead) < size:
            piece = self._read(CHUNK)
            if not piece:
                break
            self._ahead += piece
        return self._ahead[:size]

    def read(self, size: int = CHUNK) -> bytes:
        """At most `size` bytes; none at the end."""
        if not self._ahead:
            return self._read(size) or b""
        piece, self._ahead = self._ahead[:size], self._ahead[size:]
        return piece


def unpacked(stream: Readable) -> Iterator[bytes]:
    """Yield the content of `stream` in pieces, unpacked if it is compressed.

    Raises CaptureError where compressed data can be followed no further, and lets OSError pass.
    """
    packed = _PackedStream(stream)
    magic = packed.peek(4)
    for prefix, unpack in _FORMATS:
        if magic.startswith(prefix):
            return unpack(packed)
    return _plain(packed)


def _plain(packed: _PackedStream) -> Iterator[bytes]:
    return iter(packed.read, b"")


def _gunzip(packed: _PackedStream) -> Iterator[bytes]:
    """A gzip file is a sequence of members (RFC 1952 2.2), possibly padded with zeros."""
    member = zlib.decompressobj(_GZIP_FORMAT)
    try:
        while piece := packed.read(_GZIP_CHUNK):
            while piece := piece.lstrip(b"\0") if member.eof else piece:
                if member.eof:
                    member = zlib.decompressobj(_GZIP_FORMAT)
                yield member.decompress(piece, CHUNK)
                piece = member.unused_data if member.eof else member.unconsumed_tail
        # zlib may hold output back although it has taken all input.
        while not member.eof and (rest := member.decompress(b"", CHUNK)):
            yield rest
    except zlib.error as error:
        raise CaptureError(_DAMAGED.format("gzip")) from error
    if not member.eof:
        raise CaptureError("the gzip data ends too early; what comes before was read")


def _unzstd(packed: _PackedStream) -> Iterator[bytes]:
    """Zstandard frames one after another; skippable ones (RFC 8878 3.1.2) are left out."""
    try:
        import zstandard  # only here: most captures don't need it
    except ImportError as error:
        raise CaptureError("it is compressed with Zstandard; to read it, install the package zstandard") from error
    anything = False
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW)
    try:
        with decompressor.stream_reader(packed, read_across_frames=True) as reader:  # type: ignore[arg-type]
            while piece := reader.read1(CHUNK):
                anything = True
                yield piece
    except zstandard.ZstdError as error:
        raise CaptureError(_DAMAGED.format("Zstandard")) from error
    # The package does not tell whether the last frame is whole. If it is cut, a packet will be, in most cases.
    if not anything:
        raise CaptureError("nothing can be unpacked from the Zstandard data")


_FORMATS: tuple[tuple[bytes, Callable[[_PackedStream], Iterator[bytes]]], ...] = (
    (b"\x1f\x8b", _gunzip),  # RFC 1952 2.3.1
    (b"\x28\xb5\x2f\xfd", _unzstd),  # RFC 8878 3.1.1
    *((bytes([0x50 + low, 0x2A, 0x4D, 0x18]), _unzstd) for low in range(16)),  # RFC 8878 3.1.2: a skippable frame first
)
