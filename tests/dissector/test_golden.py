"""The tree as a user reads it: one message of each type, and each event of the transport, as text to be reviewed.

`MSRA_UPDATE_GOLDEN=1 pytest tests/dissector/test_golden.py` writes the files; review them against [MS-RA] 2.2.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from msra.layers import (
    ENCOMSP_AppCreated,
    ENCOMSP_AppRemoved,
    ENCOMSP_FilterUpdated,
    ENCOMSP_GraphicsStreamPaused,
    ENCOMSP_GraphicsStreamResumed,
    ENCOMSP_Header,
    ENCOMSP_ParticipantCreated,
    ENCOMSP_ParticipantCtrlChange,
    ENCOMSP_ParticipantCtrlChangeResponse,
    ENCOMSP_ParticipantRemoved,
    ENCOMSP_WndCreated,
    ENCOMSP_WndRegionUpdate,
    ENCOMSP_WndRemoved,
    ENCOMSP_WndShow,
    MSRA_Authenticate,
    MSRA_Chat,
    MSRA_Ctl,
    MSRA_Disconnect,
    MSRA_ExpertOnVista,
    MSRA_FileTransfer,
    MSRA_Header,
    MSRA_IsConnected,
    MSRA_RAExpertName,
    MSRA_RANoviceName,
    MSRA_RCCommand,
    MSRA_RemoteControlDesktop,
    MSRA_Result,
    MSRA_ServerAnnounce,
    MSRA_Token,
    MSRA_VerifyPassword,
    MSRA_VersionInfo,
)
from tests.dissector.conversation import ENCOMSP, EXPERT, NOVICE, REMDESK, Conversation
from tests.dissector.test_contact import CONTACT
from tests.dissector.test_parts import STRING_1, STRING_2
from tests.dissector.tshark import Sandbox
from tests.transport import builders as rdp

FOLDER = Path(__file__).parent / "golden"
BLOB = "11;NAME=Expert69;PASS=" + "4D" * 32
FILE = CONTACT.encode("utf-16")


def order(body: object) -> bytes:
    """A message of encomsp with one order."""
    return bytes(ENCOMSP_Header() / body)


def control(body: object) -> bytes:
    """A control message."""
    return bytes(MSRA_Header() / MSRA_Ctl() / body)


def session(attributes: str) -> bytes:
    """A session control message."""
    return bytes(MSRA_Header() / MSRA_RCCommand(text=f"<RCCOMMAND {attributes}/>"))


def file(data: str | bytes) -> bytes:
    """A message of a file channel: a command, or a block."""
    return bytes(
        MSRA_Header() / MSRA_FileTransfer(data=data.encode("utf-16-le") + b"\0\0" if isinstance(data, str) else data)
    )


MESSAGES: dict[str, tuple[bool, int, bytes]] = {
    # [MS-RA] 2.2.1, by msgType
    "01 REMOTE_CONTROL_DESKTOP": (EXPERT, REMDESK, control(MSRA_RemoteControlDesktop(ra_connection_string=STRING_2))),
    "02 RESULT": (NOVICE, REMDESK, control(MSRA_Result(result=41))),
    "02 RESULT unknown": (NOVICE, REMDESK, control(MSRA_Result(result=1234))),
    "02 RESULT HRESULT": (NOVICE, REMDESK, control(MSRA_Result(result=0x80004005))),
    "03 AUTHENTICATE": (
        EXPERT, REMDESK, control(MSRA_Authenticate(ra_connection_string=STRING_1, expert_blob=BLOB)),
    ),
    "04 SERVER_ANNOUNCE": (NOVICE, REMDESK, control(MSRA_ServerAnnounce())),
    "05 DISCONNECT": (NOVICE, REMDESK, control(MSRA_Disconnect())),
    "06 VERSIONINFO": (NOVICE, REMDESK, control(MSRA_VersionInfo())),
    "07 ISCONNECTED": (EXPERT, REMDESK, control(MSRA_IsConnected())),
    "08 VERIFY_PASSWORD": (EXPERT, REMDESK, control(MSRA_VerifyPassword(expert_blob=BLOB))),
    "09 EXPERT_ON_VISTA": (EXPERT, REMDESK, control(MSRA_ExpertOnVista(encrypted_password=bytes(range(32))))),
    "10 RANOVICE_NAME": (NOVICE, REMDESK, control(MSRA_RANoviceName(novice_name="Bob"))),
    "11 RAEXPERT_NAME": (EXPERT, REMDESK, control(MSRA_RAExpertName(expert_name="Eve"))),
    "12 TOKEN": (NOVICE, REMDESK, control(MSRA_Token(token=bytes(range(20))))),
    "13 unknown control message": (NOVICE, REMDESK, rdp.ra_message("RC_CTL", b"\x0d\0\0\0abc")),
    # [MS-RA] 2.2.2, 2.2.3, 3.11
    "20 CHAT": (EXPERT, REMDESK, bytes(MSRA_Header() / MSRA_Chat(text="Hello Bob"))),
    "21 RCCOMMAND": (EXPERT, REMDESK, session('NAME="VOIPGO" VOIPVER="VOIPVER2" VOIPIPLIST="10.0.0.5:11334"')),
    "22 RCCOMMAND malformed": (EXPERT, REMDESK, bytes(MSRA_Header() / MSRA_RCCommand(text="<RCCOMMAND NAME="))),
    "30 FILEXFER": (
        NOVICE, REMDESK,
        session(f'NAME="FILEXFER" FILENAME="a.xml" FILESIZE="{len(FILE)}" CHANNELID="RA_FX" INTERNALDATA="1"'),
    ),
    "31 FILEXFERACK": (EXPERT, REMDESK, file("FILEXFERACK")),
    "32 FILE_DATA": (NOVICE, REMDESK, file(FILE[:16])),
    "33 FILE_DATA contact": (NOVICE, REMDESK, file(FILE[16:])),
    "34 FILEXFEREND": (NOVICE, REMDESK, file("FILEXFEREND")),
    "35 FILEXFERREJECT": (EXPERT, REMDESK, file("FILEXFERREJECT")),
    "39 unknown sub-channel": (EXPERT, REMDESK, rdp.ra_message("72", b"abc")),
    # [MS-RDPEMC] 2.2, by order type
    "41 FILTER_STATE_UPDATED": (NOVICE, ENCOMSP, order(ENCOMSP_FilterUpdated(flags=1))),
    "42 APP_REMOVED": (NOVICE, ENCOMSP, order(ENCOMSP_AppRemoved(app_id=7))),
    "43 APP_CREATED": (NOVICE, ENCOMSP, order(ENCOMSP_AppCreated(flags=1, app_id=7, app_name="calc"))),
    "44 WND_REMOVED": (NOVICE, ENCOMSP, order(ENCOMSP_WndRemoved(wnd_id=0x10042))),
    "45 WND_CREATED": (
        NOVICE, ENCOMSP, order(ENCOMSP_WndCreated(flags=1, app_id=7, wnd_id=0x10042, wnd_name="Calc")),
    ),
    "46 WND_SHOW": (NOVICE, ENCOMSP, order(ENCOMSP_WndShow(wnd_id=0x10042))),
    "47 PARTICIPANT_REMOVED": (
        NOVICE, ENCOMSP,
        order(ENCOMSP_ParticipantRemoved(participant_id=2, disc_type=2, disc_code=0xD00A0006)),
    ),
    "48 PARTICIPANT_CREATED": (
        NOVICE, ENCOMSP,
        order(ENCOMSP_ParticipantCreated(participant_id=2, group_id=1, flags=5, friendly_name="Eve")),
    ),
    "49 PARTICIPANT_CTRL_CHANGE": (
        EXPERT, ENCOMSP, order(ENCOMSP_ParticipantCtrlChange(flags=3, participant_id=2)),
    ),
    "50 GRAPHICS_STREAM_PAUSED": (NOVICE, ENCOMSP, order(ENCOMSP_GraphicsStreamPaused())),
    "51 GRAPHICS_STREAM_RESUMED": (NOVICE, ENCOMSP, order(ENCOMSP_GraphicsStreamResumed())),
    "52 WND_REGION_UPDATE": (
        NOVICE, ENCOMSP, order(ENCOMSP_WndRegionUpdate(left=1, top=2, right=3, bottom=4)),
    ),
    "53 PARTICIPANT_CTRL_CHANGE_RESPONSE": (
        NOVICE, ENCOMSP,
        order(ENCOMSP_ParticipantCtrlChangeResponse(flags=3, participant_id=2, reason_code=0)),
    ),
    "59 unknown order": (NOVICE, ENCOMSP, b"\x0e\0\x06\0ab"),
}  # fmt: skip


# What versions of Wireshark write in different ways: long bytes are cut here or there, a duration has another unit.
NORMAL = [
    (r"(Block of the file)(?: \[…\])?: ([0-9a-f]{72})[0-9a-f]+…?", r"\1: \2…"),
    (r"1\.000000 milliseconds|0\.001000000 seconds", "0.001 s"),
]


def normal(text: str) -> str:
    """The tree as every version would write it."""
    for pattern, replacement in NORMAL:
        text = re.sub(pattern, replacement, text)
    return text


@pytest.fixture(scope="module")
def trees(sandbox: Sandbox) -> dict[str, str]:
    """The plugin's part of the tree by the name of the message; "00 connection" is that of the transport's events."""
    talk = Conversation().connect()
    frames: dict[int, str] = {}
    for name, (sender, channel, message) in MESSAGES.items():
        talk.message(sender, message, channel, size=4000)
        frames[len(talk.packets)] = name
    talk.send(NOVICE, rdp.disconnect(3))
    said = sandbox.tshark(talk.capture(), "-2", "-V", "-O", "msra,msra_rdp")
    found: dict[str, list[str]] = {}
    for block in re.split(r"^Frame (?=\d+:)", said, flags=re.MULTILINE)[1:]:
        number = int(block.partition(":")[0])
        ours = re.search(r"^(MS-RA, |Remote Desktop transport, ).*", block, re.MULTILINE | re.DOTALL)
        if ours:
            found.setdefault(frames.get(number, "00 connection"), []).append(ours[0].rstrip() + "\n")
    return {name: normal("\n".join(blocks)) for name, blocks in found.items()}


@pytest.mark.parametrize("name", ["00 connection", *MESSAGES])
def test_tree(trees: dict[str, str], name: str) -> None:
    """As it was reviewed."""
    golden = FOLDER / f"{name}.txt"
    if os.environ.get("MSRA_UPDATE_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        golden.write_text(trees[name], "utf-8")
    assert trees[name] == golden.read_text("utf-8")


def test_there_is_no_other_golden() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == {"00 connection", *MESSAGES}
