"""What the user gives to read TLS: key logs in the format of NSS, and RSA private keys.

<label> <client random, 32 bytes as hex> <secret as hex>
RSA <first 8 bytes of the encrypted premaster secret as hex> <premaster secret as hex>
RSA Session-ID:<hex> Master-Key:<hex>
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msra.limits import MAX_RSA_KEYS, MAX_SECRETS, MAX_TLS_SESSIONS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


_LINE = re.compile(
    rb"^[ \t]*(CLIENT_RANDOM|PMS_CLIENT_RANDOM|RSA|(?:CLIENT|SERVER)_(?:HANDSHAKE_|)TRAFFIC_SECRET(?:_\d{1,9})?)"
    rb"[ \t]+((?:[0-9A-Fa-f]{16}){1,4})[ \t]+((?:[0-9A-Fa-f]{2}){16,64})[ \t\r]*$",
    re.MULTILINE,
)
_SESSION = re.compile(
    rb"^[ \t]*RSA[ \t]+Session-ID:((?:[0-9A-Fa-f]{2}){1,32})[ \t]+Master-Key:([0-9A-Fa-f]{96})[ \t\r]*$", re.MULTILINE
)


class TlsSecrets:
    """Everything known that opens TLS connections, shared by all connections of a capture.

    Connections also leave here the master secrets that later ones may resume. `version` grows with what is added.
    """

    def __init__(self) -> None:
        self.version = 0
        self.rsa_keys: list[RSAPrivateKey] = []
        self._secrets: dict[tuple[bytes, bytes], bytes] = {}
        self._sessions: dict[bytes, bytes] = {}

    def add_keylog(self, data: bytes) -> None:
        """Add the lines of a key log; other lines are ignored. May be called at any time while reading."""
        for label, name, secret in _LINE.findall(data.removeprefix(b"\xef\xbb\xbf")):
            self._add(label, bytes.fromhex(name.decode()), bytes.fromhex(secret.decode()))
        for name, master in _SESSION.findall(data):
            self.remember(bytes.fromhex(name.decode()), bytes.fromhex(master.decode()))

    def _add(self, label: bytes, name: bytes, secret: bytes) -> None:
        if self._secrets.get((label, name)) == secret:
            return
        self._secrets[label, name] = secret
        self.version += 1
        if len(self._secrets) > MAX_SECRETS:
            del self._secrets[next(iter(self._secrets))]

    def add_rsa_key(self, key: RSAPrivateKey) -> None:
        """Add a server's private key, for connections whose key exchange is RSA."""
        if len(self.rsa_keys) < MAX_RSA_KEYS:
            self.rsa_keys.append(key)
            self.version += 1

    def find(self, label: str, name: bytes) -> bytes | None:
        """The secret of a key log line; `name` is what follows the label."""
        return self._secrets.get((label.encode(), name))

    def remember(self, session: bytes, master: bytes) -> None:
        """Keep the master secret of a session id or ticket (up to TLS 1.2)."""
        if self._sessions.get(session) == master:
            return
        self._sessions[session] = master
        self.version += 1
        if len(self._sessions) > MAX_TLS_SESSIONS:
            del self._sessions[next(iter(self._sessions))]

    def recall(self, session: bytes) -> bytes | None:
        """The master secret of a session id or ticket seen before."""
        return self._sessions.get(session)
