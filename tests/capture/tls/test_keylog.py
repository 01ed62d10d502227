"""Key logs as programs write them, and as users damage them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.tls import TlsSecrets, keylog
from tests.capture.tls.sessions import rsa_key, secrets

RANDOM, SECRET = bytes(range(32)), bytes(range(48))
LINE = b"CLIENT_RANDOM %s %s" % (RANDOM.hex().encode(), SECRET.hex().encode())


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        LINE + b"\n",
        b"# a comment\r\n" + LINE + b"\r\nEXPORTER_SECRET zz\r\n",
        b"\xef\xbb\xbf" + LINE,
        b"  " + LINE.replace(b" ", b"\t") + b"  \n",
        b"\x00\xff junk \n\n" + LINE.replace(b"a", b"A").replace(b"f", b"F") + b"\nCLIENT_RANDOM 1",
    ],
)
def test_tolerant_of_everything_around_a_line(text: bytes) -> None:
    assert secrets(text).find("CLIENT_RANDOM", RANDOM) == SECRET


@pytest.mark.parametrize("text", [b"", LINE[:-1], LINE[:60], b"X" + LINE, LINE + b" more", LINE.replace(b" ", b"")])
def test_damaged_lines_are_no_secrets(text: bytes) -> None:
    given_secrets = secrets(text)
    assert given_secrets.find("CLIENT_RANDOM", RANDOM) is None
    assert given_secrets.version == 0


@pytest.mark.parametrize(
    "label",
    ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0", "CLIENT_TRAFFIC_SECRET_12", "PMS_CLIENT_RANDOM"],
)
def test_labels(label: str) -> None:
    text = LINE.replace(b"CLIENT_RANDOM", label.encode())
    assert secrets(text).find(label, RANDOM) == SECRET


def test_rsa_lines_of_both_kinds() -> None:
    given_secrets = secrets(
        b"RSA 0011223344556677 %s\nRSA Session-ID:ABCD Master-Key:%s\n" % ((SECRET.hex().encode(),) * 2)
    )
    assert given_secrets.find("RSA", bytes.fromhex("0011223344556677")) == SECRET
    assert given_secrets.recall(bytes.fromhex("ABCD")) == SECRET


def test_the_version_tells_of_news() -> None:
    """Readers that wait for keys look again when it grows; a repeated block is no news."""
    given_secrets = TlsSecrets()
    given_secrets.add_keylog(LINE)
    first = given_secrets.version
    given_secrets.add_rsa_key(rsa_key())
    second = given_secrets.version
    given_secrets.add_keylog(LINE)
    assert 0 < first < second == given_secrets.version


def test_the_oldest_secrets_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keylog, "MAX_SECRETS", 10)
    given_secrets = TlsSecrets()
    for number in range(25):
        given_secrets.add_keylog(LINE.replace(RANDOM.hex().encode(), b"%064x" % number))
    kept = [number for number in range(25) if given_secrets.find("CLIENT_RANDOM", number.to_bytes(32, "big"))]
    assert kept == list(range(15, 25))


def test_the_oldest_sessions_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keylog, "MAX_TLS_SESSIONS", 2)
    given_secrets = TlsSecrets()
    for name in (b"1", b"2", b"3"):
        given_secrets.remember(name, SECRET)
    assert [given_secrets.recall(name) for name in (b"1", b"2", b"3")] == [None, SECRET, SECRET]


def test_no_secret_is_shown() -> None:
    assert SECRET.hex()[:16] not in repr(secrets(LINE)) + str(vars(type(secrets(LINE))))


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read(data: bytes) -> None:
    TlsSecrets().add_keylog(data)
    TlsSecrets().add_keylog(LINE + data)
