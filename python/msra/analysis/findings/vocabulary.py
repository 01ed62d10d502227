"""The messages by name: which there are, who sends them, and in which versions ([MS-RA] 2.2, [MS-RDPEMC] 2.2)."""

from __future__ import annotations

from collections.abc import Mapping

from msra.events import Message, Role

_CTL = "REMOTEDESKTOP_CTL_"
ANNOUNCE, VERSIONINFO, RESULT = f"{_CTL}SERVER_ANNOUNCE", f"{_CTL}VERSIONINFO", f"{_CTL}RESULT"
AUTHENTICATE, CONTROL_DESKTOP = f"{_CTL}AUTHENTICATE", f"{_CTL}REMOTE_CONTROL_DESKTOP"
ON_VISTA, VERIFY_PASSWORD, TOKEN = "REMOTEDESKTOP_EXPERT_ON_VISTA", f"{_CTL}VERIFY_PASSWORD", f"{_CTL}TOKEN"
NOVICE_NAME, EXPERT_NAME, DISCONNECT = f"{_CTL}RANOVICE_NAME", f"{_CTL}RAEXPERT_NAME", f"{_CTL}DISCONNECT"

COMMANDS = frozenset({
    # [MS-RA] 2.2.2: the values of NAME
    "FILEXFER", "ABORTRC", "ACCEPTRC", "DENIEDRC", "ESCRC", "REJECTRC", "REMOTECTRLSTART", "REMOTECTRLEND",
    "TAKECONTROL", "TYPINGSTART", "EXPERTIP", "SETTINGANNOUNCE", "BANDWTOLOW", "BANDWTOHIGH", "DISABLEVOICE",
    "PRESTART", "PRESTARTNO", "PRESTARTYES", "VOIPGO", "VOIPGONO", "VOIPPREGO", "VOIPPREGO2", "VOIPQNO", "WIZARDBAD",
    "WIZARDGOOD",
})  # fmt: skip
FILE_COMMANDS = ("FILEXFERACK", "FILEXFERREJECT", "FILEXFEREND")  # [MS-RA] 2.2.3
FILE_TYPES = ("FILE_DATA", *FILE_COMMANDS)

SENDERS: Mapping[str, Role] = {
    # [MS-RA] 2.2.1: messages that only one side sends
    CONTROL_DESKTOP: "expert", AUTHENTICATE: "expert", VERIFY_PASSWORD: "expert", ON_VISTA: "expert",
    EXPERT_NAME: "expert", ANNOUNCE: "novice", NOVICE_NAME: "novice",
    # [MS-RA] 3.3.5, 3.15, 3.16, 3.17: commands
    "RCCOMMAND REMOTECTRLSTART": "expert", "RCCOMMAND REMOTECTRLEND": "expert", "RCCOMMAND EXPERTIP": "expert",
    "RCCOMMAND ACCEPTRC": "novice", "RCCOMMAND REJECTRC": "novice", "RCCOMMAND DENIEDRC": "novice",
    "RCCOMMAND TAKECONTROL": "novice", "RCCOMMAND ESCRC": "novice", "RCCOMMAND VOIPGO": "novice",
    # [MS-RDPEMC] 2.2: orders; both sides may send the two that 3.2.5.2 and 3.3.5.2 process alike
    "OD_PARTICIPANT_CTRL_CHANGE": "expert", "OD_WND_SHOW": "expert",
    "OD_FILTER_STATE_UPDATED": "novice", "OD_APP_REMOVED": "novice", "OD_APP_CREATED": "novice",
    "OD_WND_REMOVED": "novice", "OD_WND_CREATED": "novice", "OD_WND_REGION_UPDATE": "novice",
    "OD_GRAPHICS_STREAM_PAUSED": "novice", "OD_GRAPHICS_STREAM_RESUMED": "novice",
    "OD_PARTICIPANT_CTRL_CHANGE_RESPONSE": "novice",
}  # fmt: skip

VERSIONS: Mapping[str, tuple[int, ...]] = {
    # [MS-RA] 2.2.1.4 to 2.2.1.15: the versions that know a message
    CONTROL_DESKTOP: (1,), AUTHENTICATE: (1,), f"{_CTL}ISCONNECTED": (1,),
    ANNOUNCE: (1, 2), RESULT: (1, 2), VERSIONINFO: (1, 2),
    VERIFY_PASSWORD: (2,), ON_VISTA: (2,), NOVICE_NAME: (2,), EXPERT_NAME: (2,), TOKEN: (3,),
    # [MS-RA] 2.2.2, 3.13.5, 3.15.5: commands
    "RCCOMMAND EXPERTIP": (1,), "RCCOMMAND REMOTECTRLSTART": (1,), "RCCOMMAND SETTINGANNOUNCE": (3,),
}  # fmt: skip


def command(message: Message) -> str:
    """The NAME of an RCCOMMAND; [MS-RA] 3.15.5 itself once writes `DENIEDRC ` with a blank."""
    return str(message.fields.get("name", "")).strip()


def name_of(message: Message) -> str:
    """What tables and texts call a message: its type, a command of the specification with its NAME."""
    if message.type == "RCCOMMAND" and command(message) in COMMANDS:
        return f"RCCOMMAND {command(message)}"
    return message.type


def versions_of(message: Message) -> tuple[int, ...]:
    """The versions that send such a message, () for all ([MS-RA] 2.2.1.2 for the file channels)."""
    if message.type in FILE_TYPES:
        return (2, 3) if message.channel == "RA_FX" else (1,)
    if message.type == "RCCOMMAND" and message.fields.get("internaldata", "0") != "0":
        return (3,)
    return VERSIONS.get(name_of(message), ())
