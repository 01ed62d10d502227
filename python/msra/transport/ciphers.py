"""The ciphers of Standard RDP Security ([MS-RDPBCGR] 5.3.6): RC4, and Triple DES in CBC mode.

Nobody should use either for new things, so `cryptography` has moved them to a place of their own; older versions
have them beside the others. Import this module only when there is something to decrypt: that package is large.
"""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, modes

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4, TripleDES
except ImportError:  # cryptography 42
    from cryptography.hazmat.primitives.ciphers.algorithms import ARC4, TripleDES

__all__ = ["BLOCK", "Rc4", "TripleDesCbc", "UnsupportedAlgorithm", "xor"]

BLOCK = 8
"""Bytes in a block of Triple DES."""


def xor(left: bytes, right: bytes) -> bytes:
    """The exclusive or of two strings of the same length."""
    return (int.from_bytes(left, "little") ^ int.from_bytes(right, "little")).to_bytes(len(left), "little")


class Rc4:
    """An RC4 key stream from its start, which can also be looked at ahead of the reading position.

    Raises UnsupportedAlgorithm where the cryptographic library has RC4 switched off (FIPS mode of an operating system).
    """

    def __init__(self, key: bytes) -> None:
        """`key`: 8 or 16 bytes."""
        self._update = Cipher(ARC4(key), None).decryptor().update  # noqa: S304 - what the peers use
        self._ahead = b""

    def apply(self, data: bytes) -> bytes:
        """Encrypt or decrypt `data`, which is the same, and move on by its length."""
        if not self._ahead:
            return self._update(data)
        key_stream = self.peek(len(data))
        self.skip(len(data))
        return xor(data, key_stream)

    def peek(self, size: int, offset: int = 0) -> bytes:
        """`size` bytes of the key stream from `offset` on, without moving."""
        end = offset + size
        if end > len(self._ahead):
            self._ahead += self._update(bytes(max(end, 2 * len(self._ahead)) - len(self._ahead)))
        return self._ahead[offset:end]

    def skip(self, size: int) -> None:
        """Move on by `size` bytes."""
        self.peek(size)
        self._ahead = self._ahead[size:]


class TripleDesCbc:
    """Decrypts Triple DES, chained from call to call: the last block of one is the initialization vector of the next.

    Raises UnsupportedAlgorithm where the cryptographic library has no Triple DES.
    """

    def __init__(self, key: bytes, iv: bytes) -> None:
        """`key`: 24 bytes, `iv`: 8 bytes."""
        self._update = Cipher(TripleDES(key), modes.CBC(iv)).decryptor().update
        self.iv = iv
        """What the first block of the next call will be combined with."""

    def decrypt(self, data: bytes) -> bytes:
        """The clear blocks of `data`; what follows its last whole block is left out."""
        whole = data[: len(data) - len(data) % BLOCK]
        if whole:
            self.iv = whole[-BLOCK:]
        return self._update(whole)
