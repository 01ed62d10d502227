"""Keys: every way to give them, and a clear word about files that are none, without a byte of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from msra.analyzer import analyze
from msra.engines.embedded import EmbeddedEngine
from msra.engines.interface import EngineError, Options
from msra.engines.secrets import KEYLOG_VARIABLE, GrowingKeylog, load_secrets
from msra.engines.tshark import TsharkEngine
from msra.events import Message
from tests.conformance.expected import PCAPS

KEYLOG = PCAPS / "v2_tls13.keys.txt"


def outcome(name: str, options: Options) -> tuple[str, str]:
    (session,) = analyze(PCAPS / name, "embedded", options).sessions
    return session.verdict.outcome.value, session.verdict.advice


def test_the_environment_names_a_key_log(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome("v2_tls13.pcapng", Options())[0] == "unreadable"
    monkeypatch.setenv(KEYLOG_VARIABLE, str(KEYLOG))
    assert outcome("v2_tls13.pcapng", Options())[0] == "established"
    monkeypatch.setenv(KEYLOG_VARIABLE, "/nowhere/keys")
    assert outcome("v2_tls13.pcapng", Options())[0] == "unreadable"


def test_one_of_several_keys_fits(tmp_path: Path) -> None:
    other = make_key(tmp_path)
    for name in ("v2_rc4_128.pcapng", "v2_tls12_rsa_kex.pcapng"):
        assert outcome(name, Options(rdp_keys=(other, PCAPS / "v2_rc4_128.server.key.pem")))[0] == "established"


def test_the_wrong_key_is_called_so(tmp_path: Path) -> None:
    """It also says which public key the capture has."""
    wrong = make_key(tmp_path)
    for name in ("v2_rc4_128.pcapng", "v2_fips.pcapng", "v2_tls12_rsa_kex.pcapng"):
        found, advice = outcome(name, Options(rdp_keys=(wrong,)))
        assert found == "unreadable"
        assert "f6d7e967955a5c22cd39c32ee7ba26b8a92bc2ca448924aca886d7f7b92f15ee" in advice
        assert "not the server's" in advice or "wrong" in advice


def make_key(folder: Path) -> Path:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "other.pem").write_bytes(pem)
    return folder / "other.pem"


def test_files_that_are_no_keys(tmp_path: Path) -> None:
    secret = tmp_path / "secret.pem"
    secret.write_text("-----BEGIN RSA PRIVATE KEY-----\nTOPSECRET\n-----END RSA PRIVATE KEY-----\n")
    with pytest.raises(EngineError, match=r"secret\.pem") as caught:
        load_secrets(Options(rdp_keys=(secret,)))
    assert "TOPSECRET" not in str(caught.value)
    for options in (Options(rdp_keys=(tmp_path / "missing",)), Options(keylog=tmp_path / "missing")):
        with pytest.raises(EngineError, match="No such file"):
            load_secrets(options)


def test_a_key_log_that_grows(tmp_path: Path) -> None:
    """Whole lines, once each; a file may come late, be begun anew, and go."""
    path = tmp_path / "keys.txt"
    keylog = GrowingKeylog(path)
    assert keylog.news() == b""
    path.write_bytes(b"one\ntw")
    assert keylog.news() == b"one\n" and keylog.news() == b""
    with path.open("ab") as file:
        file.write(b"o\n")
    assert keylog.news() == b"two\n" and keylog.news() == b""
    path.write_bytes(b"new\n")
    assert keylog.news() == b"new\n"
    path.unlink()
    assert keylog.news() == b""


@pytest.mark.parametrize("engine", [EmbeddedEngine(), TsharkEngine()], ids=lambda engine: engine.name)
def test_keys_may_come_while_a_capture_grows(engine: EmbeddedEngine | TsharkEngine, tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.touch()
    with (PCAPS / "v2_tls13.pcapng").open("rb") as stream:
        events = engine.read(None, Options(keylog=path), stream).events()
        found = [next(events)]  # the connection was recognised, and the handshake is still to come
        path.write_bytes(KEYLOG.read_bytes())
        found += events
    assert [event.type for event in found if isinstance(event, Message)][-1] == "REMOTEDESKTOP_CTL_RESULT"
