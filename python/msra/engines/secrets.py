"""The keys that the user gave: read from files, for all connections of a capture. They stay in memory only."""

from __future__ import annotations

import os
from pathlib import Path

from msra.capture.tls import TlsSecrets
from msra.engines.interface import EngineError, Options
from msra.transport.rdp_keys import RsaPrivateKey, load_private_keys

KEYLOG_VARIABLE = "SSLKEYLOGFILE"
_AT_ONCE = 1 << 24  # bytes of a growing key log that are read at a time


class Secrets:
    """Key logs and private keys, for TLS and for Standard RDP Security."""

    def __init__(self, tls: TlsSecrets, rsa_keys: list[RsaPrivateKey]) -> None:
        self.tls = tls
        self.rsa_keys = rsa_keys


def keylog_of(options: Options) -> Path | None:
    """The key log to use: the one given, or the one that the environment names, if it is there."""
    if options.keylog is not None:
        return options.keylog
    named = os.environ.get(KEYLOG_VARIABLE)
    return Path(named) if named and Path(named).is_file() else None


def load_secrets(options: Options) -> Secrets:
    """Read the files that the options name; EngineError says which one cannot be used, and shows nothing of it."""
    tls, rsa_keys = TlsSecrets(), []
    keylog = keylog_of(options)
    if keylog is not None:
        tls.add_keylog(_read(keylog))
    for path in options.rdp_keys:
        try:
            rsa_keys += load_private_keys(_read(path))
        except ValueError as error:
            raise EngineError(f"{path}: {error}") from error
    for key in rsa_keys:
        tls.add_rsa_key(_for_tls(key))
    return Secrets(tls, rsa_keys)


class GrowingKeylog:
    """A key log that is written while the capture is: programs add a line when they have made a key."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._size = 0

    def news(self) -> bytes:
        """The whole lines that are new. A file that is gone has none, and one that is shorter was begun anew."""
        try:
            size = self._path.stat().st_size
            if size == self._size:
                return b""
            self._read = self._read if size > self._read else 0
            with self._path.open("rb") as file:
                file.seek(self._read)
                new = file.read(_AT_ONCE)
        except OSError:
            return b""
        self._size = self._read + len(new)
        new = new[: new.rfind(b"\n") + 1]
        self._read += len(new)
        return new


def _read(path: Path) -> bytes:
    if path.is_fifo():
        raise EngineError(f"{path}: the key file is a pipe, and it is read more than once; give a file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise EngineError(f"{path}: the key file cannot be read: {error.strerror}") from error


def _for_tls(key: RsaPrivateKey):  # type: ignore[no-untyped-def]  # the type is imported with the library
    from cryptography.hazmat.primitives.asymmetric import rsa

    p, q = rsa.rsa_recover_prime_factors(key.n, key.e, key.d)
    numbers = rsa.RSAPrivateNumbers(
        p, q, key.d, rsa.rsa_crt_dmp1(key.d, p), rsa.rsa_crt_dmq1(key.d, q), rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(key.e, key.n),
    )  # fmt: skip
    return numbers.private_key()
