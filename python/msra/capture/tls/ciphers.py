"""Record protection (RFC 5246 6.2.3, RFC 8446 5.2): the fragment of a record in, its verified content out.

The primitives are those of the package `cryptography`; this module is only imported when there is something to
decrypt. All classes have `open`, which tries the sequence numbers that the record may have.
"""

from __future__ import annotations

import hmac
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from struct import Struct

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, CipherContext, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from msra.capture.tls import suites
from msra.capture.tls.messages import TLS_1_0, TLS_1_3
from msra.capture.tls.place import Place
from msra.capture.tls.records import APPLICATION_DATA, HEADER
from msra.capture.tls.schedule import Keys
from msra.capture.tls.suites import Suite
from msra.limits import MAX_KEY_STREAM

try:  # old ciphers move there one by one: these since version 43 of cryptography
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, TripleDES
except ImportError:
    from cryptography.hazmat.primitives.ciphers.algorithms import ARC4, TripleDES
try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import Camellia
except ImportError:
    from cryptography.hazmat.primitives.ciphers.algorithms import Camellia


_pseudo_header = Struct(">QBHH").pack
_inner_header = Struct(">BHH").pack


class RecordCipher(ABC):
    """Opens the protected records of one direction under one set of keys."""

    chained = False
    """A record can only be verified if the end of the one before it is known."""

    @abstractmethod
    def open(self, kind: int, fragment: bytes, place: Place) -> tuple[int, bytes] | None:
        """Sequence number and content of a record; None if it verifies with none of the place's sequence numbers."""


class _Aead(RecordCipher):
    """AES-GCM (RFC 5288), AES-CCM (RFC 6655), ChaCha20-Poly1305 (RFC 7905), and all of TLS 1.3 (RFC 8446 5.3).

    nonce: explicit in the record    fixed IV 4 | first 8 bytes of the fragment       GCM and CCM of TLS 1.2
           implicit                  IV 12 xor sequence number                        otherwise
    additional data: sequence number 8 | type 1 | version 2 | length of the content 2     TLS 1.2
                     type 1 | version 2 | length of the fragment 2                        TLS 1.3
    """

    def __init__(self, version: int, suite: Suite, keys: Keys) -> None:
        self._decrypt = _aead(suite.cipher, keys.key)
        self._version = version
        self._tls13 = version >= TLS_1_3
        self._explicit = 8 if len(keys.iv) == 4 else 0
        self._iv = keys.iv
        self._mask = int.from_bytes(keys.iv, "big")
        self._overhead = self._explicit + suite.cipher.tag

    def open(self, kind: int, fragment: bytes, place: Place) -> tuple[int, bytes] | None:
        size = len(fragment) - self._overhead
        if size < 0:
            return None
        sealed = fragment[8:] if self._explicit else fragment
        for sequence in place.sequences:
            nonce = self._iv + fragment[:8] if self._explicit else (self._mask ^ sequence).to_bytes(12, "big")
            if self._tls13:  # the type and version that all protected records show (RFC 8446 5.2)
                additional = _inner_header(APPLICATION_DATA, 0x0303, len(fragment))
            else:
                additional = _pseudo_header(sequence, kind, self._version, size)
            try:
                return sequence, self._decrypt(nonce, sealed, additional)
            except InvalidTag:
                continue
        return None


class _Mac:
    """The MAC of a record: HMAC(sequence number 8 | type 1 | version 2 | length 2 | content), RFC 5246 6.2.3.1."""

    def __init__(self, version: int, suite: Suite, key: bytes) -> None:
        self._version = version
        self._key = key
        self._digest = suite.mac
        self.size = len(hmac.digest(key, b"", suite.mac))

    def find(self, kind: int, content: bytes, mac: bytes, sequences: Iterable[int]) -> int | None:
        """The sequence number with which the MAC is right."""
        for sequence in sequences:
            message = _pseudo_header(sequence, kind, self._version, len(content)) + content
            if hmac.compare_digest(hmac.digest(self._key, message, self._digest), mac):
                return sequence
        return None

    def strip(self, kind: int, data: bytes, sequences: Iterable[int]) -> tuple[int, bytes] | None:
        """Sequence number and content, where the MAC follows the content."""
        size = len(data) - self.size
        sequence = self.find(kind, data[:size], data[size:], sequences) if size >= 0 else None
        return None if sequence is None else (sequence, data[:size])


class _Null(RecordCipher):
    """No encryption, only a MAC: content | MAC."""

    def __init__(self, version: int, suite: Suite, keys: Keys) -> None:
        self._mac = _Mac(version, suite, keys.mac_key)

    def open(self, kind: int, fragment: bytes, place: Place) -> tuple[int, bytes] | None:
        return self._mac.strip(kind, fragment, place.sequences)


