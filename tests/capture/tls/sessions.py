"""TLS sessions for tests: recorded ones (tests/data/tls), and live ones made in memory by Python's ssl module."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from msra.capture.tls import Item, Plaintext, TlsDecryptor, TlsSecrets, Undecrypted

DATA = Path(__file__).parents[2] / "data" / "tls"
NAMES = sorted(path.stem for path in DATA.glob("*.json"))
assert len(NAMES) > 30

Stream = list[tuple[bool, bytes]]
"""What was sent: from the client or not, and the bytes."""


@dataclass
class Connection:
    """A connection: its bytes in order, and the clear text of each side."""

    stream: Stream
    clear: dict[bool, bytes]

    def sent(self, from_client: bool) -> bytes:
        """All bytes of one side."""
        return b"".join(data for side, data in self.stream if side == from_client)


@dataclass
class Session:
    """Connections that share secrets."""

    keylog: bytes
    connections: list[Connection]
    rsa_key: str | None = None

    @property
    def first(self) -> Connection:
        return self.connections[0]


@cache
def recorded(name: str) -> Session:
    """A session of tests/data/tls."""
    data = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    connections = [
        Connection(
            [(side == "client", bytes.fromhex(sent)) for side, sent in connection["stream"]],
            {True: connection["client"].encode(), False: connection["server"].encode()},
        )
        for connection in data["connections"]
    ]
    return Session("\n".join(data["keylog"]).encode(), connections, data.get("rsa_key"))


@cache
def rsa_key(name: str = "server.key.pem") -> RSAPrivateKey:
    """A private key of tests/data/tls."""
    key = load_pem_private_key((DATA / name).read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def secrets(keylog: bytes = b"", *keys: RSAPrivateKey) -> TlsSecrets:
    given = TlsSecrets()
    given.add_keylog(keylog)
    for key in keys:
        given.add_rsa_key(key)
    return given


def decrypt(stream: Iterable[tuple[bool, bytes]], given: TlsSecrets) -> list[tuple[bool, Item]]:
    """Everything that one connection gives."""
    decryptor = TlsDecryptor(given)
    return [(side, item) for side, data in stream for item in decryptor.feed(side, data)]


def clear_text(items: Iterable[tuple[bool, Item]]) -> dict[bool, bytes]:
    """The application data of each side."""
    text = {True: b"", False: b""}
    for side, item in items:
        if isinstance(item, Plaintext):
            text[side] += item.data
    return text


def reasons(items: Iterable[tuple[bool, Item]]) -> set[str]:
    return {item.reason for _, item in items if isinstance(item, Undecrypted)}


def cut_records(data: bytes) -> Iterator[bytes]:
    """The TLS records of one direction, with their headers."""
    while data:
        size = 5 + int.from_bytes(data[3:5], "big")
        yield data[:size]
        data = data[size:]


def record(kind: int, fragment: bytes, version: int = 0x0303) -> bytes:
    return bytes([kind]) + version.to_bytes(2, "big") + len(fragment).to_bytes(2, "big") + fragment


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def client_hello(random: bytes = bytes(32), session_id: bytes = b"", extensions: bytes = b"") -> bytes:
    body = b"\x03\x03" + random + bytes([len(session_id)]) + session_id + b"\x00\x02\x13\x01\x01\x00"
    return message(1, body + len(extensions).to_bytes(2, "big") + extensions)


def server_hello(
    version: int = 0x0304, suite: int = 0x1302, random: bytes = bytes(32), session_id: bytes = b"", compression: int = 0
) -> bytes:
    """A ServerHello; versions from TLS 1.3 on are in the extension, older ones in the field."""
    extension = b"" if version <= 0x0303 else b"\x00\x2b\x00\x02" + version.to_bytes(2, "big")
    body = min(version, 0x0303).to_bytes(2, "big") + random + bytes([len(session_id)]) + session_id
    body += suite.to_bytes(2, "big") + bytes([compression]) + len(extension).to_bytes(2, "big") + extension
    return message(2, body)


@dataclass
class Live:
    """Client and server of Python's ssl, joined in memory; `stream` is what they sent each other."""

    version: ssl.TLSVersion
    keylog: Path
    stream: Stream = field(default_factory=list)

    def __post_init__(self) -> None:
        client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        server.load_cert_chain(DATA / "server.crt.pem", DATA / "server.key.pem")
        for context in (client, server):
            context.minimum_version = context.maximum_version = self.version
        client.keylog_filename = str(self.keylog)
        self._pipes = {side: (ssl.MemoryBIO(), ssl.MemoryBIO()) for side in (True, False)}
        self._ends = {
            True: client.wrap_bio(*self._pipes[True]),
            False: server.wrap_bio(*self._pipes[False], server_side=True),
        }
        self._shake_hands()

    def _shake_hands(self) -> None:
        waiting = [True, False]
        for side in waiting * 10:
            try:
                if side in waiting:
                    self._ends[side].do_handshake()
                    waiting.remove(side)
            except ssl.SSLWantReadError:
                pass
            self._carry(side)
        assert not waiting

    def _carry(self, side: bool) -> None:
        sent = self._pipes[side][1].read()
        if sent:
            self.stream.append((side, sent))
            self._pipes[not side][0].write(sent)

    def say(self, side: bool, data: bytes) -> None:
        """One side writes, the other reads."""
        self._ends[side].write(data)
        self._carry(side)
        got = b""
        while len(got) < len(data):
            got += self._ends[not side].read(1 << 16)
        assert got == data

    def secrets(self) -> TlsSecrets:
        return secrets(self.keylog.read_bytes())
