"""Why a connection can't be read: sentences that say exactly what is missing, and never a secret."""

from __future__ import annotations

from msra.capture.tls.messages import TLS_1_0, TLS_1_3, version_name
from msra.capture.tls.session import Session, traffic_label
from msra.capture.tls.suites import suite_name

LOST_HERE = "bytes of its TLS record are not in the capture"
NOT_FOUND = "bytes before this TLS record are not in the capture, and its place was not found"
EARLY_DATA = "it is TLS 1.3 early data, which is not read"
DAMAGED = "the TLS record does not verify: it is damaged, or bytes before it are not in the capture"


def no_keys(session: Session, from_client: bool, epoch: int) -> str:
    """There are no keys for records of one side in this epoch (see Reader)."""
    client, server = session.handshake.client_hello, session.handshake.server_hello
    if server is None and client is not None and client.early_data and from_client:
        return EARLY_DATA
    if server is None:
        return f"the {'start' if client is None else 'ServerHello'} of the TLS connection is not in the capture"
    label = _label(session)
    if not TLS_1_0 <= server.version <= TLS_1_3:
        return f"{label} is not supported"
    if session.handshake.suite is None:
        return f"{label}; cipher suite {suite_name(server.suite)} is not supported"
    if server.compression:
        return f"{label}; compression is not supported"
    if client is None:
        return f"{label}; the ClientHello is not in the capture, and without it no keys can be found"
    random = client.random.hex()
    if server.version == TLS_1_3:
        return f"{label}; {_tls13(session, client.random, traffic_label(from_client, epoch))}"
    return f"{label}; {_tls12(session, f'give a key log that holds client random {random}')}"


def no_cipher(session: Session) -> str:
    """There are keys, but the cipher isn't to be had."""
    server = session.handshake.server_hello
    name = suite_name(server.suite) if server else ""
    return f"{_label(session)}; the installed cryptography package does not support cipher suite {name}"


def wrong_keys(session: Session) -> str:
    """There are keys, but no record verified with them."""
    client = session.handshake.client_hello
    what = {
        "key log": f"the key log's secret for client random {client.random.hex() if client else ''}",
        "RSA key": "the RSA key given",
        "resumed session": "the secret of the session that it resumes",
    }[session.source]
    return f"{_label(session)}; {what} does not open this connection (wrong key)"


def _label(session: Session) -> str:
    """ "TLS 1.2"."""
    version = version_name(session.handshake.version or 0)
    return f"{version[:3].upper()} {version[3:]}" if "." in version else f"TLS version {version}"


def _tls13(session: Session, client_random: bytes, needed: str) -> str:
    random = client_random.hex()
    labels = {traffic_label(side, epoch) for side in (True, False) for epoch in (0, 1)}
    if any(session.secrets.find(label, client_random) for label in labels):
        return f"the key log holds client random {random}, but lacks its {needed}"
    return f"give a key log that holds client random {random}"


def _tls12(session: Session, key_log: str) -> str:
    shake, keys = session.handshake, session.secrets.rsa_keys
    exchange = shake.suite.key_exchange if shake.suite else ""
    if exchange != "RSA":
        return f"{key_log}; an RSA private key does not open {exchange} key exchange" if keys else key_log
    if shake.resumed:
        return f"{key_log}; the session it resumes was begun in another connection"
    advice = f"{key_log}, or the server's RSA private key"
    if not keys:
        return advice
    if not shake.certificate:
        return f"the RSA key given can't be tried, because parts of the handshake are not in the capture; {key_log}"
    from msra.capture.tls import rsa  # imports `cryptography`

    if any(rsa.fits(key, shake.certificate) for key in keys):
        return f"the RSA key given is the server's, but parts of the handshake are not in the capture; {key_log}"
    which = "the RSA key given is not" if len(keys) == 1 else f"none of the {len(keys)} RSA keys given is"
    return f"{which} the server's, whose public key has the SHA-256 {rsa.fingerprint(shake.certificate)}; {advice}"
