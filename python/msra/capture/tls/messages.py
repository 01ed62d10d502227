"""Handshake messages (RFC 8446 4, RFC 5246 7.4), as far as a passive reader needs them.

type 1 | length 3 | body                                                            each message

ClientHello:      version 2 | random 32 | session id 1+n | suites 2+n | compressions 1+n | extensions 2+n
ServerHello:      version 2 | random 32 | session id 1+n | suite 2 | compression 1 | extensions 2+n
Certificate:      chain 3+n of: certificate 3+n                                     up to TLS 1.2
                  context 1+n | chain 3+n of: certificate 3+n | extensions 2+n      TLS 1.3
NewSessionTicket: lifetime 4 | ticket 2+n                                           up to TLS 1.2 (RFC 5077 3.3)
extension:        type 2 | data 2+n
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from msra.limits import MAX_HANDSHAKE_MESSAGE

HELLO_REQUEST, CLIENT_HELLO, SERVER_HELLO, NEW_SESSION_TICKET = 0, 1, 2, 4
CERTIFICATE, SERVER_HELLO_DONE, CLIENT_KEY_EXCHANGE, FINISHED, KEY_UPDATE = 11, 14, 16, 20, 24

TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = 0x0301, 0x0302, 0x0303, 0x0304
_VERSIONS = {0x0300: "ssl3.0", TLS_1_0: "tls1.0", TLS_1_1: "tls1.1", TLS_1_2: "tls1.2", TLS_1_3: "tls1.3"}

ENCRYPT_THEN_MAC, EXTENDED_MASTER_SECRET = 22, 23
_SESSION_TICKET, _EARLY_DATA, _SUPPORTED_VERSIONS = 35, 42, 43

_HELLO_RETRY_REQUEST = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a ServerHello that is a HelloRetryRequest (RFC 8446 4.1.3)."""


class HandshakeStream:
    """Joins the handshake messages of one direction, which may be cut over records or share one."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, fragment: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield type and bytes (with the header) of each message that this record completes."""
        self._buffer += fragment
        while len(self._buffer) >= 4:
            size = 4 + int.from_bytes(self._buffer[1:4], "big")
            if size > MAX_HANDSHAKE_MESSAGE:
                self._buffer.clear()  # no message of this size is expected: these bytes are something else
            if len(self._buffer) < size:
                return
            message = bytes(self._buffer[:size])
            del self._buffer[:size]
            yield message[0], message

    def clear(self) -> None:
        """Bytes were lost: the message begun is not completed any more."""
        self._buffer.clear()


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What the client offers; `ticket` is that of RFC 5077, empty if there is none."""

    random: bytes
    session_id: bytes
    ticket: bytes = b""
    early_data: bool = False


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose; `retry`: it is a HelloRetryRequest."""

    version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    extensions: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def retry(self) -> bool:
        return self.random == _HELLO_RETRY_REQUEST


class _CutError(Exception):
    """A message ends before its last field."""


class _Fields:
    """Takes one field after the other from a message."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def more(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        self._at += size
        if self._at > len(self._data):
            raise _CutError
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, width: int) -> bytes:
        """Bytes behind their length, a number of `width` bytes."""
        return self.take(self.number(width))

    def extensions(self) -> dict[int, bytes]:
        """Those that are whole; the first wins where one is repeated."""
        found: dict[int, bytes] = {}
        try:
            inner = _Fields(self.vector(2) if self.more else b"")
            while inner.more:
                kind = inner.number(2)
                found.setdefault(kind, inner.vector(2))
        except _CutError:
            pass
        return found


def _body(message: bytes, kind: int) -> _Fields:
    size = int.from_bytes(message[1:4], "big")
    if len(message) < 4 + size or message[0] != kind:
        raise _CutError
    return _Fields(message[4 : 4 + size])


def read_client_hello(message: bytes) -> ClientHello | None:
    """A ClientHello; None if this is none, or not all of it."""
    try:
        body = _body(message, CLIENT_HELLO)
        body.take(2)
        random, session_id, _suites, _compressions = body.take(32), body.vector(1), body.vector(2), body.vector(1)
    except _CutError:
        return None
    extensions = body.extensions()
    return ClientHello(random, session_id, extensions.get(_SESSION_TICKET, b""), _EARLY_DATA in extensions)


def read_server_hello(message: bytes) -> ServerHello | None:
    """A ServerHello or HelloRetryRequest; None if this is none, or not all of it."""
    try:
        body = _body(message, SERVER_HELLO)
        version, random, session_id = body.number(2), body.take(32), body.vector(1)
        suite, compression = body.number(2), body.number(1)
    except _CutError:
        return None
    extensions = body.extensions()
    selected = extensions.get(_SUPPORTED_VERSIONS, b"")  # decides where it is there (RFC 8446 4.2.1)
    if len(selected) == 2:
        version = int.from_bytes(selected, "big")
    return ServerHello(version, random, session_id, suite, compression, extensions)


def read_certificate(message: bytes, version: int | None) -> bytes:
    """The first certificate (DER) of a Certificate message; empty if there is none."""
    try:
        body = _body(message, CERTIFICATE)
        if version == TLS_1_3:
            body.vector(1)
        return _Fields(body.vector(3)).vector(3)
    except _CutError:
        return b""


def read_ticket(message: bytes) -> bytes:
    """The ticket of a NewSessionTicket up to TLS 1.2; empty if there is none."""
    try:
        body = _body(message, NEW_SESSION_TICKET)
        body.take(4)
        return body.vector(2)
    except _CutError:
        return b""


def read_encrypted_premaster(message: bytes) -> bytes:
    """The premaster secret of a ClientKeyExchange with RSA (RFC 5246 7.4.7.1); empty if there is none."""
    try:
        return _body(message, CLIENT_KEY_EXCHANGE).vector(2)
    except _CutError:
        return b""


def version_name(version: int) -> str:
    """A protocol version as "tls1.2"; unknown ones as "0x7f1c"."""
    return _VERSIONS.get(version, f"0x{version:04x}")
