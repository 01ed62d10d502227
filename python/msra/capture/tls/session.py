"""The secrets of a connection, from the handshake and what the user gave; and the keys they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msra.capture.tls import schedule
from msra.capture.tls.handshake import Handshake
from msra.capture.tls.keylog import TlsSecrets
from msra.capture.tls.messages import TLS_1_0, TLS_1_3
from msra.capture.tls.schedule import Keys

_TRAFFIC_KEPT = 8  # traffic secrets of one direction, the latest ones


def traffic_label(from_client: bool, epoch: int) -> str:
    """The key log's name of a traffic secret of TLS 1.3; epoch 0 is the handshake."""
    kind = f"TRAFFIC_SECRET_{epoch - 1}" if epoch else "HANDSHAKE_TRAFFIC_SECRET"
    return f"{'CLIENT' if from_client else 'SERVER'}_{kind}"


class Session:
    """A handshake and its secrets; `source` is where the keys up to TLS 1.2 come from."""

    def __init__(self, secrets: TlsSecrets) -> None:
        self.handshake = Handshake()
        self.source: Literal["key log", "RSA key", "resumed session"] = "key log"
        self.secrets = secrets
        self._master: bytes | None = None
        self._master_known = -1
        self._traffic: dict[tuple[bool, int], bytes] = {}

    @property
    def known(self) -> int:
        """Grows with all that may lead to other keys."""
        return self.handshake.seen + self.secrets.version

    def message(self, from_client: bool, kind: int, message: bytes) -> None:
        """A handshake message of one side."""
        self.handshake.add(from_client, kind, message)
        if self._master is not None:
            self._remember(self._master)

    def keys(self, from_client: bool, epoch: int) -> Keys | None:
        """What protects one direction in this epoch (see Reader); None if it is not known."""
        shake = self.handshake
        hello, suite = shake.server_hello, shake.suite
        if hello is None or suite is None or hello.compression or not TLS_1_0 <= hello.version <= TLS_1_3:
            return None
        if hello.version == TLS_1_3:
            secret = self._traffic_secret(from_client, epoch)
            return None if secret is None else schedule.traffic_keys(suite, secret)
        master = None if epoch else self._find_master()
        if master is None or shake.client_hello is None:
            return None
        randoms = hello.random + shake.client_hello.random
        return schedule.key_block(hello.version, suite, master, randoms)[from_client]

    # TLS 1.3 (RFC 8446 7.1)

    def _traffic_secret(self, from_client: bool, epoch: int) -> bytes | None:
        hello, suite = self.handshake.client_hello, self.handshake.suite
        if hello is None or suite is None:
            return None
        secret = self.secrets.find(traffic_label(from_client, epoch), hello.random)
        before = self._traffic.get((from_client, epoch - 1)) if epoch > 1 else None
        if secret is None and before is not None:
            secret = schedule.next_traffic_secret(suite, before)
        if secret is not None:
            self._traffic[from_client, epoch] = secret
            self._traffic.pop((from_client, epoch - _TRAFFIC_KEPT), None)
        return secret

    # Up to TLS 1.2 (RFC 5246 8.1)

    def _find_master(self) -> bytes | None:
        if self._master_known != self.known:
            self._master_known = self.known
            self._master = self._search_master()
            if self._master is not None:
                self._remember(self._master)
        return self._master

    def _search_master(self) -> bytes | None:
        """From the key log, the key exchange, or the session that it resumes."""
        shake = self.handshake
        if shake.client_hello is None:
            return None
        self.source = "key log"
        master = self.secrets.find("CLIENT_RANDOM", shake.client_hello.random)
        if master is None and shake.key_exchange:
            premaster = next(self._premasters(shake.client_hello.random), None)
            return None if premaster is None else self._from_premaster(premaster)
        if master is None and shake.resumed:
            self.source = "resumed session"
            sessions = (name for name in self._session_names() if name)
            return next((found for found in map(self.secrets.recall, sessions) if found is not None), None)
        return master

    def _premasters(self, client_random: bytes) -> Iterator[bytes]:
        given = self.secrets.find("PMS_CLIENT_RANDOM", client_random)
        if given is not None:
            yield given
        suite, encrypted = self.handshake.suite, self.handshake.encrypted_premaster
        if suite is None or suite.key_exchange != "RSA":
            return
        given = self.secrets.find("RSA", encrypted[:8])
        if given is not None:
            yield given
        if self.secrets.rsa_keys:
            from msra.capture.tls import rsa  # imports `cryptography`

            self.source = "RSA key"
            for key in self.secrets.rsa_keys:
                if not self.handshake.certificate or rsa.fits(key, self.handshake.certificate):
                    found = rsa.decrypt_premaster(key, encrypted)
                    if found is not None:
                        yield found

    def _from_premaster(self, premaster: bytes) -> bytes | None:
        shake = self.handshake
        client, server, suite = shake.client_hello, shake.server_hello, shake.suite
        if client is None or server is None or suite is None:
            return None
        if not shake.extended_master_secret:
            return schedule.master_secret(server.version, suite.prf, premaster, client.random + server.random)
        if not shake.whole:
            return None
        return schedule.extended_master_secret(server.version, suite.prf, premaster, shake.transcript)

    def _session_names(self) -> tuple[bytes, ...]:
        """The session id and ticket that both sides may have agreed to resume."""
        client, server = self.handshake.client_hello, self.handshake.server_hello
        if client is None or server is None:
            return ()
        return (server.session_id if server.session_id == client.session_id else b"", client.ticket)

    def _remember(self, master: bytes) -> None:
        server = self.handshake.server_hello
        for name in (server.session_id if server else b"", self.handshake.ticket):
            if name:
                self.secrets.remember(name, master)
