"""A task on another machine: the keys come along, for its user only, and are gone afterwards."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from msra.analysis.session import Given
from msra.engines.interface import Options
from msra.jobs.errors import JobsError
from msra.jobs.packed import pack
from msra.jobs.task import Task
from tests.analysis.invitation.builders import PASS_STUB, invitation
from tests.conformance.expected import PCAPS
from tests.jobs.captures import source

KEYLOG, KEY = PCAPS / "v2_tls13.keys.txt", PCAPS / "v2_rc4_128.server.key.pem"
TASK = Task("embedded", Options(KEYLOG, (KEY,), frozenset({4711})))


def test_the_keys_come_along(tmp_path: Path) -> None:
    packed = pickle.loads(pickle.dumps(pack(TASK)))
    with packed.unpacked(str(tmp_path)) as task:
        options = task.options
        assert (task.engine, options.decode_as) == ("embedded", {4711})
        assert options.keylog.read_bytes() == KEYLOG.read_bytes()
        assert [key.read_bytes() for key in options.rdp_keys] == [KEY.read_bytes()]
        for path in (options.keylog, *options.rdp_keys):
            assert path.is_relative_to(tmp_path)
            assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        for name in ("v2_tls13.pcapng", "v2_rc4_128.pcapng"):
            assert task.run(source(PCAPS / name)) == TASK.run(source(PCAPS / name))
    assert list(tmp_path.iterdir()) == []


def test_the_environment_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key log that it names here is taken along; one that it names there is not used."""
    encrypted = source(PCAPS / "v2_tls13.pcapng")
    monkeypatch.setenv("SSLKEYLOGFILE", str(KEYLOG))
    with_keys = pack(Task("embedded"))
    monkeypatch.delenv("SSLKEYLOGFILE")
    without = pack(Task("embedded"))
    with with_keys.unpacked() as task:
        assert task.run(encrypted).sessions[0].messages
    monkeypatch.setenv("SSLKEYLOGFILE", str(KEYLOG))
    with without.unpacked() as task:
        assert not task.run(encrypted).sessions[0].messages


def test_its_text_form_shows_no_secret() -> None:
    """Dask logs the arguments of a task that fails."""
    given = Given(invitation(), "Password1")
    text = repr(pack(Task("embedded", TASK.options, given)))
    assert "Password1" not in text and PASS_STUB not in text and "PRIVATE" not in text
    assert KEYLOG.read_text().split()[-1] not in text


def test_a_key_file_that_has_gone() -> None:
    with pytest.raises(JobsError, match="/nowhere/key: the key file cannot be read: No such file"):
        pack(Task("embedded", Options(rdp_keys=(Path("/nowhere/key"),))))
