"""The sentences that say what is missing: exact words, and no secret in any of them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from msra.capture.tls import Item, TlsDecryptor, TlsSecrets
from msra.capture.tls.rsa import fingerprint
from tests.capture.tls import sessions
from tests.capture.tls.sessions import (
    Connection,
    Stream,
    client_hello,
    cut_records,
    decrypt,
    record,
    recorded,
    rsa_key,
    server_hello,
)

OTHER = rsa.generate_private_key(65537, 2048)
APPLICATION_DATA = (False, record(23, bytes(40)))


def random_of(connection: Connection) -> str:
    """The random of the first ClientHello, the first message of all."""
    return connection.stream[0][1][11:43].hex()


def said(stream: Stream, given: TlsSecrets | None = None) -> set[str]:
    return sessions.reasons(decrypt(stream, given or TlsSecrets()))


@pytest.mark.parametrize("name", ["tls13_ccm", "tls12_ccm", "tls10_ecdhe"])
def test_a_key_log_is_missing(name: str) -> None:
    version = f"TLS {name[3]}.{name[4]}"
    connection = recorded(name).first
    random = random_of(connection)
    assert said(connection.stream) == {f"{version}; give a key log that holds client random {random}"}


def test_with_rsa_key_exchange_a_private_key_does_as_well() -> None:
    connection = recorded("tls12_rsa_gcm_ems").first
    advice = f"give a key log that holds client random {random_of(connection)}, or the server's RSA private key"
    assert said(connection.stream) == {f"TLS 1.2; {advice}"}
    certificate = next(item.der for _, item in decrypt(connection.stream, TlsSecrets()) if hasattr(item, "der"))
    whose = f"the server's, whose public key has the SHA-256 {fingerprint(certificate)}"
    one, many = sessions.secrets(b"", OTHER), sessions.secrets(b"", OTHER, OTHER)
    assert said(connection.stream, one) == {f"TLS 1.2; the RSA key given is not {whose}; {advice}"}
    assert said(connection.stream, many) == {f"TLS 1.2; none of the 2 RSA keys given is {whose}; {advice}"}


def test_with_another_key_exchange_a_private_key_is_of_no_use() -> None:
    connection = recorded("tls12_ccm").first
    (reason,) = said(connection.stream, sessions.secrets(b"", rsa_key()))
    assert reason.endswith("; an RSA private key does not open ECDHE_ECDSA key exchange")


@pytest.mark.parametrize(
    ("side", "number", "words"),
    [
        (True, 1, "the RSA key given is the server's, but"),  # ClientKeyExchange
        (False, 1, "the RSA key given can't be tried, because"),  # Certificate, which the extended master secret needs
    ],
)
def test_the_right_key_and_a_handshake_with_holes(side: bool, number: int, words: str) -> None:
    connection = recorded("tls12_rsa_gcm_ems").first
    decryptor = TlsDecryptor(sessions.secrets(b"", rsa_key()))
    items: list[tuple[bool, Item]] = []
    seen = 0
    for sender, data in connection.stream:
        for sent in cut_records(data):
            lost = sender == side and seen == number
            seen += sender == side
            read = decryptor.hole(sender, len(sent)) if lost else decryptor.feed(sender, sent)
            items += [(sender, item) for item in read]
    (reason,) = sessions.reasons(items)
    key_log = f"give a key log that holds client random {random_of(connection)}"
    assert reason == f"TLS 1.2; {words} parts of the handshake are not in the capture; {key_log}"


def test_a_resumed_session_whose_beginning_is_not_known() -> None:
    connection = recorded("tls12_session_id").connections[1]
    (reason,) = said(connection.stream, sessions.secrets(b"", rsa_key()))
    assert reason.endswith("; the session it resumes was begun in another connection")


def test_a_part_of_a_key_log() -> None:
    session = recorded("tls13_ccm")
    half = b"\n".join(line for line in session.keylog.splitlines() if line.startswith(b"SERVER"))
    random = random_of(session.first)
    assert said(session.first.stream, sessions.secrets(half)) == {
        f"TLS 1.3; the key log holds client random {random}, but lacks its CLIENT_HANDSHAKE_TRAFFIC_SECRET"
    }


def test_the_start_is_not_in_the_capture() -> None:
    (reason,) = said([APPLICATION_DATA])
    assert reason == "the start of the TLS connection is not in the capture"
    (reason,) = said([(True, record(22, client_hello())), APPLICATION_DATA])
    assert reason == "the ServerHello of the TLS connection is not in the capture"
    (reason,) = said([(False, record(22, server_hello())), APPLICATION_DATA])
    assert reason == "TLS 1.3; the ClientHello is not in the capture, and without it no keys can be found"


@pytest.mark.parametrize(
    ("hello", "reason"),
    [
        (server_hello(0x0300, 0x0005), "SSL 3.0 is not supported"),
        (server_hello(0x7F1C), "TLS version 0x7f1c is not supported"),
        (server_hello(0x0303, 0xC051), "TLS 1.2; cipher suite 0xc051 is not supported"),
        (server_hello(0x0304, 0x002F), "TLS 1.3; cipher suite TLS_RSA_WITH_AES_128_CBC_SHA is not supported"),
        (server_hello(0x0303, 0x002F, compression=1), "TLS 1.2; compression is not supported"),
    ],
)
def test_what_is_not_supported(hello: bytes, reason: str) -> None:
    assert said([(True, record(22, client_hello())), (False, record(22, hello)), APPLICATION_DATA]) == {reason}


@pytest.mark.parametrize("name", ["tls13_ccm", "tls12_ccm", "tls12_rc4_sha", "tls10_aes_cbc_rsa", "tls12_null"])
def test_a_wrong_secret(name: str) -> None:
    """Every record is verified, so what doesn't fit is not given out as clear text."""
    session = recorded(name)
    wrong = b"\n".join(line[:-8] + b"00000000" for line in session.keylog.splitlines())
    items = decrypt(session.first.stream, sessions.secrets(wrong))
    assert sessions.clear_text(items) == {True: b"", False: b""}
    (reason,) = sessions.reasons(items)
    which = f"the key log's secret for client random {random_of(session.first)}"
    assert reason.partition("; ")[2] == f"{which} does not open this connection (wrong key)"


@pytest.mark.parametrize("name", sessions.NAMES)
def test_no_secret_is_told(name: str) -> None:
    session = recorded(name)
    told = {line.split()[-1].decode() for line in session.keylog.splitlines()}
    wrong = b"\n".join(line[:-2] + b"00" for line in session.keylog.splitlines())
    for given in (session.keylog, wrong, session.keylog.replace(b"HANDSHAKE", b"X")):
        items = decrypt([*session.first.stream, APPLICATION_DATA], sessions.secrets(given, OTHER))
        assert not [secret for secret in told for reason in sessions.reasons(items) if secret[:32] in reason]


def test_a_cipher_that_is_not_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """`cryptography` on top of an OpenSSL without it."""
    monkeypatch.setattr("msra.capture.tls.ciphers.make_cipher", lambda *_: None)
    session = recorded("tls12_rc4_sha")
    (reason,) = said(session.first.stream, sessions.secrets(session.keylog))
    suite = "TLS_RSA_WITH_RC4_128_SHA"
    assert reason == f"TLS 1.2; the installed cryptography package does not support cipher suite {suite}"
