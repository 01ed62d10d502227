"""TLS records in one direction of a stream (RFC 8446 5.1, RFC 5246 6.2).

type 1 | version 2 | length 2, big-endian | fragment          type: 20 to 24
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, APPLICATION_DATA = 20, 21, 22, 23
HEADER = 5

_header = Struct(">BBBH").unpack_from
_TOO_LONG = 0x4900  # 2^14 + 2048 bytes are allowed (RFC 5246 6.2.3)
_HEADER_OR_ITS_START = re.compile(
    rb"[\x14-\x18](?:\x03(?:[\x00-\x04](?:[\x00-\x48]|\Z)|\Z)|\Z)"  # the bounds of RecordStream.feed
)


class Record(NamedTuple):
    """One TLS record; type 0 marks bytes that belong to no whole record (after lost data)."""

    type: int
    fragment: bytes


class RecordStream:
    """Cuts one direction of a stream into records.

    After lost or foreign bytes it goes on with the next bytes that look like a header. That can be an accident (about
    one in ten million bytes), so who can tell calls `reject`.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._searching = False
        self._rejected = False

    def feed(self, data: bytes) -> Iterator[Record]:
        """Yield the records that `data` completes; must be read to its end."""
        buffer = self._rest + data if self._rest else data
        at, end = 0, len(buffer)
        while at < end:
            if self._searching:
                found = _HEADER_OR_ITS_START.search(buffer, at)
                start = found.start() if found else end
                if start > at:
                    yield Record(0, buffer[at:start])
                    at = start
            if end - at < HEADER:
                break
            kind, major, minor, length = _header(buffer, at)
            if major != 3 or minor > 4 or not 20 <= kind <= 24 or length >= _TOO_LONG:
                self._searching = True
                continue
            following = at + HEADER + length
            if following > end:
                break
            yield Record(kind, buffer[at + HEADER : following])
            self._searching = self._rejected
            if self._rejected:
                self._rejected = False
                following = at + 1
                yield Record(0, buffer[at:following])
            at = following
        self._rest = buffer[at:]

    def reject(self) -> None:
        """The record just yielded is none: search on behind the first byte of its header."""
        self._rejected = True

    def hole(self) -> int:
        """Bytes of the stream are missing; returns the size of the record that cannot be finished."""
        self._searching = True
        return self.finish()

    def finish(self) -> int:
        """The stream has ended; returns the size of the unfinished record."""
        size = len(self._rest)
        self._rest = b""
        return size
