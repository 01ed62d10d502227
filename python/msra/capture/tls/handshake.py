"""What both sides said in a handshake, as far as keys depend on it."""

from __future__ import annotations

from collections.abc import Callable

from msra.capture.tls import messages
from msra.capture.tls.messages import ClientHello, ServerHello
from msra.capture.tls.suites import Suite, find_suite
from msra.limits import MAX_TRANSCRIPT


class Handshake:
    """Collects the messages of one handshake, from either side in any order.

    Of each kind the first one counts: after a loss other bytes may look like one. `seen` grows with what is learned.
    """

    def __init__(self) -> None:
        self.client_hello: ClientHello | None = None
        self.server_hello: ServerHello | None = None
        self.certificate = b""
        self.ticket = b""
        self.key_exchange = b""
        self.whole = True
        self.seen = 0
        self._messages: dict[bool, list[bytes]] = {True: [], False: []}
        self._complete = {True: False, False: False}
        self._size = 0

    @property
    def version(self) -> int | None:
        """The version of the ServerHello; None before it."""
        return self.server_hello.version if self.server_hello else None

    @property
    def suite(self) -> Suite | None:
        """The cipher suite; None if it can't be read, or not in this version."""
        found = find_suite(self.server_hello.suite) if self.server_hello else None
        return found if found and (self.version == messages.TLS_1_3) == (not found.key_exchange) else None

    @property
    def encrypt_then_mac(self) -> bool:
        """RFC 7366: the server agreed to it."""
        return self.server_hello is not None and messages.ENCRYPT_THEN_MAC in self.server_hello.extensions

    @property
    def extended_master_secret(self) -> bool:
        """RFC 7627: the server agreed to it."""
        return self.server_hello is not None and messages.EXTENDED_MASTER_SECRET in self.server_hello.extensions

    @property
    def encrypted_premaster(self) -> bytes:
        """What the client encrypted with the server's RSA key; empty if it is not there."""
        return messages.read_encrypted_premaster(self.key_exchange)

    @property
    def resumed(self) -> bool:
        """It goes on with the secret of an earlier handshake (RFC 5246 7.3): nothing was exchanged for a new one."""
        return self.server_hello is not None and not self.certificate and not self.key_exchange

    @property
    def transcript(self) -> bytes:
        """The messages up to the ClientKeyExchange in their order (RFC 7627 3), however the two sides were captured."""
        client = self._messages[True]
        return b"".join(client[:1] + self._messages[False] + client[1:])

    def lose(self, from_client: bool) -> None:
        """Bytes of one side are missing."""
        self.whole &= self._complete[from_client]

    def add(self, from_client: bool, kind: int, message: bytes) -> None:
        """Learn from the next message of one side."""
        if not self._complete[from_client] and kind != messages.HELLO_REQUEST:
            self._size += len(message)
            self.whole &= self._size <= MAX_TRANSCRIPT
            if self.whole:
                self._messages[from_client].append(message)
        if kind == (messages.CLIENT_KEY_EXCHANGE if from_client else messages.SERVER_HELLO_DONE):
            self._complete[from_client] = True
        name, read = _LEARN.get((from_client, kind), ("", None))
        if read is not None and not getattr(self, name):
            setattr(self, name, read(message, self.version))
            self.seen += bool(getattr(self, name))


def _read_server_hello(message: bytes, _version: int | None) -> ServerHello | None:
    hello = messages.read_server_hello(message)
    return None if hello is None or hello.retry else hello


def _read_ticket(message: bytes, version: int | None) -> bytes:
    """Those of TLS 1.3 are of no use: its secrets are new in every connection."""
    return b"" if version == messages.TLS_1_3 else messages.read_ticket(message)


_LEARN: dict[tuple[bool, int], tuple[str, Callable[[bytes, int | None], object]]] = {
    # from the client, type of message: what it is kept as, what reads it
    (True, messages.CLIENT_HELLO): ("client_hello", lambda message, _: messages.read_client_hello(message)),
    (False, messages.SERVER_HELLO): ("server_hello", _read_server_hello),
    (False, messages.CERTIFICATE): ("certificate", messages.read_certificate),
    (False, messages.NEW_SESSION_TICKET): ("ticket", _read_ticket),
    (True, messages.CLIENT_KEY_EXCHANGE): ("key_exchange", lambda message, _: message),
}
