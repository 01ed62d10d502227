"""Standard RDP Security for a passive reader ([MS-RDPBCGR] 5.3): security headers, and what stands behind them.

Slow path: before the data of each PDU of each channel (2.2.8.1.1.2)

    flags u16 | flagsHi u16                                                    not encrypted
    flags u16 | flagsHi u16 | MAC 8 | data                                     RC4
    flags u16 | flagsHi u16 | length u16 = 16 | version 1 | padlen 1 | MAC 8 | data        FIPS

Fast path: behind its header, if the header says that it is encrypted (2.2.8.1.2, 2.2.9.1.2)

    MAC 8 | data                                                               RC4
    length u16 = 16 | version 1 | padlen 1 | MAC 8 | data                      FIPS

Whether a PDU is encrypted is decided by its own flag alone: licensing PDUs need not be, and with level low the server
encrypts nothing. Both paths and all channels of a direction share one cipher and one count.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from msra.transport.rdp_keys import PublicKey, RsaPrivateKey, find_key, parse_server_certificate
from msra.transport.session_keys import (
    MAC_SIZE,
    METHOD_40BIT,
    METHOD_56BIT,
    METHOD_128BIT,
    METHOD_FIPS,
    RANDOM_SIZE,
    decrypt_client_random,
    derive,
)

if TYPE_CHECKING:
    from msra.transport.protection import FipsDirection, Rc4Direction

SEC_EXCHANGE_PKT = 0x0001
SEC_ENCRYPT = 0x0008
SEC_INFO_PKT = 0x0040
SEC_LICENSE_PKT = 0x0080
SEC_REDIRECTION_PKT = 0x0400
SEC_SECURE_CHECKSUM = 0x0800
BASIC_HEADER = 4
_ENCRYPTED = SEC_ENCRYPT | SEC_REDIRECTION_PKT
"""2.2.8.1.1.2.1: a redirection PDU is encrypted without saying so."""

FASTPATH_SECURE_CHECKSUM = 0x1
FASTPATH_ENCRYPTED = 0x2

METHOD_NAMES = {
    0: "none", METHOD_40BIT: "rc4-40", METHOD_56BIT: "rc4-56", METHOD_128BIT: "rc4-128", METHOD_FIPS: "fips",
}  # fmt: skip
LEVEL_NAMES = {0: "none", 1: "low", 2: "client compatible", 3: "high", 4: "fips"}

_FIPS_INFORMATION = 4
_SERVER_SECURITY = struct.Struct("<IIII")
_SHARE_CONTROL_TYPES = frozenset({0x11, 0x13, 0x16, 0x17, 0x1A})


def flags_of(data: bytes) -> int:
    """The flags of the basic security header at the start of `data`; 0 if it is cut."""
    return int.from_bytes(data[:2], "little") if len(data) >= BASIC_HEADER else 0


def has_header(user_data: bytes) -> bool:
    """Whether user data of the I/O channel starts with a security header although nothing is encrypted (method 0, TLS).

    That is so for the Client Info PDU and for licensing PDUs only (5.3.8); all others start with a share control
    header (2.2.8.1.1.1.1): totalLength u16 | pduType u16, of which the low byte is version 1 and a type.
    """
    second = int.from_bytes(user_data[2:4], "little") & 0xFF
    share_control = flags_of(user_data) == len(user_data) and second in _SHARE_CONTROL_TYPES
    return bool(flags_of(user_data) & (SEC_INFO_PKT | SEC_LICENSE_PKT)) and not share_control


class ServerSecurity(NamedTuple):
    """TS_UD_SC_SEC1 (2.2.1.4.3)."""

    method: int
    level: int
    server_random: bytes
    certificate: bytes


def parse_server_security(block: bytes) -> ServerSecurity | None:
    """Read the content of an SC_SECURITY block; None if it is cut before the level.

    encryptionMethod u32 | encryptionLevel u32 [ | serverRandomLen u32 | serverCertLen u32 | random | certificate ]
    """
    if len(block) < 8:
        return None
    method, level, random_size, size = _SERVER_SECURITY.unpack(block[:16].ljust(16, b"\0"))
    at = _SERVER_SECURITY.size + random_size
    return ServerSecurity(method, level, block[_SERVER_SECURITY.size : at], block[at : at + size])


class Unprotected(NamedTuple):
    """What stands behind a security header.

    `flags` are those of slow path (SEC_...), for fast path the two security bits. `data` is empty if it can't be read.
    `mac_ok`: True, the MAC proves `data`; False, it doesn't match, so don't believe `data`; None, there is no MAC, or
    it can't be checked. `reason` says why data can't be read or believed; None if all is well.
    """

    flags: int
    data: bytes
    encrypted: bool = False
    mac_ok: bool | None = None
    reason: str | None = None


class SecurityLayer:
    """The security of one connection. Takes each PDU of both directions once, in the order of the stream."""

    def __init__(
        self, method: int, level: int, server_random: bytes, certificate: bytes, keys: Sequence[RsaPrivateKey]
    ) -> None:
        """The fields of TS_UD_SC_SEC1 (2.2.1.4.3), and all private keys that might fit."""
        self.method = method
        self.level = level
        self.server_key = parse_server_certificate(certificate)
        self.verified = 0
        """Packets with the right MAC."""
        self.mismatched = 0
        """Packets with a wrong MAC."""
        self._server_random = server_random
        self._keys = keys
        self._directions: dict[bool, Rc4Direction | FipsDirection] = {}
        self._failure = "its Security Exchange PDU, which carries the client random, is not in the capture"
        self._missing_key = self._why_no_key()

    @property
    def method_name(self) -> str:
        """`rc4-40`, `rc4-56`, `rc4-128`, `fips`, `none`, or the number."""
        return METHOD_NAMES.get(self.method, f"0x{self.method:x}")

    @property
    def level_name(self) -> str:
        """`low`, `client compatible`, `high`, `fips`, `none`, or the number."""
        return LEVEL_NAMES.get(self.level, str(self.level))

    @property
    def reason(self) -> str | None:
        """Why nothing encrypted can be read (so far); None if it can."""
        return None if self._directions else self._missing_key or self._failure

    def security_exchange(self, user_data: bytes) -> None:
        """Take the Security Exchange PDU (2.2.1.10.1), from its basic security header on: the keys come from it.

        flags u16 | flagsHi u16 | length u32 | encryptedClientRandom
        """
        if self._directions or self._missing_key:
            return
        size = int.from_bytes(user_data[BASIC_HEADER : BASIC_HEADER + 4], "little")
        encrypted = user_data[BASIC_HEADER + 4 : BASIC_HEADER + 4 + size]
        if not encrypted or len(encrypted) < size:
            self._failure = "its Security Exchange PDU is damaged"
            return
        client_random = self._client_random(encrypted)
        if client_random is not None:
            self._failure = self._start(client_random)

    def unprotect(self, from_client: bool, user_data: bytes) -> Unprotected:
        """Take the user data of a slow-path PDU of any channel, from its security header on."""
        flags = flags_of(user_data)
        if from_client and flags & SEC_EXCHANGE_PKT:
            self.security_exchange(user_data)
            return Unprotected(flags, b"")
        if len(user_data) < BASIC_HEADER:
            return Unprotected(0, b"", reason="its security header is cut")
        if not flags & _ENCRYPTED:
            return Unprotected(flags, user_data[BASIC_HEADER:])
        return self._open(from_client, flags, bool(flags & SEC_SECURE_CHECKSUM), user_data[BASIC_HEADER:])

    def unprotect_fast_path(self, from_client: bool, flags: int, body: bytes) -> Unprotected:
        """Take a fast-path PDU: the upper two bits of its first byte, and all behind its length."""
        if not flags & FASTPATH_ENCRYPTED:
            return Unprotected(flags, body)
        return self._open(from_client, flags, bool(flags & FASTPATH_SECURE_CHECKSUM), body)

    def lost(self, from_client: bool, size: int, skipped: bytes = b"") -> None:
        """`size` bytes of a direction came in no PDU that was taken: not captured, cut, or not recognised.

        `skipped` are those of them that stand directly before the next PDU, if they are known. Holes and the bytes
        around them may come in several calls, in the order of the stream: their sizes add up.
        """
        direction = self._directions.get(from_client)
        if direction is not None and size > 0:
            direction.lost(size, skipped)

    def _open(self, from_client: bool, flags: int, salted: bool, body: bytes) -> Unprotected:
        padding = 0
        if self.method == METHOD_FIPS:
            padding = body[3] if len(body) >= _FIPS_INFORMATION else 0
            body = body[_FIPS_INFORMATION:]
        direction = self._directions.get(from_client)
        if direction is None:
            return Unprotected(flags, b"", True, None, self.reason)
        opened = direction.open(body[:MAC_SIZE], body[MAC_SIZE:], salted, padding)
        self.verified += opened.mac_ok is True
        self.mismatched += opened.mac_ok is False
        return Unprotected(flags, opened.data, True, opened.mac_ok, opened.reason)

    # -- keys ----------------------------------------------------------------------------------------------------

    def _why_no_key(self) -> str | None:
        """What is missing to decrypt the client random, as a sentence; None if there is a key to try."""
        if self.method not in METHOD_NAMES or not self.method:
            return f"its encryption method 0x{self.method:x} is not known"
        if len(self._server_random) != RANDOM_SIZE:
            return f"its server random has {len(self._server_random)} bytes instead of {RANDOM_SIZE}"
        if not self._keys:
            return f"the server's RSA private key is needed; {self._which_key()}"
        if self.server_key is not None and find_key(self._keys, self.server_key) is None:
            return f"{self._wrong_keys()}; {self._which_key()}"
        return None

    def _which_key(self) -> str:
        key = self.server_key
        if key is None:
            return "its public key can't be read from the certificate in the capture"
        return (
            f"its public key in the capture has {key.n.bit_length()} bits, "
            f"SHA-256 {key.sha256} (SubjectPublicKeyInfo), KH {key.kh}, KH2 {key.kh2()}"
        )

    def _wrong_keys(self) -> str:
        names = ", ".join(PublicKey(key.n, key.e).sha256 for key in self._keys[:3])
        if len(self._keys) == 1:
            return f"the given RSA private key (SHA-256 {names}) is the wrong one for this server"
        more = ", ..." if len(self._keys) > 3 else ""
        return f"none of the {len(self._keys)} given RSA private keys (SHA-256 {names}{more}) belongs to this server"

    def _client_random(self, encrypted: bytes) -> bytes | None:
        """Decrypt it with the certificate's key; where that can't be read, the result shows which key fits."""
        if self.server_key is not None:
            key = find_key(self._keys, self.server_key)
            return decrypt_client_random(encrypted, key)[0] if key else None
        for key in self._keys:
            client_random, plausible = decrypt_client_random(encrypted, key)
            if plausible:
                return client_random
        self._failure = f"{self._wrong_keys()}; {self._which_key()}"
        return None

    def _start(self, client_random: bytes) -> str:
        """Make the ciphers of both directions; returns why it can't be done."""
        try:
            from msra.transport import ciphers, protection
        except ImportError:
            return "the Python package cryptography, which is needed for it, is not installed"
        keys = derive(self.method, client_random, self._server_random)
        try:
            for from_client, key in ((True, keys.client), (False, keys.server)):
                self._directions[from_client] = (
                    protection.FipsDirection(key, keys.mac)
                    if self.method == METHOD_FIPS
                    else protection.Rc4Direction(self.method, key, keys.mac)
                )
        except ciphers.UnsupportedAlgorithm:
            self._directions.clear()
            return "this system's cryptographic library has the old ciphers that it needs switched off"
        return ""
