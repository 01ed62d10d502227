"""Keys from secrets: the PRF of TLS 1.0 to 1.2, and HKDF-Expand-Label of TLS 1.3."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from msra.capture.tls.messages import TLS_1_2
from msra.capture.tls.suites import Suite

MASTER_SECRET = 48


@dataclass(frozen=True, slots=True)
class Keys:
    """What protects the records of one direction."""

    mac_key: bytes = field(repr=False)
    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)


def _p_hash(digest: str, secret: bytes, seed: bytes, size: int) -> bytes:
    """P_hash (RFC 5246 5): HMAC(A(1) + seed) + HMAC(A(2) + seed) ..., where A(i) = HMAC(A(i - 1)), A(0) = seed."""
    output, a = b"", seed
    while len(output) < size:
        a = hmac.digest(secret, a, digest)
        output += hmac.digest(secret, a + seed, digest)
    return output[:size]


def prf(version: int, digest: str, secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    """The pseudorandom function: RFC 5246 5 with the suite's hash; before TLS 1.2 RFC 2246 5 with MD5 and SHA-1."""
    seed = label + seed
    if version >= TLS_1_2:
        return _p_hash(digest, secret, seed, size)
    half = (len(secret) + 1) // 2
    left = _p_hash("md5", secret[:half], seed, size)
    right = _p_hash("sha1", secret[-half:], seed, size)
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def transcript_hash(version: int, digest: str, messages: bytes) -> bytes:
    """Hash of handshake messages (RFC 5246 7.4.9, RFC 4346 7.4.9: MD5 and SHA-1 before TLS 1.2)."""
    if version >= TLS_1_2:
        return hashlib.new(digest, messages).digest()
    return (
        hashlib.md5(messages, usedforsecurity=False).digest() + hashlib.sha1(messages, usedforsecurity=False).digest()
    )


def master_secret(version: int, digest: str, premaster: bytes, randoms: bytes) -> bytes:
    """RFC 5246 8.1; `randoms` are the client's and the server's."""
    return prf(version, digest, premaster, b"master secret", randoms, MASTER_SECRET)


def extended_master_secret(version: int, digest: str, premaster: bytes, messages: bytes) -> bytes:
    """RFC 7627 4; `messages` are those of the handshake up to the ClientKeyExchange."""
    session_hash = transcript_hash(version, digest, messages)
    return prf(version, digest, premaster, b"extended master secret", session_hash, MASTER_SECRET)


def key_block(version: int, suite: Suite, master: bytes, randoms: bytes) -> dict[bool, Keys]:
    """The keys of TLS 1.0 to 1.2 (RFC 5246 6.3); `randoms` are the server's and the client's. True is the client's.

    MAC keys 2 x m | keys 2 x k | IVs 2 x i, the client's first each time
    """
    cipher = suite.cipher
    sizes = (hashlib.new(suite.mac, usedforsecurity=False).digest_size if suite.mac else 0, cipher.key, cipher.fixed_iv)
    block = prf(version, suite.prf, master, b"key expansion", randoms, 2 * sum(sizes))
    parts: dict[bool, list[bytes]] = {True: [], False: []}
    at = 0
    for size in sizes:
        for from_client in (True, False):
            parts[from_client].append(block[at : at + size])
            at += size
    return {from_client: Keys(*found) for from_client, found in parts.items()}


def expand_label(digest: str, secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label with an empty context (RFC 8446 7.1), for at most 255 hashes (RFC 5869 2.3).

    length 2 | label 1+n, "tls13 " + label | context 1+0
    """
    label = b"tls13 " + label
    info = size.to_bytes(2, "big") + bytes([len(label)]) + label + b"\0"
    output = block = b""
    count = 0
    while len(output) < size:
        count += 1
        block = hmac.digest(secret, block + info + bytes([count]), digest)
        output += block
    return output[:size]


def traffic_keys(suite: Suite, secret: bytes) -> Keys:
    """The keys of a traffic secret (RFC 8446 7.3)."""
    key = expand_label(suite.prf, secret, b"key", suite.cipher.key)
    return Keys(b"", key, expand_label(suite.prf, secret, b"iv", 12))


def next_traffic_secret(suite: Suite, secret: bytes) -> bytes:
    """The traffic secret after a key update (RFC 8446 7.2)."""
    return expand_label(suite.prf, secret, b"traffic upd", len(secret))