class _Cbc(RecordCipher):
    """CBC (RFC 5246 6.2.3.2): IV | encrypted(content | MAC | padding). In TLS 1.0 the IV is not sent, but is the last
    block of the record before. With encrypt-then-MAC (RFC 7366): IV | encrypted(content | padding) | MAC.

    One decryptor serves all records: what comes out of the block behind another one depends on that block alone, so
    the IV is fed like a block of the text, and what it gives is dropped.
    """

    def __init__(self, version: int, suite: Suite, keys: Keys, encrypt_then_mac: bool) -> None:
        self._mac = _Mac(version, suite, keys.mac_key)
        self._encrypt_then_mac = encrypt_then_mac
        self.chained = version <= TLS_1_0
        self._iv = keys.iv
        self._block = len(keys.iv)
        algorithm = _BLOCK_CIPHERS[suite.cipher.algorithm](keys.key)
        self._decryptor: CipherContext = Cipher(algorithm, modes.CBC(keys.iv)).decryptor()

    def open(self, kind: int, fragment: bytes, place: Place) -> tuple[int, bytes] | None:
        if self._encrypt_then_mac:
            found = self._mac.strip(kind, fragment, place.sequences)
            if found is None:
                return None
            content = self._decrypt(found[1], place.tail and place.tail[: -self._mac.size])
            return None if content is None else (found[0], content)
        content = self._decrypt(fragment, place.tail)
        return None if content is None else self._mac.strip(kind, content, place.sequences)

    def _decrypt(self, text: bytes, tail: bytes | None) -> bytes | None:
        """Decrypt, and take off the padding: n bytes of value n, and n itself."""
        if self.chained:
            if tail is None:
                return None
            text = (tail[-self._block :] or self._iv) + text
        if len(text) < 2 * self._block or len(text) % self._block:
            return None
        data = self._decryptor.update(text)
        padding = data[-1]
        size = len(data) - padding - 1
        if size < self._block or data[size:].count(padding) != padding + 1:
            return None
        return data[self._block : size]


class _Stream(RecordCipher):
    """RC4: encrypted(content | MAC), one key stream over all records (RFC 5246 6.2.3.1).

    After a loss the size of the lost bytes is known, but not how many headers of records were among them, which take
    nothing of the key stream. So each number of lost records is tried, with the sequence number that it means.
    """

    def __init__(self, version: int, suite: Suite, keys: Keys) -> None:
        self._mac = _Mac(version, suite, keys.mac_key)
        self._context: CipherContext = Cipher(ARC4(keys.key), mode=None).decryptor()  # noqa: S304, the peers chose it
        self._ahead = b""  # key stream that was generated, but not used up by the records seen

    def open(self, kind: int, fragment: bytes, place: Place) -> tuple[int, bytes] | None:
        missing = place.lost + place.unread_size
        if missing + len(fragment) > MAX_KEY_STREAM:
            return None
        self._ahead += self._context.update(bytes(max(0, missing + len(fragment) - len(self._ahead))))
        for records, sequence in enumerate(place.sequences):
            start = missing - HEADER * records
            if start < 0:
                return None
            data = _xor(fragment, self._ahead[start : start + len(fragment)])
            found = self._mac.strip(kind, data, (sequence,))
            if found is not None:
                self._ahead = self._ahead[start + len(fragment) :]
                return found
        return None


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")


def _aead(cipher: suites.Cipher, key: bytes) -> Callable[[bytes, bytes, bytes], bytes]:
    """What decrypts and verifies: (nonce, fragment, additional data) -> content; raises InvalidTag."""
    if cipher.mode == "ccm":
        return AESCCM(key, cipher.tag).decrypt
    return (AESGCM if cipher.mode == "gcm" else ChaCha20Poly1305)(key).decrypt


_BLOCK_CIPHERS: dict[str, Callable[[bytes], BlockCipherAlgorithm]] = {
    "AES": AES,
    "Camellia": Camellia,
    "TripleDES": TripleDES,
}


def make_cipher(version: int, suite: Suite, keys: Keys, encrypt_then_mac: bool) -> RecordCipher | None:
    """What opens records with these keys; None if the installed `cryptography` or OpenSSL lacks the algorithm."""
    try:
        if suite.cipher.aead:
            return _Aead(version, suite, keys)
        if suite.cipher.mode == "cbc":
            return _Cbc(version, suite, keys, encrypt_then_mac)
        return (_Stream if suite.cipher.mode == "stream" else _Null)(version, suite, keys)
    except (UnsupportedAlgorithm, ValueError):
        return None
