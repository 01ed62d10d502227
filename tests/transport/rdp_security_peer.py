"""The two ends of Standard RDP Security, for tests: written from [MS-RDPBCGR] 5.3, independently of the tested code.

Everything is spelt out as the text has it: RC4 by its definition, bits as strings, one packet at a time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, modes

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
except ImportError:  # cryptography 42
    from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES

BIT40, BIT128, BIT56, FIPS = 0x01, 0x02, 0x08, 0x10
LOW, CLIENT_COMPATIBLE, HIGH, FIPS_LEVEL = 1, 2, 3, 4
EXCHANGE, ENCRYPT, LICENSE, SALTED = 0x0001, 0x0008, 0x0080, 0x0800
FAST_SALTED, FAST_ENCRYPTED = 1, 2

IV = bytes([0x12, 0x34, 0x56, 0x78, 0x90, 0xAB, 0xCD, 0xEF])
PAD1, PAD2 = bytes([0x36] * 40), bytes([0x5C] * 48)

KEY_512 = {
    # The example of 4.8, little-endian as it is printed there.
    "n": "37a870fe9ab9a854cb9879447ab9eb3806ea26a147ea19705df352887021b59e"
    "50b4e1f51ad82d514d1aad797c8946b0cc667402d8285d9dd7cafc600f38f9b3",
    "e": "01000100",
    "d": "c107e7d4d3388d36f59e8b960d5565082825a32ec768d644852d32f672a89bba"
    "5e8282f05c0ceb6b126aa74515ce41e003e5e66ddffd58610b07a47bb3f37194",
}


def number(little_endian: str) -> int:
    return int.from_bytes(bytes.fromhex(little_endian), "little")


def md5(data: bytes) -> bytes:
    return hashlib.md5(data).digest()


def sha(data: bytes) -> bytes:
    return hashlib.sha1(data).digest()


class Rc4:
    """Schneier, Applied Cryptography, 17.1."""

    def __init__(self, key: bytes) -> None:
        self.s = list(range(256))
        self.i = self.j = 0
        j = 0
        for i in range(256):
            j = (j + self.s[i] + key[i % len(key)]) % 256
            self.s[i], self.s[j] = self.s[j], self.s[i]

    def encrypt(self, data: bytes) -> bytes:
        out = bytearray()
        s = self.s
        for byte in data:
            self.i = (self.i + 1) % 256
            self.j = (self.j + s[self.i]) % 256
            s[self.i], s[self.j] = s[self.j], s[self.i]
            out.append(byte ^ s[(s[self.i] + s[self.j]) % 256])
        return bytes(out)


def salted_hash(s: bytes, i: bytes, client_random: bytes, server_random: bytes) -> bytes:
    return md5(s + sha(i + s + client_random + server_random))


def session_keys(method: int, client_random: bytes, server_random: bytes) -> tuple[bytes, bytes, bytes]:
    """(MAC key, client's encryption key, server's encryption key), 5.3.5.1 and 5.3.5.2."""
    if method == FIPS:
        client_t = sha(client_random[-16:] + server_random[-16:])
        server_t = sha(client_random[:16] + server_random[:16])
        return sha(server_t + client_t), triple_des_key(client_t), triple_des_key(server_t)
    pre = client_random[:24] + server_random[:24]
    master = b"".join(salted_hash(pre, i, client_random, server_random) for i in (b"\x41", b"\x42" * 2, b"\x43" * 3))
    blob = b"".join(salted_hash(master, i, client_random, server_random) for i in (b"\x58", b"\x59" * 2, b"\x5a" * 3))
    keys = (
        blob[0:16],
        md5(blob[32:48] + client_random + server_random),
        md5(blob[16:32] + client_random + server_random),
    )
    mac_key, client, server = (salt_key(method, key) for key in keys)
    return mac_key, client, server


def salt_key(method: int, key: bytes) -> bytes:
    if method == BIT40:
        return bytes([0xD1, 0x26, 0x9E]) + key[:8][-5:]
    if method == BIT56:
        return bytes([0xD1]) + key[:8][-7:]
    return key


def triple_des_key(key: bytes) -> bytes:
    """5.3.5.2, with the bits written out; `key` may be shorter than 20 bytes, as in the example of the text."""
    bits = "".join(f"{byte:08b}"[::-1] for byte in key + key[:1])
    groups = [bits[at : at + 7] + "0" for at in range(0, len(bits) - 6, 7)]
    expanded = [int(group[::-1], 2) for group in groups]
    return bytes(byte if f"{byte:b}".count("1") % 2 else byte ^ 1 for byte in expanded)


def update_key(method: int, initial: bytes, current: bytes) -> bytes:
    """5.3.7.1."""
    temporary = md5(initial + PAD2 + sha(initial + PAD1 + current))
    if method == BIT128:
        return Rc4(temporary).encrypt(temporary)
    return salt_key(method, Rc4(temporary[:8]).encrypt(temporary[:8]))


@dataclass
class Sender:
    """One direction. `restart_count`, `chain`: the two things that the text leaves open."""

    method: int
    mac_key: bytes
    key: bytes
    restart_count: bool = False
    chain: bool = True
    packets: int = 0
    update_after: int = 4096
    rc4: Rc4 = field(init=False)
    initial: bytes = field(init=False)
    iv: bytes = IV

    def __post_init__(self) -> None:
        self.initial = self.key
        if self.method != FIPS:
            self.rc4 = Rc4(self.key)

    def protect(self, data: bytes, salted: bool) -> tuple[bytes, bytes, bytes]:
        """(FIPS information or nothing, MAC, encrypted data)."""
        return self._fips(data) if self.method == FIPS else self._rc4(data, salted)

    def _rc4(self, data: bytes, salted: bool) -> tuple[bytes, bytes, bytes]:
        if self.packets and self.packets % self.update_after == 0:
            self.key = update_key(self.method, self.initial, self.key)
            self.rc4 = Rc4(self.key)
        count = self.packets % self.update_after if self.restart_count else self.packets
        salt = struct.pack("<I", count) if salted else b""
        inner = sha(self.mac_key + PAD1 + struct.pack("<I", len(data)) + data + salt)
        self.packets += 1
        return b"", md5(self.mac_key + PAD2 + inner)[:8], self.rc4.encrypt(data)

    def _fips(self, data: bytes) -> tuple[bytes, bytes, bytes]:
        mac = hmac.new(self.mac_key, data + struct.pack("<I", self.packets), hashlib.sha1).digest()[:8]
        padding = -len(data) % 8
        encryptor = Cipher(TripleDES(self.key), modes.CBC(self.iv)).encryptor()
        encrypted = encryptor.update(data + bytes(padding))
        if self.chain and encrypted:
            self.iv = encrypted[-8:]
        self.packets += 1
        return struct.pack("<HBB", 16, 1, padding), mac, encrypted

    def slow(self, data: bytes, flags: int = 0, salted: bool = False) -> bytes:
        """The user data of a slow-path PDU (2.2.8.1.1.2.2, 2.2.8.1.1.2.3)."""
        information, mac, encrypted = self.protect(data, salted)
        return struct.pack("<HH", flags | ENCRYPT | (SALTED if salted else 0), 0) + information + mac + encrypted

    def fast(self, data: bytes, salted: bool = False) -> tuple[int, bytes]:
        """The security bits of a fast-path PDU, and what stands behind its length (2.2.8.1.2, 2.2.9.1.2)."""
        information, mac, encrypted = self.protect(data, salted)
        return FAST_ENCRYPTED | (FAST_SALTED if salted else 0), information + mac + encrypted


def proprietary_certificate(n: int, e: int, version: int = 1) -> bytes:
    """2.2.1.4.3.1.1; the signature is not checked by a passive reader."""
    size = (n.bit_length() + 7) // 8
    blob = public_key_blob(n, e)
    head = struct.pack("<IIIHH", version, 1, 1, 6, len(blob))
    return head + blob + struct.pack("<HH", 8, size + 8) + bytes(size + 8)


def public_key_blob(n: int, e: int) -> bytes:
    """2.2.1.4.3.1.1.1."""
    size = (n.bit_length() + 7) // 8
    head = b"RSA1" + struct.pack("<IIII", size + 8, size * 8, size - 1, e)
    return head + n.to_bytes(size, "little") + bytes(8)


class Session:
    """A connection from the server's certificate on, with a throw-away RSA key."""

    KEY = rsa.generate_private_key(65537, 1024)

    def __init__(self, method: int, level: int = HIGH, restart_count: bool = False, chain: bool = True, seed: int = 1):
        chance = random.Random(seed)
        self.method, self.level = method, level
        self.client_random, self.server_random = chance.randbytes(32), chance.randbytes(32)
        public = self.KEY.public_key().public_numbers()
        self.n, self.e = public.n, public.e
        self.d = self.KEY.private_numbers().d
        self.certificate = proprietary_certificate(self.n, self.e)
        mac_key, client, server = session_keys(method, self.client_random, self.server_random)
        self.client = Sender(method, mac_key, client, restart_count, chain)
        self.server = Sender(method, mac_key, server, restart_count, chain)

    def security_exchange(self) -> bytes:
        """2.2.1.10.1, with the eight bytes of zeros at the end (5.3.4.1)."""
        size = (self.n.bit_length() + 7) // 8
        encrypted = pow(int.from_bytes(self.client_random, "little"), self.e, self.n).to_bytes(size + 8, "little")
        return struct.pack("<HHI", EXCHANGE | 0x0200, 0, len(encrypted)) + encrypted


def pem(label: str, der: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()
