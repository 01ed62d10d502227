"""What the two sides say, as steps: ready handshakes, and pieces to put behind them.

    script.version_2(result=0) + script.chat("expert", "Hello") + script.disconnect("novice")

Everything here is a tuple of steps, so that scripts are added with `+` and cut with `[:-1]`. What no function makes is
a `Step` with a Scapy layer, or with bytes that no layer would build.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from scapy.compat import raw
from scapy.packet import Packet

from msra.build.invitation import Invitation
from msra.events import Role
from msra.layers import (
    ENCOMSP_Header,
    ENCOMSP_ParticipantCreated,
    ENCOMSP_ParticipantCtrlChange,
    MSRA_Authenticate,
    MSRA_Chat,
    MSRA_Ctl,
    MSRA_Disconnect,
    MSRA_ExpertOnVista,
    MSRA_FileTransfer,
    MSRA_Header,
    MSRA_RCCommand,
    MSRA_RemoteControlDesktop,
    MSRA_Result,
    MSRA_ServerAnnounce,
    MSRA_Token,
    MSRA_VerifyPassword,
    MSRA_VersionInfo,
    bstr,
)

REMDESK, ENCOMSP = "remdesk", "encomsp"
"""The channels of Remote Assistance messages and of [MS-RDPEMC]."""
BLOCK, BLOCK_1 = 1024, 409_600
"""Bytes of a file in a message in versions 2 and 3, and in version 1 ([MS-RA] 3.9.5)."""
FIRST_ANSWERS = frozenset({26, 47})
"""Results by which a version 1 novice answers AUTHENTICATE already ([MS-RA] 3.4.5)."""


@dataclass(frozen=True)
class Step:
    """A message that `sender` puts on a static channel, `delay` seconds after what was before."""

    sender: Role
    message: Packet | bytes
    channel: str = REMDESK
    delay: float = 0.0

    @property
    def data(self) -> bytes:
        """The message as it goes over the channel."""
        return self.message if isinstance(self.message, bytes) else raw(self.message)


Script: TypeAlias = tuple[Step, ...]


def control(sender: Role, *layers: Packet) -> Script:
    """A control message ([MS-RA] 2.2.1): the layers behind MSRA_Ctl."""
    packet = MSRA_Header(channel_name="RC_CTL") / MSRA_Ctl()
    for layer in layers:
        packet = packet / layer
    return (Step(sender, packet),)


def on(channel_name: str, sender: Role, message: Packet | bytes) -> Script:
    """A message on a channel of [MS-RA] 2.2.1.2, such as "70" and "RA_FX"."""
    return (Step(sender, MSRA_Header(channel_name=channel_name) / message),)


def delayed(seconds: float, steps: Iterable[Step]) -> Script:
    """The same steps, that much later."""
    first, *others = steps
    return (replace(first, delay=first.delay + seconds), *others)


# -- handshakes ------------------------------------------------------------------------------------------------------


def announce(minor: int = 2) -> Script:
    """How the novice begins in versions 1 and 2 ([MS-RA] 3.4.5, 3.6.5)."""
    return control("novice", MSRA_ServerAnnounce()) + control("novice", MSRA_VersionInfo(version_minor=minor))


def result(code: int, sender: Role = "novice") -> Script:
    """A RESULT ([MS-RA] 2.2.1.10)."""
    return control(sender, MSRA_Result(result=code))


def version_1(result: int = 0, invitation: Invitation | None = None, expert: str = "Eve") -> Script:
    """The handshake of version 1 ([MS-RA] 3.3.5, 3.4.5).

    26 and 47 answer AUTHENTICATE; other results what the user says when the expert asks for the screen.
    """
    made = invitation or Invitation()
    authenticate = MSRA_Authenticate(
        ra_connection_string=made.connection_string_1, expert_blob=made.expert_blob(expert)
    )
    asks = announce() + control("expert", MSRA_VersionInfo()) + control("expert", authenticate)
    if result in FIRST_ANSWERS:
        return asks + _answer(result)
    asks += _answer(0)
    asks += control("expert", MSRA_RemoteControlDesktop(ra_connection_string=made.connection_string_1))
    return asks + _answer(result)


def version_2(result: int = 0, invitation: Invitation | None = None, expert: str = "Eve") -> Script:
    """The handshake of version 2 ([MS-RA] 3.5.5, 3.6.5)."""
    made = invitation or Invitation()
    on_vista = MSRA_ExpertOnVista(encrypted_password=bstr(made.encrypted_pass_stub))
    verify = MSRA_VerifyPassword(expert_blob=made.expert_blob(expert))
    return announce() + control("expert", on_vista) + control("expert", verify) + _answer(result)


def version_3(invitation: Invitation | None = None) -> Script:
    """The handshake of version 3 ([MS-RA] 3.7.5, 3.8.5): there is no result, a refusal closes the connection."""
    made = invitation or Invitation()
    return tuple(
        step for role in _ROLES for step in control(role, MSRA_Token(token=bstr(made.token(role))))
    )  # fmt: skip


_ROLES: tuple[Role, ...] = ("novice", "expert")
_answer = result


def disconnect(sender: Role) -> Script:
    """A DISCONNECT ([MS-RA] 2.2.1.5)."""
    return control(sender, MSRA_Disconnect())


# -- a running session -----------------------------------------------------------------------------------------------


def chat(sender: Role, text: str) -> Script:
    """A line of the chat ([MS-RA] 3.11)."""
    return on("70", sender, MSRA_Chat(text=text))


def command(sender: Role, name: str, **attributes: object) -> Script:
    """An RCCOMMAND ([MS-RA] 2.2.2)."""
    return on("71", sender, MSRA_RCCommand(text=MSRA_RCCommand.build_text(name, **attributes)))


def order(sender: Role, *layers: Packet) -> Script:
    """A message of encomsp with these orders ([MS-RDPEMC] 2.2), each without its header."""
    return (Step(sender, b"".join(raw(ENCOMSP_Header() / layer) for layer in layers), ENCOMSP),)


def file_part(sender: Role, data: str | bytes, channel_name: str = "RA_FX") -> Script:
    """A command (str) or a block (bytes) of a file transfer ([MS-RA] 2.2.3)."""
    return on(channel_name, sender, MSRA_FileTransfer(data=data))


def file(sender: Role, name: str, content: bytes, accepted: bool = True, version: int = 2) -> Script:
    """A whole file ([MS-RA] 3.9.5, 3.10.5), or the announcement of one that the other side rejects."""
    other: Role = "novice" if sender == "expert" else "expert"
    channel_name, block = (_VERSION_1_FILE[sender], BLOCK_1) if version == 1 else ("RA_FX", BLOCK)
    announced = command(sender, "FILEXFER", filename=name, filesize=len(content), channelid=channel_name)
    if not accepted:
        return announced + file_part(other, "FILEXFERREJECT", channel_name)
    blocks = (content[at : at + block] for at in range(0, len(content), block))
    parts = (step for data in blocks for step in file_part(sender, data, channel_name))
    answered = announced + file_part(other, "FILEXFERACK", channel_name)
    return (*answered, *parts, *file_part(sender, "FILEXFEREND", channel_name))


_VERSION_1_FILE: dict[Role, str] = {"expert": "1000.612009461", "novice": "192.0.2.2.612009461"}


def share_control(version: int = 2, answer: str = "ACCEPTRC") -> Script:
    """The expert asks for control; the novice answers ACCEPTRC, REJECTRC or DENIEDRC ([MS-RA] 3.15, 3.16)."""
    if version == 1:
        asked = command("expert", "REMOTECTRLSTART")
    else:
        joined = ENCOMSP_ParticipantCreated(participant_id=5, flags="MAY_VIEW+IS_PARTICIPANT", friendly_name="Eve")
        change = ENCOMSP_ParticipantCtrlChange(flags="REQUEST_VIEW+REQUEST_INTERACT", participant_id=5)
        asked = order("novice", joined) + order("expert", change)
    return asked + command("novice", answer)
