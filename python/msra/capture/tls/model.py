"""What the decryptor gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Plaintext:
    """The content of an application data record that was decrypted and verified."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Undecrypted:
    """`size` bytes that could not be read: the fragment of an application data record, or what is left of records
    after a loss. `reason` is a sentence for people; it says what is missing."""

    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class HandshakeFact:
    """The ServerHello was seen: "tls1.2", "TLS_RSA_WITH_AES_128_CBC_SHA", the ClientHello's random as hex.

    A suite that has no name here is given as "0xc051"; the random is empty where the ClientHello was not captured.
    """

    version: str
    cipher_suite: str
    client_random: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert (RFC 8446 6); level 1 is a warning, 2 is fatal."""

    level: int
    description: int
    name: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """The server's own certificate (the first of its chain)."""

    der: bytes


Item: TypeAlias = Plaintext | Undecrypted | HandshakeFact | Alert | Certificate
