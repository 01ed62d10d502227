"""RSA keys of Standard RDP Security: private ones from files, the server's public one from its certificate.

SERVER_CERTIFICATE ([MS-RDPBCGR] 2.2.1.4.3.1): dwVersion u32, whose top bit says that it is a temporary one, then
    1   proprietary (2.2.1.4.3.1.1):
        dwSigAlgId u32 | dwKeyAlgId u32 | wPublicKeyBlobType u16 | wPublicKeyBlobLen u16 | PublicKeyBlob
        | wSignatureBlobType u16 | wSignatureBlobLen u16 | SignatureBlob
        PublicKeyBlob: "RSA1" | keylen u32 | bitlen u32 | datalen u32 | pubExp u32 | modulus (keylen, little-endian)
    2   X.509 chain ([MS-RDPELE] 2.2.1.4.2):
        count u32, then so often: size u32 | DER certificate            the last one is the server's

DER is read by hand: terminal server certificates name wrong algorithms, and keys of 512 bits are usual here.
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from msra.limits import MAX_CERTIFICATES
from msra.transport.mcs import read_ber_length

TEMPORARY = 0x80000000
_CHAIN = 2
_PROPRIETARY = struct.Struct("<IIHH")
_RSA1 = struct.Struct("<4sIIII")

_INTEGER, _BIT_STRING, _OCTET_STRING, _SEQUENCE, _VERSION = 0x02, 0x03, 0x04, 0x30, 0xA0
_RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
"""AlgorithmIdentifier of an RSA key (RFC 3279 2.3.1)."""

Kh2Algorithm: TypeAlias = Literal["sha256", "sha384", "sha512"]
_KH2_ALGORITHMS: tuple[Kh2Algorithm, ...] = ("sha256", "sha384", "sha512")
"""[MS-RAI] 2.2.2."""

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class PublicKey:
    """An RSA public key."""

    n: int
    e: int

    @property
    def size(self) -> int:
        """Bytes of the modulus."""
        return (self.n.bit_length() + 7) // 8

    @cached_property
    def sha256(self) -> str:
        """Hex SHA-256 of the DER SubjectPublicKeyInfo, as `openssl rsa -pubout -outform der | sha256sum` has it."""
        numbers = _der(_SEQUENCE, _der_integer(self.n) + _der_integer(self.e))
        return hashlib.sha256(_der(_SEQUENCE, _RSA_ENCRYPTION + _der(_BIT_STRING, b"\0" + numbers))).hexdigest()


@dataclass(frozen=True, repr=False)
class RsaPrivateKey(PublicKey):
    """An RSA private key; its text form shows only which one it is."""

    d: int

    def __repr__(self) -> str:
        return f"RsaPrivateKey({self.n.bit_length()} bits, public key SHA-256 {self.sha256})"


@dataclass(frozen=True)
class ServerPublicKey(PublicKey):
    """The key in a server certificate. `blob`: its PublicKeyBlob; of an X.509 certificate, the DER RSAPublicKey."""

    blob: bytes = field(repr=False)
    kind: Literal["proprietary", "x509"]
    temporary: bool

    @property
    def kh(self) -> str:
        """The KH of an invitation ([MS-RAI] 2.2.2): base64 of the SHA-1 of the PublicKeyBlob."""
        return base64.b64encode(hashlib.sha1(self.blob, usedforsecurity=False).digest()).decode("ascii")

    def described(self, kind: str) -> dict[str, int | str]:
        """What reports show of it; `kind`: where it comes from. An invitation has one of the hashes KH2."""
        key_hashes = {f"kh2_{algorithm}": self.kh2(algorithm) for algorithm in _KH2_ALGORITHMS}
        return {"kind": kind, "bits": self.n.bit_length(), "kh": self.kh, "sha256": self.sha256, **key_hashes}

    def kh2(self, algorithm: Kh2Algorithm = "sha256") -> str:
        """The KH2 of an invitation ([MS-RAI] 2.2.2), as `sha256:base64`."""
        return f"{algorithm}:{base64.b64encode(hashlib.new(algorithm, self.blob).digest()).decode('ascii')}"


def find_key(keys: Iterable[RsaPrivateKey], server_key: PublicKey) -> RsaPrivateKey | None:
    """The private key that belongs to `server_key`."""
    return next((key for key in keys if key.n == server_key.n), None)


# -- private keys --------------------------------------------------------------------------------------------------


def load_private_keys(data: bytes) -> list[RsaPrivateKey]:
    """The RSA private keys in the content of a file: PEM or DER (PKCS #1, PKCS #8), or rsakeys.ini of xrdp.

    Other PEM blocks are skipped. Raises ValueError, with a sentence that shows nothing of the content.
    """
    if b"-----BEGIN " in data:
        found = list(_pem_keys(data))
    elif data[:1] == bytes([_SEQUENCE]):
        found = [key for key in [_der_private_key(data)] if key]
    elif b"[keys]" in data:
        found = [_ini_key(data)]
    else:
        raise ValueError("this is no private key file: neither PEM nor DER, nor rsakeys.ini of xrdp")
    if not found:
        raise ValueError("there is no RSA private key in it")
    for key in found:
        if not 48 <= key.size <= 2048 or pow(pow(2, key.e, key.n), key.d, key.n) != 2:
            raise ValueError("the RSA private key is damaged: its exponents don't belong together")
    return list(dict.fromkeys(found))


def _pem_keys(data: bytes) -> Iterator[RsaPrivateKey]:
    for label, body in _PEM.findall(data):
        if not label.endswith(b"PRIVATE KEY"):
            continue
        if b"ENCRYPTED" in label or b"ENCRYPTED" in body:
            raise ValueError("the private key is encrypted with a pass phrase: decrypt it first (openssl pkey)")
        try:
            der = base64.b64decode(b"".join(line for line in body.split() if b":" not in line), validate=True)
        except ValueError:
            raise ValueError("the PEM text of the private key is damaged") from None
        key = _der_private_key(der)
        if key:
            yield key


def _der_private_key(der: bytes) -> RsaPrivateKey | None:
    """RSAPrivateKey (RFC 8017 A.1.2), alone or in PrivateKeyInfo (RFC 5208 5); None for keys of other kinds.

    RSAPrivateKey   SEQUENCE: version, n, e, d, p, q, ...           (INTEGERs)
    PrivateKeyInfo  SEQUENCE: version, algorithm SEQUENCE, key OCTET STRING
    """
    fields = list(_elements(_content(der, _SEQUENCE)))
    kinds = [kind for kind, _ in fields]
    if kinds[:4] == [_INTEGER] * 4:
        n, e, d = (int.from_bytes(number, "big") for _, number in fields[1:4])
        return RsaPrivateKey(n, e, d) if n else None
    if kinds[:3] == [_INTEGER, _SEQUENCE, _OCTET_STRING]:
        inner = fields[2][1]
        return _der_private_key(inner) if len(inner) < len(der) else None
    return None


def _ini_key(data: bytes) -> RsaPrivateKey:
    """rsakeys.ini, as xrdp-keygen writes it: `pub_mod=0x4b,0x9d,...`, the lowest byte first."""
    ini = configparser.ConfigParser(interpolation=None)
    try:
        ini.read_string(data.decode("latin-1"))
        n, e, d = (_ini_number(ini["keys"][name]) for name in ("pub_mod", "pub_exp", "pri_exp"))
    except (configparser.Error, KeyError, ValueError):
        raise ValueError("rsakeys.ini is damaged: pub_mod, pub_exp or pri_exp can't be read") from None
    if not n:
        raise ValueError("rsakeys.ini is damaged: pub_mod is 0")
    return RsaPrivateKey(n, e, d)


def _ini_number(text: str) -> int:
    return int.from_bytes(bytes(int(byte, 16) for byte in text.split(",") if byte.strip()), "little")


# -- the server's certificate --------------------------------------------------------------------------------------


def parse_server_certificate(data: bytes) -> ServerPublicKey | None:
    """Read a SERVER_CERTIFICATE; None if it has no RSA key that can be read. Never raises."""
    version = int.from_bytes(data[:4], "little")
    temporary = bool(version & TEMPORARY)
    if version & ~TEMPORARY == _CHAIN:
        return parse_x509(_last_certificate(data), temporary)
    return _proprietary_key(data[4:], temporary)


def _proprietary_key(data: bytes, temporary: bool) -> ServerPublicKey | None:
    if len(data) < _PROPRIETARY.size:
        return None
    *_, size = _PROPRIETARY.unpack_from(data)
    blob = data[_PROPRIETARY.size : _PROPRIETARY.size + size]
    if len(blob) < _RSA1.size:
        return None
    magic, length, _bits, _datalen, e = _RSA1.unpack_from(blob)
    n = int.from_bytes(blob[_RSA1.size : _RSA1.size + length], "little")
    if magic != b"RSA1" or len(blob) < _RSA1.size + length or not n:
        return None
    return ServerPublicKey(n, e, blob, "proprietary", temporary)


def _last_certificate(data: bytes) -> bytes:
    """The DER certificate of the server in an X.509 chain, with its dwVersion; empty if the chain is cut."""
    count, at, certificate = int.from_bytes(data[4:8], "little"), 8, b""
    for _ in range(min(count, MAX_CERTIFICATES)):
        size = int.from_bytes(data[at : at + 4], "little")
        certificate = data[at + 4 : at + 4 + size]
        at += 4 + size
        if at > len(data):
            return b""
    return certificate


def parse_x509(der: bytes, temporary: bool = False) -> ServerPublicKey | None:
    """The RSA key in a certificate (RFC 5280 4.1); None if it has none that can be read. Never raises.

    Certificate     SEQUENCE: tbsCertificate SEQUENCE, ...
    tbsCertificate  [0] version (optional), serial, signature, issuer, validity, subject, subjectPublicKeyInfo
    ...KeyInfo      SEQUENCE: algorithm, BIT STRING: 00 RSAPublicKey SEQUENCE: n, e
    """
    fields = [item for item in _elements(_content(_content(der, _SEQUENCE), _SEQUENCE)) if item[0] != _VERSION]
    info = list(_elements(fields[5][1])) if len(fields) > 5 else []
    if len(info) < 2 or info[1][0] != _BIT_STRING:
        return None
    blob = info[1][1][1:]
    numbers = [int.from_bytes(value, "big") for kind, value in _elements(_content(blob, _SEQUENCE)) if kind == _INTEGER]
    if len(numbers) < 2 or not numbers[0]:
        return None
    return ServerPublicKey(numbers[0], numbers[1], blob, "x509", temporary)


# -- DER (X.690) ---------------------------------------------------------------------------------------------------


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, content) of the elements that follow each other in `data`, up to the first that does not fit."""
    at = 0
    while at + 1 < len(data):
        tag = data[at]
        length, at = read_ber_length(data, at + 1)
        if length is None or at + length > len(data):
            return
        yield tag, data[at : at + length]
        at += length


def _content(data: bytes, tag: int) -> bytes:
    """The content of the element that `data` starts with, if it has this tag."""
    first = next(_elements(data), None)
    return first[1] if first and first[0] == tag else b""


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _der_integer(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
