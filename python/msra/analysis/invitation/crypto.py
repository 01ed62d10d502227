"""What the invitation's password encrypts and proves ([MS-RAI] 6, notes 17 and 20; [MS-RA] 2.2.4).

Passwords are hashed as UTF-16LE without terminator. The ciphers are those of `cryptography`, which has moved RC4 to a
place of its own: nobody should use it for new things.
"""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
except ImportError:  # cryptography 42
    from cryptography.hazmat.primitives.ciphers.algorithms import ARC4

__all__ = ["TOKEN_ROUNDS", "UnsupportedAlgorithm", "open_pass_stub", "open_ticket", "token"]

TOKEN_ROUNDS = 100_000
_BLOCK = 16
_IPAD = bytes([0x36] * 64)
_NUL = b"\0\0"


def open_ticket(ticket: bytes, password: str) -> str | None:
    """The text in an LHTICKET of whole blocks; None if it is none, as with another password.

    AES-128-CBC with a zero initialization vector. Real tickets end with CR LF before the padding (RFC 5652 6.3).
    """
    decryptor = Cipher(AES(_ticket_key(password)), modes.CBC(bytes(_BLOCK))).decryptor()
    clear = decryptor.update(ticket) + decryptor.finalize()
    padding = clear[-1:] * (clear[-1] if clear else 0)
    if 0 < len(padding) <= _BLOCK and clear.endswith(padding):
        clear = clear[: -len(padding)]
    try:
        return clear.decode("utf-16-le").rstrip("\0")
    except UnicodeDecodeError:
        return None


def _ticket_key(password: str) -> bytes:
    """CryptDeriveKey with CALG_SHA: the first half of its expansion, of which AES-128 takes 16 bytes."""
    hashed = _sha1(_utf16(password)).digest()
    return _sha1(bytes(pad ^ byte for pad, byte in zip(_IPAD, hashed.ljust(64, b"\0"), strict=True))).digest()[:16]


def open_pass_stub(encrypted: bytes, password: str) -> str | None:
    """The PassStub in PASS or in an EXPERT_ON_VISTA; None if it is none, as with another password.

    +-----------+-------------------------------+
    | count u32 | count bytes: PassStub, UTF-16 |   RC4, the key is the MD5 of the password
    +-----------+-------------------------------+

    Raises UnsupportedAlgorithm where the cryptographic library has RC4 switched off.
    """
    key = hashlib.md5(_utf16(password), usedforsecurity=False).digest()
    clear = Cipher(ARC4(key), None).decryptor().update(encrypted)  # noqa: S304 - what the peers use
    if len(clear) < 4:
        return None
    count: int = struct.unpack_from("<I", clear)[0]
    stub, rest = clear[4 : 4 + count], clear[4 + count :]
    if len(stub) != count or rest not in (b"", _NUL):
        return None
    try:
        return stub.decode("utf-16-le")
    except UnicodeDecodeError:
        return None


@lru_cache(maxsize=32)  # a capture may hold thousands of sessions, and they all take the same few tokens
def token(role: str, secret: str, connection_string: str) -> bytes:
    """The token of [MS-RA] 2.2.4: `role` is "NOVICE" or "EXPERT", `secret` the part of the password that counts.

    SHA-1 of text + 20 zero bytes, then of text + the digest before, 100,000 rounds in all: some hundredths of a second.
    """
    text = _sha1(_utf16(secret + role + connection_string))
    digest = bytes(20)
    for _ in range(TOKEN_ROUNDS):
        state = text.copy()
        state.update(digest)
        digest = state.digest()
    return digest


def _sha1(data: bytes) -> hashlib._Hash:
    return hashlib.sha1(data, usedforsecurity=False)


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")
