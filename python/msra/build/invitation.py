"""Invitations as a novice makes them: the file, its tickets, and what an expert sends to prove its password.

    LHTICKET    AES-128-CBC, zero IV, key from the SHA-1 of the password: connection string 2      [MS-RAI] 6, note 20
    PASS        RC4, key MD5 of the password: byte count u32 | PassStub                            [MS-RAI] 6, note 17
    TOKEN       SHA-1 of text + digest, 100,000 times                                              [MS-RA] 2.2.4

Passwords are hashed as UTF-16LE without terminator. All of it is old cryptography, and here for tests only.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Literal

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from msra.events import Endpoint, Role
from msra.layers.connection_string import Address, ConnectionString1, ConnectionString2, Listener, Transport
from msra.layers.elements import quote

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
except ImportError:  # cryptography 42
    from cryptography.hazmat.primitives.ciphers.algorithms import ARC4

_BLOCK = 16
_IPAD = bytes([0x36] * 64)
_TOKEN_ROUNDS = 100_000
_TOKEN_NAMES: dict[Role, Literal["NOVICE", "EXPERT"]] = {"novice": "NOVICE", "expert": "EXPERT"}


@dataclass(frozen=True)
class Invitation:
    """An invitation; the values that stand here open the same tickets every time. `start` is in s since 1970, UTC."""

    addresses: tuple[Endpoint, ...] = (Endpoint("192.0.2.2", 49230),)
    password: str = "Password1"  # noqa: S105 - for tests
    pass_stub: str = "RT=0PvIndan52*"  # noqa: S105
    session_id: str = "sVq7jzDLPmGyMhbkQ1uPKA=="
    key_hash: str = "jBhaLqNLqYqnKZmCMZWrGQtB8Ug="
    user: str = "Bob"
    start: int = 1_767_225_600  # 2026
    minutes: int = 360

    @property
    def connection_string_1(self) -> str:
        """[MS-RAI] 2.2.1, in RCTICKET and in the messages of version 1."""
        addresses = tuple(Address(end.ip, end.port) for end in self.addresses)
        return str(ConnectionString1(65538, 1, addresses, "*", self.session_id, "*", "*", self.key_hash))

    @property
    def connection_string_2(self) -> str:
        """[MS-RAI] 2.2.2, which LHTICKET encrypts."""
        listeners = tuple(Listener(end.port, end.ip) for end in self.addresses)
        return str(ConnectionString2(self.key_hash, None, self.session_id, (Transport("1", "0", listeners),)))

    @property
    def lh_ticket(self) -> bytes:
        """Connection string 2, encrypted with the password."""
        clear = _utf16(self.connection_string_2)
        missing = _BLOCK - len(clear) % _BLOCK
        encryptor = Cipher(AES(self._ticket_key()), modes.CBC(bytes(_BLOCK))).encryptor()
        return encryptor.update(clear + bytes([missing] * missing)) + encryptor.finalize()

    @property
    def encrypted_pass_stub(self) -> bytes:
        """What an expert with this password sends in EXPERT_ON_VISTA and, in hexadecimal, as PASS."""
        stub = _utf16(self.pass_stub)
        key = hashlib.md5(_utf16(self.password), usedforsecurity=False).digest()
        return Cipher(ARC4(key), None).encryptor().update(struct.pack("<I", len(stub)) + stub)  # noqa: S304

    def expert_blob(self, name: str) -> str:
        """The blob ([MS-RA] 2.2.1.4) of an expert with this name and this password."""
        properties = (f"NAME={name}", f"PASS={self.encrypted_pass_stub.hex().upper()}")
        return "".join(f"{len(_utf16(text)) // 2};{text}" for text in properties)

    def token(self, role: Role) -> bytes:
        """The token of a side in version 3; takes some hundredths of a second."""
        text = hashlib.sha1(usedforsecurity=False)
        text.update(_utf16(self.password[-6:] + _TOKEN_NAMES[role] + self.connection_string_2))
        digest = bytes(20)
        for _ in range(_TOKEN_ROUNDS):
            state = text.copy()
            state.update(digest)
            digest = state.digest()
        return digest

    def text(self) -> str:
        """The file, `.msrcIncident` ([MS-RAI] 6)."""
        values = {
            "USERNAME": self.user, "LHTICKET": self.lh_ticket.hex().upper(), "RCTICKET": self.connection_string_1,
            "RCTICKETENCRYPTED": 1, "DtStart": self.start, "DtLength": self.minutes, "PassStub": self.pass_stub, "L": 0,
        }  # fmt: skip
        written = "\r\n".join(f"{name}={quote(value)}" for name, value in values.items())
        start = '<?xml version="1.0" encoding="Unicode" ?>\r\n<UPLOADINFO TYPE="Escalated">\r\n'
        return f"{start}<UPLOADDATA {written} />\r\n</UPLOADINFO>\r\n"

    def _ticket_key(self) -> bytes:
        """CryptDeriveKey with CALG_SHA for AES-128: the start of the first half of its expansion."""
        hashed = _sha1(_utf16(self.password))
        return _sha1(bytes(pad ^ byte for pad, byte in zip(_IPAD, hashed.ljust(64, b"\0"), strict=True)))[:_BLOCK]


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")
