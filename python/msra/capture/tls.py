"""TLS records in one direction of a stream (RFC 8446 5.1, RFC 5246 6.2): what can be told without keys.

type 1 | version 2 | length 2, big-endian | fragment          type: 20 to 24; 22 = handshake, 23 = application data
handshake message: type 1 | length 3 | body                   2 = ServerHello
ServerHello: version 2 | random 32 | session id 1 + n | cipher suite 2 | compression 1 | extensions 2 + n
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

HANDSHAKE, APPLICATION_DATA = 22, 23
_TYPES = range(20, 25)
_HEADER = 5
_MAX_RECORD = 0x4000 + 0x800
_SERVER_HELLO = 2
_SUPPORTED_VERSIONS = 43
_VERSIONS = {0x0300: "ssl3.0", 0x0301: "tls1.0", 0x0302: "tls1.1", 0x0303: "tls1.2", 0x0304: "tls1.3"}


@dataclass(frozen=True, slots=True)
class Record:
    """One TLS record; type 0 marks bytes that are no record (after lost data)."""

    type: int
    fragment: bytes


class RecordStream:
    """Cuts one direction of a stream into records. After lost or foreign bytes all the rest has type 0."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lost = False

    def feed(self, data: bytes) -> Iterator[Record]:
        """Yield the records that `data` completes."""
        self._buffer += data
        while len(self._buffer) >= _HEADER and not self._lost:
            length = self._buffer[3] << 8 | self._buffer[4]
            if self._buffer[0] not in _TYPES or self._buffer[1] != 3 or length > _MAX_RECORD:
                self._lost = True
            elif len(self._buffer) < _HEADER + length:
                return
            else:
                record = Record(self._buffer[0], bytes(self._buffer[_HEADER : _HEADER + length]))
                del self._buffer[: _HEADER + length]
                yield record
        if self._lost and self._buffer:
            yield Record(0, bytes(self._buffer))
            self._buffer.clear()

    def hole(self) -> int:
        """Bytes of the stream are missing; returns the size of the record that cannot be finished."""
        self._lost = True
        return self.finish()

    def finish(self) -> int:
        """The stream has ended; returns the size of the unfinished record."""
        size = len(self._buffer)
        self._buffer.clear()
        return size


def server_hello_version(handshake: bytes) -> str | None:
    """The protocol version a ServerHello selects ("tls1.2"); None if this is none, or not all of it."""
    if len(handshake) < 4 or handshake[0] != _SERVER_HELLO:
        return None
    body = handshake[4 : 4 + int.from_bytes(handshake[1:4], "big")]
    if len(body) < 35 or len(body) < 35 + body[34] + 3:
        return None
    version = int.from_bytes(body[:2], "big")
    at = 35 + body[34] + 3 + 2
    while at + 4 <= len(body):
        kind, size = int.from_bytes(body[at : at + 2], "big"), int.from_bytes(body[at + 2 : at + 4], "big")
        if kind == _SUPPORTED_VERSIONS and size == 2:
            version = int.from_bytes(body[at + 4 : at + 6], "big")
        at += 4 + size
    return _VERSIONS.get(version, f"0x{version:04x}")
