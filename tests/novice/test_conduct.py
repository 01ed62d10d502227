"""The novice says what the specification has it say, and what it was told to."""

from __future__ import annotations

import pytest

from msra.build import script
from msra.build.script import Script
from msra.codes import CODES
from msra.layers.decode import decode_message
from msra.novice.conduct import (
    AUTHENTICATE,
    REMOTE_CONTROL_DESKTOP,
    VERIFY_PASSWORD,
    Conduct,
    Novice,
    Speech,
)


def results(steps: Script) -> list[object]:
    return [message.fields.get("result") for step in steps if (message := decode_message(step.data))]


def types(steps: Script) -> list[str]:
    return [message.type.removeprefix("REMOTEDESKTOP_CTL_") for step in steps if (message := decode_message(step.data))]


def test_begin() -> None:
    assert types(Novice(Conduct()).begin().steps) == ["SERVER_ANNOUNCE", "VERSIONINFO"]
    assert types(Novice(Conduct(announce=False)).begin().steps) == ["VERSIONINFO"]


@pytest.mark.parametrize(
    ("conduct", "minor"), [(Conduct(), 2), (Conduct(version=1), 1), (Conduct(version=1, version_minor=7), 7)]
)
def test_minor_version(conduct: Conduct, minor: int) -> None:
    message = decode_message(Novice(conduct).begin().steps[1].data)
    assert message is not None and (message.fields["version_major"], message.fields["version_minor"]) == (1, minor)


@pytest.mark.parametrize("code", CODES)
def test_version_2(code: int) -> None:
    assert results(Novice(Conduct(code)).hear(VERIFY_PASSWORD).steps) == [code]


@pytest.mark.parametrize("code", CODES)
def test_version_1(code: int) -> None:
    """26 and 47 are said about the password and the version, all others behind the request for the screen."""
    novice = Novice(Conduct(code, version=1))
    first, second = (novice.hear(kind) for kind in (AUTHENTICATE, REMOTE_CONTROL_DESKTOP))
    expected = ([code], []) if code in (26, 47) else ([0], [code])
    assert (results(first.steps), results(second.steps)) == expected
    assert novice.hear(VERIFY_PASSWORD) == Speech()


def test_end() -> None:
    after = script.chat("novice", "Sorry")
    speech = Novice(Conduct(41, delay=2.5, after=after, disconnect_after=1)).hear(VERIFY_PASSWORD)
    assert types(speech.steps) == ["RESULT", "CHAT", "DISCONNECT"] and speech.is_last
    assert [step.delay for step in speech.steps] == [2.5, 0, 1]
    assert not Novice(Conduct()).hear(VERIFY_PASSWORD).is_last


def test_other_messages_get_no_answer() -> None:
    novice = Novice(Conduct())
    assert {novice.hear(kind) for kind in ("", "UNKNOWN", "CHAT", "REMOTEDESKTOP_CTL_VERSIONINFO")} == {Speech()}
