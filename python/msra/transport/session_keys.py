"""From two random numbers to session keys, and the MACs made with them ([MS-RDPBCGR] 5.3.4 to 5.3.7).

client random, server random (32 bytes each)
    RC4     -> pre-master secret 48 -> master secret 48 -> session key blob 48 = MAC key | server's key | client's key
    FIPS    -> SHA-1 of both halves -> 21 bytes -> 24 bytes with parity, and an HMAC key

MD5, SHA-1, RC4 and DES are what the protocol uses: this is for reading it, not for protecting anything.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from msra.transport.rdp_keys import RsaPrivateKey

METHOD_40BIT, METHOD_128BIT, METHOD_56BIT, METHOD_FIPS = 0x01, 0x02, 0x08, 0x10
"""encryptionMethod ([MS-RDPBCGR] 2.2.1.4.3)."""

RANDOM_SIZE = 32
MAC_SIZE = 8
FIPS_IV = bytes.fromhex("1234567890abcdef")
"""5.3.6.2."""

_SALTS = {METHOD_40BIT: bytes.fromhex("d1269e"), METHOD_56BIT: bytes.fromhex("d1")}
"""5.3.5.1, table 1: what the first bytes of a 64-bit key are replaced with."""
_PAD1, _PAD2 = b"\x36" * 40, b"\x5c" * 48


@dataclass(frozen=True, slots=True, repr=False)
class SessionKeys:
    """The keys of a connection: `client` protects what the client sends, `server` what the server sends."""

    mac: bytes
    client: bytes
    server: bytes


def decrypt_client_random(encrypted: bytes, key: RsaPrivateKey) -> tuple[bytes, bool]:
    """The client random in the Security Exchange PDU (5.3.4.2): plain RSA of little-endian integers, no padding.

    Returns (its 32 bytes, whether nothing else was in it). With a wrong key there is: the result is any number
    below the modulus, which is far larger than 32 bytes.
    """
    clear = pow(int.from_bytes(encrypted, "little"), key.d, key.n).to_bytes(max(key.size, RANDOM_SIZE), "little")
    return clear[:RANDOM_SIZE], not any(clear[RANDOM_SIZE:])


def derive(method: int, client_random: bytes, server_random: bytes) -> SessionKeys:
    """The initial session keys (5.3.5); `method` is one of the METHOD_ values."""
    make = _derive_fips if method == METHOD_FIPS else _derive_rc4
    keys = make(client_random, server_random)
    return SessionKeys(*(_reduced(method, key) for key in (keys.mac, keys.client, keys.server)))


def _derive_rc4(client_random: bytes, server_random: bytes) -> SessionKeys:
    """5.3.5.1, 128 bits."""
    randoms = client_random + server_random

    def salted_hash(secret: bytes, salts: tuple[bytes, ...]) -> bytes:
        return b"".join(_md5(secret + _sha1(salt + secret + randoms)) for salt in salts)

    master = salted_hash(client_random[:24] + server_random[:24], (b"A", b"BB", b"CCC"))
    blob = salted_hash(master, (b"X", b"YY", b"ZZZ"))
    return SessionKeys(mac=blob[:16], server=_md5(blob[16:32] + randoms), client=_md5(blob[32:] + randoms))


def _derive_fips(client_random: bytes, server_random: bytes) -> SessionKeys:
    """5.3.5.2. The HMAC key is made from the 160-bit keys, before they are expanded."""
    client = _sha1(client_random[16:] + server_random[16:])
    server = _sha1(client_random[:16] + server_random[:16])
    return SessionKeys(_sha1(server + client), _triple_des_key(client), _triple_des_key(server))


def _triple_des_key(key: bytes) -> bytes:
    """5.3.5.2: 160 bits and the first 8 again; seven to a byte, lowest first; the lowest bit makes the parity odd."""
    bits = int.from_bytes(key + key[:1], "little")
    sevens = (bits >> shift & 0x7F for shift in range(0, 168, 7))
    return bytes(seven ^ (~seven.bit_count() & 1) for seven in sevens)


def updated(method: int, initial: bytes, current: bytes) -> bytes:
    """The key of one direction after another 4,096 packets (5.3.7.1); RC4 only."""
    from msra.transport.ciphers import Rc4

    key = _md5(initial + _PAD2 + _sha1(initial + _PAD1 + current))[: len(initial)]
    return _reduced(method, Rc4(key).apply(key))


def _reduced(method: int, key: bytes) -> bytes:
    """5.3.5.1: 40-bit and 56-bit keys are 64 bits long, and begin with a known salt."""
    salt = _SALTS.get(method)
    return key if salt is None else salt + key[len(salt) : 8]


class Rc4Mac:
    """The MAC beside RC4 (5.3.6.1), plain or salted with the packet count (5.3.6.1.1).

    MD5(key | 5C 48 times | SHA-1(key | 36 40 times | length u32 | data [ | count u32 ]))        the first 8 bytes
    """

    def __init__(self, key: bytes) -> None:
        self._inner = hashlib.sha1(key + _PAD1, usedforsecurity=False)
        self._outer = hashlib.md5(key + _PAD2, usedforsecurity=False)

    def plain(self, data: bytes) -> bytes:
        """The MAC of `data` alone."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(len(data).to_bytes(4, "little") + data)
        outer.update(inner.digest())
        return outer.digest()[:MAC_SIZE]

    def find(self, signature: bytes, data: bytes, counts: Iterable[int]) -> int | None:
        """The one of `counts` that makes `signature` the salted MAC of `data`."""
        inner = self._inner.copy()
        inner.update(len(data).to_bytes(4, "little") + data)
        for count in counts:
            salted, outer = inner.copy(), self._outer.copy()
            salted.update(_u32(count))
            outer.update(salted.digest())
            if outer.digest()[:MAC_SIZE] == signature:
                return count
        return None


class FipsMac:
    """The MAC beside Triple DES (5.3.6.2): HMAC-SHA1(key, data | count u32), the first 8 bytes."""

    def __init__(self, key: bytes) -> None:
        self._hmac = hmac.new(key, digestmod=hashlib.sha1)

    def find(self, signature: bytes, data: bytes, counts: Iterable[int]) -> int | None:
        """The one of `counts` that makes `signature` the MAC of `data`."""
        common = self._hmac.copy()
        common.update(data)
        for count in counts:
            counted = common.copy()
            counted.update(_u32(count))
            if counted.digest()[:MAC_SIZE] == signature:
                return count
        return None


def _u32(count: int) -> bytes:
    return (count & 0xFFFFFFFF).to_bytes(4, "little")


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
