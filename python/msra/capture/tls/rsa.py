"""RSA key exchange with the server's private key (RFC 5246 7.4.7.1), and whose key it is."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

_PREMASTER = 48
_SEQUENCE, _VERSION = 0x30, 0xA0


def decrypt_premaster(key: RSAPrivateKey, encrypted: bytes) -> bytes | None:
    """The premaster secret; None if the key doesn't open it."""
    try:
        premaster = key.decrypt(encrypted, padding.PKCS1v15())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return premaster if len(premaster) == _PREMASTER else None


def fits(key: RSAPrivateKey, certificate: bytes) -> bool:
    """The certificate's public key is that of this private key."""
    try:
        public = load_der_public_key(public_key_info(certificate))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return isinstance(public, RSAPublicKey) and public.public_numbers() == key.public_key().public_numbers()


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of the certificate's SubjectPublicKeyInfo, hex."""
    return hashlib.sha256(public_key_info(certificate)).hexdigest()


def public_key_info(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate, DER; empty if there is none.

    Found by hand, because RDP servers make themselves certificates that strict parsers refuse (RFC 5280 4.1):

        SEQUENCE { SEQUENCE { [0] version, serial, algorithm, issuer, validity, subject, SubjectPublicKeyInfo ...
    """
    fields = _elements(_content(_content(certificate)))
    if fields and fields[0][0] == _VERSION:
        del fields[0]
    return fields[5] if len(fields) > 5 and fields[5][0] == _SEQUENCE else b""


def _header(data: bytes) -> tuple[int, int]:
    """Sizes of header and content of the first element: tag 1 | length 1, or 0x80 + n and n bytes (X.690 8.1)."""
    if len(data) < 2:
        return len(data), 0
    if data[1] < 0x80:
        return 2, data[1]
    width = data[1] & 0x7F
    return 2 + width, int.from_bytes(data[2 : 2 + width], "big")


def _content(data: bytes) -> bytes:
    start, size = _header(data)
    return data[start : start + size]


def _elements(data: bytes) -> list[bytes]:
    """The first elements of a sequence, with their headers."""
    found: list[bytes] = []
    while data and len(found) < 8:
        size = sum(_header(data))
        found.append(data[:size])
        data = data[size:]
    return found
