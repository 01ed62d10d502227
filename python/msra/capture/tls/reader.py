"""Opens the protected records of one direction: finds their keys, and their place after a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msra.capture.tls import reasons
from msra.capture.tls.messages import TLS_1_3
from msra.capture.tls.place import Place
from msra.capture.tls.records import HEADER
from msra.capture.tls.session import Session
from msra.limits import MAX_LOST_KEY_CHANGES, MAX_TRIES

if TYPE_CHECKING:
    from msra.capture.tls.ciphers import RecordCipher
    from msra.capture.tls.schedule import Keys


class Reader:
    """Reads one direction of a session from the point where it is protected.

    An `epoch` is the time under one set of keys. Up to TLS 1.2 each change of keys has its own reader, so there is only
    epoch 0. In TLS 1.3 it stands for the handshake keys, 1 for the first application keys, and each update adds one.
    """

    def __init__(self, session: Session, from_client: bool) -> None:
        self.epoch = 0
        self._session = session
        self._from_client = from_client
        self._place = Place()
        self._keys: Keys | None = None
        self._cipher: RecordCipher | None = None
        self._ahead: list[RecordCipher | None] | None = None
        self._missing: str | None = None  # the reason while there are no keys: it takes some time to find
        self._known = -1  # how much was known when the keys were looked for
        self._tries = MAX_TRIES
        self._verified = False

    def open(self, kind: int, fragment: bytes) -> bytes | None:
        """The content of a record; None if it cannot be read (see `reason`)."""
        if not self._verified and self._known != self._session.known:
            self._look_for_keys()
        place = self._place
        if self._cipher is not None and self._tries > 0:
            found = self._cipher.open(kind, fragment, place)
            if found is not None:
                return self._accept(found, fragment)
            self._tries -= len(place.sequences)
        return self._open_ahead(kind, fragment)

    def next_epoch(self) -> None:
        """The keys change behind the record just opened (TLS 1.3: Finished, KeyUpdate)."""
        self.epoch += 1
        self._place = Place()
        self._verified = False
        self._look_for_keys()

    def lose(self, size: int) -> None:
        """Bytes of this direction are missing, or belong to no whole record."""
        self._place.lose(size)

    def passed(self, fragment: bytes) -> None:
        """The record that could not be opened is one, and the next one follows it."""
        self._place.passed(HEADER, fragment)

    @property
    def doubtful(self) -> bool:
        """What failed to open may be no record at all: one at this place would have verified."""
        if self._cipher is None or self._tries <= 0:
            return False
        return not (self._cipher.chained and self._place.tail is None)

    @property
    def reason(self) -> str:
        """Why the last record could not be opened."""
        if self._keys is None:
            if self._missing is None:
                self._missing = reasons.no_keys(self._session, self._from_client, self.epoch)
            return self._missing
        if self._cipher is None:
            return reasons.no_cipher(self._session)
        if self._verified:
            return reasons.NOT_FOUND if self._place.lost else reasons.DAMAGED
        hello = self._session.handshake.client_hello
        if hello is not None and hello.early_data and self._from_client and self.epoch == 0:
            return reasons.EARLY_DATA
        return reasons.NOT_FOUND if self._place.lost else reasons.wrong_keys(self._session)

    def _look_for_keys(self) -> None:
        """Something new is known: a message of the handshake, a key log, an RSA key."""
        self._known = self._session.known
        self._ahead = self._missing = None
        keys = self._session.keys(self._from_client, self.epoch)
        if keys != self._keys:
            self._keys = keys
            self._cipher = self._make_cipher(keys)
            self._tries = MAX_TRIES

    def _make_cipher(self, keys: Keys | None) -> RecordCipher | None:
        shake = self._session.handshake
        if keys is None or shake.version is None or shake.suite is None:
            return None
        from msra.capture.tls import ciphers  # imports `cryptography`, which clear captures should not wait for

        return ciphers.make_cipher(shake.version, shake.suite, keys, shake.encrypt_then_mac)

    def _open_ahead(self, kind: int, fragment: bytes) -> bytes | None:
        """TLS 1.3: the record that changed the keys was lost, or could not be read."""
        lost = self._place
        if self._session.handshake.version != TLS_1_3 or (self._cipher is not None and not lost.slack):
            return None
        if self._ahead is None:
            epochs = range(self.epoch + 1, self.epoch + 1 + MAX_LOST_KEY_CHANGES)
            self._ahead = [self._make_cipher(self._session.keys(self._from_client, epoch)) for epoch in epochs]
        place = Place(0, lost.lost, lost.unread, lost.unread_size, None)
        for changes, cipher in enumerate(self._ahead, 1):
            if cipher is None or self._tries <= 0:
                continue
            found = cipher.open(kind, fragment, place)
            if found is not None:
                for _ in range(changes):
                    self.next_epoch()
                return self._accept(found, fragment)
            self._tries -= len(place.sequences)
        return None

    def _accept(self, found: tuple[int, bytes], fragment: bytes) -> bytes:
        sequence, content = found
        self._place.verified(sequence, fragment)
        self._tries = MAX_TRIES
        self._verified = True
        return content
