"""Passive decryption of TLS 1.0 to 1.3: the bytes of both directions in, application data and facts out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msra.capture.tls import messages, reasons
from msra.capture.tls.alerts import read_alerts
from msra.capture.tls.keylog import TlsSecrets
from msra.capture.tls.messages import TLS_1_3, HandshakeStream, version_name
from msra.capture.tls.model import Certificate, HandshakeFact, Item, Plaintext, Undecrypted
from msra.capture.tls.reader import Reader
from msra.capture.tls.records import ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, RecordStream
from msra.capture.tls.session import Session
from msra.capture.tls.suites import suite_name

_MAYBE_LOST = 64  # bytes of a protected Finished and the ChangeCipherSpec before it, at least


class _Side:
    """One direction; `reader` is there once its records are protected."""

    def __init__(self, from_client: bool) -> None:
        self.from_client = from_client
        self.records = RecordStream()
        self.messages = HandshakeStream()
        self.reader: Reader | None = None
        self.skipped = 0  # bytes that belong to no whole record, not yet reported
        self.lost = 0  # bytes that are missing or skipped, until there is a reader to know of them


class TlsDecryptor:
    """Reads one TLS connection.

    Both directions are fed in the order of the capture. What is wrong with the bytes never raises: it comes back as
    Undecrypted. The iterators must be read to their ends.
    """

    def __init__(self, secrets: TlsSecrets) -> None:
        self._secrets = secrets
        self._session = Session(secrets)
        self._sides = {from_client: _Side(from_client) for from_client in (True, False)}
        self._hello_told = False
        self._contents: dict[int, Callable[[_Side, bytes, bool], Iterator[Item]]] = {
            CHANGE_CIPHER_SPEC: self._change_cipher_spec,
            ALERT: self._alert,
            HANDSHAKE: self._handshake,
            APPLICATION_DATA: self._application_data,
        }

    def feed(self, from_client: bool, data: bytes) -> Iterator[Item]:
        """The next bytes of one direction."""
        side = self._sides[from_client]
        for kind, fragment in side.records.feed(data):
            if kind:
                yield from self._record(side, kind, fragment)
            else:
                self._skip(side, len(fragment))

    def hole(self, from_client: bool, size: int) -> Iterator[Item]:
        """The next `size` bytes of one direction are not in the capture.

        Reading goes on with the next record that verifies, as far as its place can be found (see Place and the
        classes in ciphers.py): RC4 needs the true size of the loss, TLS 1.0 with CBC loses one record more.
        """
        side = self._sides[from_client]
        self._skip(side, side.records.hole())
        if side.skipped:
            yield Undecrypted(side.skipped, reasons.LOST_HERE)
            side.skipped = 0
        side.messages.clear()
        self._session.handshake.lose(from_client)
        self._lose(side, size)

    def finish(self, from_client: bool) -> int:
        """One direction has ended; returns the bytes of the unfinished record, or since the last one that was read."""
        side = self._sides[from_client]
        size, side.skipped = side.skipped + side.records.finish(), 0
        return size

    # Records

    def _record(self, side: _Side, kind: int, fragment: bytes) -> Iterator[Item]:
        reader = self._reader_for(side, kind)
        content = reader.open(kind, fragment) if reader is not None else None
        if content is None and side.skipped and side.reader is not None and (reader is None or reader.doubtful):
            side.records.reject()
            return
        yield from self._report_skipped(side)
        if reader is None:
            yield from self._content(side, kind, fragment, False)
        elif content is None:
            if kind == APPLICATION_DATA:
                yield Undecrypted(len(fragment), reader.reason)
            reader.passed(fragment)
        elif self._session.handshake.version == TLS_1_3:
            # The type is the last byte that isn't zero; what follows it is padding (RFC 8446 5.2).
            inner = content if content[-1:] > b"\0" else content.rstrip(b"\0")
            yield from self._content(side, inner[-1] if inner else 0, inner[:-1], True)
        else:
            yield from self._content(side, kind, content, True)

    def _reader_for(self, side: _Side, kind: int) -> Reader | None:
        """What opens a record of this type; None if such records are in the clear.

        In TLS 1.3 all protected records show the type of application data; before it all are protected from the
        ChangeCipherSpec on. Application data is never in the clear: if it looks so, what came before it was lost.
        """
        if kind == APPLICATION_DATA and side.reader is None:
            if self._session.handshake.version != TLS_1_3:
                side.lost += _MAYBE_LOST
            self._protect(side)
        return side.reader if kind == APPLICATION_DATA or self._session.handshake.version != TLS_1_3 else None

    def _skip(self, side: _Side, size: int) -> None:
        """Bytes that belong to no whole record."""
        side.skipped += size
        self._lose(side, size)

    def _lose(self, side: _Side, size: int) -> None:
        if side.reader is None:
            side.lost += size
        elif size:
            side.reader.lose(size)

    def _protect(self, side: _Side) -> None:
        """From here on this direction is protected."""
        side.reader = Reader(self._session, side.from_client)
        if side.lost:
            side.reader.lose(side.lost)
        side.messages.clear()

    def _report_skipped(self, side: _Side) -> Iterator[Item]:
        if side.skipped:
            yield Undecrypted(side.skipped, reasons.LOST_HERE)
            side.skipped = 0

    # What is in them

    def _content(self, side: _Side, kind: int, data: bytes, protected: bool) -> Iterator[Item]:
        read = self._contents.get(kind)
        return read(side, data, protected) if read else iter(())

    def _application_data(self, _side: _Side, data: bytes, _protected: bool) -> Iterator[Item]:
        if data:
            yield Plaintext(data)

    def _alert(self, _side: _Side, data: bytes, _protected: bool) -> Iterator[Item]:
        return read_alerts(data)

    def _change_cipher_spec(self, side: _Side, _data: bytes, _protected: bool) -> Iterator[Item]:
        """TLS 1.3 sends it only for the sake of old devices (RFC 8446 D.4)."""
        version = self._session.handshake.version
        if version is not None and version != TLS_1_3:
            side.lost = 0  # before the records that count
            self._protect(side)
        return iter(())

    def _handshake(self, side: _Side, data: bytes, protected: bool) -> Iterator[Item]:
        for kind, message in side.messages.feed(data):
            shake = self._session.handshake
            if kind == messages.CLIENT_HELLO and side.from_client and protected and shake.server_hello is not None:
                self._session = Session(self._secrets)  # renegotiation
                shake = self._session.handshake
            before = shake.certificate
            self._session.message(side.from_client, kind, message)
            if kind == messages.SERVER_HELLO:
                yield from self._tell_hello()
            if shake.certificate != before:
                yield Certificate(shake.certificate)
            if protected and side.reader is not None and shake.version == TLS_1_3:
                first = side.reader.epoch == 0
                if kind == messages.KEY_UPDATE or (kind == messages.FINISHED and first):
                    side.reader.next_epoch()

    def _tell_hello(self) -> Iterator[Item]:
        client, server = self._session.handshake.client_hello, self._session.handshake.server_hello
        if server is not None and not self._hello_told:
            self._hello_told = True
            random = client.random.hex() if client else ""
            yield HandshakeFact(version_name(server.version), suite_name(server.suite), random)
