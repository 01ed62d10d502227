"""Scripts say what the specification says, in its order."""

from __future__ import annotations

import pytest

from msra.build import script
from msra.build.script import Script
from msra.codes import CODES
from msra.layers.decode import decode_message
from msra.layers.encomsp import decode_encomsp

PREFIX = "REMOTEDESKTOP_"


def said(steps: Script) -> list[str]:
    """Who says what, in short."""
    found = []
    for step in steps:
        if step.channel == script.ENCOMSP:
            found += [f"{step.sender} {order.type}" for order in decode_encomsp(step.data)[0]]
            continue
        message = decode_message(step.data)
        assert message is not None and set(message.notes) <= {"bstr_counted"}
        value = message.fields.get("result", message.fields.get("text", message.fields.get("name", "")))
        found.append(f"{step.sender} {message.type.removeprefix(PREFIX).removeprefix('CTL_')} {value}".strip())
    return found


ANNOUNCED = ["novice SERVER_ANNOUNCE", "novice VERSIONINFO"]


@pytest.mark.parametrize("code", CODES)
def test_version_2(code: int) -> None:
    asked = [*ANNOUNCED, "expert EXPERT_ON_VISTA", "expert VERIFY_PASSWORD"]
    assert said(script.version_2(code)) == [*asked, f"novice RESULT {code}"]


def test_version_1() -> None:
    asked = [*ANNOUNCED, "expert VERSIONINFO", "expert AUTHENTICATE"]
    agreed = [*asked, "novice RESULT 0", "expert REMOTE_CONTROL_DESKTOP"]
    assert said(script.version_1(26)) == [*asked, "novice RESULT 26"]
    assert said(script.version_1(47)) == [*asked, "novice RESULT 47"]
    assert said(script.version_1(41)) == [*agreed, "novice RESULT 41"]
    assert said(script.version_1()) == [*agreed, "novice RESULT 0"]


def test_version_3() -> None:
    assert said(script.version_3()) == ["novice TOKEN", "expert TOKEN"]


def test_running_session() -> None:
    assert said(script.chat("expert", "Hi") + script.disconnect("novice")) == ["expert CHAT Hi", "novice DISCONNECT"]
    assert said(script.share_control(answer="DENIEDRC")) == [
        "novice OD_PARTICIPANT_CREATED", "expert OD_PARTICIPANT_CTRL_CHANGE", "novice RCCOMMAND DENIEDRC",
    ]  # fmt: skip
    assert said(script.share_control(version=1)) == ["expert RCCOMMAND REMOTECTRLSTART", "novice RCCOMMAND ACCEPTRC"]


def test_files() -> None:
    announced = ["novice RCCOMMAND FILEXFER", "expert FILEXFERACK"]
    blocks = ["novice FILE_DATA"]
    assert said(script.file("novice", "a", bytes(1025))) == [*announced, *blocks * 2, "novice FILEXFEREND"]
    assert said(script.file("novice", "a", bytes(1025), version=1)) == [*announced, *blocks, "novice FILEXFEREND"]
    assert said(script.file("novice", "a", b"", accepted=False)) == [announced[0], "expert FILEXFERREJECT"]


def test_delays_add_up() -> None:
    steps = script.delayed(1.5, script.delayed(2, script.chat("expert", "a") + script.chat("expert", "b")))
    assert [step.delay for step in steps] == [3.5, 0]
