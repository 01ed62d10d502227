"""What is given beside captures is usable, or a sentence says why not; that shows nothing of a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from msra.engines.interface import Options
from msra.given import GivenError, check_keys, load_invitation
from tests.conformance.expected import PCAPS
from tests.test_cli import invitation


def test_keys() -> None:
    options = Options(PCAPS / "v2_tls13.keys.txt", (PCAPS / "v2_rc4_128.server.key.pem",))
    assert check_keys(options) is options
    with pytest.raises(GivenError, match="no private key"):
        check_keys(Options(rdp_keys=(PCAPS / "README.md",)))


def test_passwords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is preferred to the environment; a byte order mark and the line's end don't belong to it."""
    path, password = Path(invitation(tmp_path)), tmp_path / "password"
    password.write_bytes(b"\xef\xbb\xbf secret \r\n")
    monkeypatch.setenv("MSRA_PASSWORD", "other")
    for file, expected in ((password, " secret "), (None, "other")):
        given = load_invitation(path, file)
        assert given and given.password == expected and expected not in repr(given)
    assert load_invitation(None, None) is None


def test_what_cannot_be_used(tmp_path: Path) -> None:
    path, password = Path(invitation(tmp_path)), tmp_path / "password"
    password.write_bytes(b"\xff\xfesecret")
    cases = (
        (None, password, "none is given"),
        (tmp_path / "missing", None, "missing: it cannot be read: No such file"),
        (path, password, "password: the password is not UTF-8 text"),
        (password, None, "password: "),
    )
    for invitation_file, password_file, said in cases:
        with pytest.raises(GivenError, match=said) as caught:
            load_invitation(invitation_file, password_file)
        assert "secret" not in str(caught.value)
