"""Synthetic captures of whole sessions, from the TCP connect to its close, made with the project's own Scapy layers.

A scene is one session: what both sides say, and what the analysis has to conclude from it. One capture holds any
number of them, so that they are read in one go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from scapy.packet import Packet, Raw, raw

from msra.build import activation, rdp, script
from msra.build.rdp import IO_CHANNEL
from msra.codes import CODES
from msra.events import Role
from msra.layers import (
    ENCOMSP_AppRemoved,
    ENCOMSP_GraphicsStreamPaused,
    ENCOMSP_GraphicsStreamResumed,
    ENCOMSP_ParticipantCreated,
    ENCOMSP_ParticipantCtrlChange,
    ENCOMSP_ParticipantRemoved,
    MSRA_Authenticate,
    MSRA_Ctl,
    MSRA_Disconnect,
    MSRA_ExpertOnVista,
    MSRA_Header,
    MSRA_IsConnected,
    MSRA_RANoviceName,
    MSRA_RCCommand,
    MSRA_VerifyPassword,
    MSRA_VersionInfo,
    bstr,
)
from tests.dissector.conversation import CHANNELS, ENCOMSP, EXPERT, NOVICE, REMDESK, Conversation
from tests.wire import Talk, pcap

CLEAR = frozenset({"no_encryption"})
VERSION_1 = CLEAR | {"version_1_deprecated"}
CONNECTION_STRING = "65538,1,10.0.0.2:49230,*,sVq7jzDLPmGyMhbkQ1uPKA==,*,*,jBhaLqNLqYqnKZmCMZWrGQtB8Ug="
BLOB = "8;NAME=Eve"


@dataclass(frozen=True)
class Step:
    """What one side sends on a channel; what is not `captured` is missing from the capture."""

    from_client: bool
    data: bytes
    channel: int = REMDESK
    captured: bool = True


Steps: TypeAlias = "tuple[Step, ...]"


@dataclass(frozen=True)
class Scene:
    """A session and what there is to say about it; `findings` are all of their ids."""

    name: str
    steps: Steps
    outcome: str
    result: int | None
    version: int | None
    findings: frozenset[str] = CLEAR
    method: int = 0
    level: int = 0
    start: bool = True
    """Whether the capture shows how the connection is set up."""

    def __str__(self) -> str:
        return self.name


def _said(steps: script.Script) -> Steps:
    """Steps of the package's scripts."""
    return tuple(Step(step.sender == "expert", step.data, CHANNELS[step.channel]) for step in steps)


def _role(from_client: bool) -> Role:
    return "expert" if from_client else "novice"


def control(from_client: bool, *layers: Packet) -> Step:
    """A control message: the layers behind MSRA_Ctl."""
    return _said(script.control(_role(from_client), *layers))[0]


def on(channel: str, from_client: bool, layer: Packet | bytes) -> Step:
    """A message for a sub-channel."""
    return _said(script.on(channel, _role(from_client), layer))[0]


def chat(from_client: bool, text: str) -> Step:
    """A line of the chat."""
    return _said(script.chat(_role(from_client), text))[0]


def command(from_client: bool, name: str, **attributes: object) -> Step:
    """An RCCOMMAND."""
    return _said(script.command(_role(from_client), name, **attributes))[0]


def file(from_client: bool, data: str | bytes, channel: str = "RA_FX") -> Step:
    """A command (str) or a block (bytes) of a file transfer."""
    return _said(script.file_part(_role(from_client), data, channel))[0]


def announce(from_client: bool, size: int, channel: str = "RA_FX", name: str = "notes.txt") -> Step:
    """The announcement of a file."""
    return command(from_client, "FILEXFER", filename=name, filesize=size, channelid=channel)


def order(from_client: bool, layer: Packet) -> Step:
    """An order of encomsp."""
    return _said(script.order(_role(from_client), layer))[0]


def result(code: int, from_client: bool = NOVICE) -> Step:
    """A RESULT."""
    return _said(script.result(code, _role(from_client)))[0]


def client_info(alternate_shell: str = "*", password: str = "*") -> Step:
    """The Client Info PDU."""
    packet = activation.client_info("Eve", "sVq7jzDLPmGyMhbkQ1uPKA==", alternate_shell, password)
    return Step(EXPERT, packet, IO_CHANNEL)


def license_error(code: int) -> Step:
    """A licensing error: ST_TOTAL_ABORT."""
    message = rdp.with_header(rdp.SEC_LICENSE_PKT, rdp.license_error(code, 1))
    return Step(NOVICE, rdp.send_data(IO_CHANNEL, message, False), IO_CHANNEL)


def error_info(code: int) -> Step:
    """Set Error Info."""
    return Step(NOVICE, rdp.send_data(IO_CHANNEL, rdp.error_info(code), False), IO_CHANNEL)


def wire(from_client: bool, data: bytes) -> Step:
    """Bytes that no layer would build."""
    return Step(from_client, data)


ASKS_1 = _said(script.version_1()[:4])
IN_1 = _said(script.version_1())
IN_2 = _said(script.version_2())
IN_3 = _said(script.version_3())
"""By the book: up to where the expert is let in ([MS-RA] 3.3.5, 3.5.5, 3.7.5)."""
ANNOUNCED, ASKS_2 = IN_2[:2], IN_2[:4]
ON_VISTA, VERIFY_PASSWORD = IN_2[2:4]
CONTROL_DESKTOP = IN_1[5]
DONE = control(EXPERT, MSRA_Disconnect())


def _code(value: int) -> Scene:
    """A session that one result code decides, in the version that has the code."""
    code = CODES[value]
    version = 1 if code.versions == (1,) else 2
    findings = set(VERSION_1 if version == 1 else CLEAR)
    findings |= {"unused_result"} if not code.used else set()
    findings |= {"shadow_session"} if value >= 300 else set()
    steps = (*(ASKS_1 if version == 1 else ASKS_2), result(value))
    return Scene(f"{value} {code.name}", steps, code.outcome, value, version, frozenset(findings))


def _v1(name: str, *steps: Step, findings: Iterable[str] = ()) -> Scene:
    return Scene(name, (*IN_1, *steps), "established", 0, 1, VERSION_1 | set(findings))


def _v2(name: str, *steps: Step, findings: Iterable[str] = ()) -> Scene:
    return Scene(name, (*IN_2, *steps), "established", 0, 2, CLEAR | set(findings))


ASKED = order(EXPERT, ENCOMSP_ParticipantCtrlChange(flags="REQUEST_VIEW+REQUEST_INTERACT", participant_id=5))
JOINED = order(
    NOVICE, ENCOMSP_ParticipantCreated(participant_id=5, flags="MAY_VIEW+IS_PARTICIPANT", friendly_name="Eve")
)
ACCEPTED = announce(EXPERT, 1034), file(NOVICE, "FILEXFERACK")
SENT = file(EXPERT, bytes(1024)), file(EXPERT, bytes(10)), file(EXPERT, "FILEXFEREND")

SCENES: tuple[Scene, ...] = (
    *(_code(value) for value in CODES),
    _v1("version 1", chat(EXPERT, "Hello"), control(EXPERT, MSRA_IsConnected()), DONE),
    _v2("version 2", chat(NOVICE, "Hello"), control(NOVICE, MSRA_RANoviceName(novice_name=bstr(b"B\0o\0b\0"))), DONE),
    Scene("version 3", (*IN_3, chat(EXPERT, "Hello")), "established", None, 3),
    Scene("version 3, no consent", IN_3, "incomplete", None, 3),
    Scene("version 1 refused", (*ASKS_1, result(0), CONTROL_DESKTOP, result(41)), "refused", 41, 1, VERSION_1),
    Scene("version 2 refused", (*IN_2, result(41)), "refused", 41, 2),
    _v1(
        "control in version 1",
        *(command(EXPERT, "REMOTECTRLSTART"), command(NOVICE, "ACCEPTRC"), command(NOVICE, "TAKECONTROL")),
    ),
    _v2("control in version 2", JOINED, ASKED, command(NOVICE, "ACCEPTRC"), command(EXPERT, "REMOTECTRLEND")),
    _v2("control denied", JOINED, ASKED, command(NOVICE, "DENIEDRC")),
    _v2("file in version 2", *ACCEPTED, *SENT),
    _v1(
        "file in version 1",
        *(announce(EXPERT, 5, "1000.612009461"), file(NOVICE, "FILEXFERACK", "1000.612009461")),
        *(file(EXPERT, b"Hello", "1000.612009461"), file(EXPERT, "FILEXFEREND", "1000.612009461")),
    ),
    # results
    Scene("unknown code", (*ASKS_2, result(1234)), "failed", 1234, 2, CLEAR | {"unknown_result"}),
    Scene("E_FAIL", (*ASKS_1, result(0x80004005)), "failed", 0x80004005, 1, VERSION_1 | {"hresult_result"}),
    Scene("26 in version 2", (*ASKS_2, result(26)), "failed", 26, 2, CLEAR | {"result_of_other_version"}),
    Scene("61 in version 1", (*ASKS_1, result(61)), "failed", 61, 1, VERSION_1 | {"result_of_other_version"}),
    Scene("unasked result", (*ANNOUNCED, result(41)), "refused", 41, None, CLEAR | {"unrequested_result"}),
    _v2("result of the expert", result(34, EXPERT), findings={"result_from_expert"}),
    # sequence
    Scene(
        "version 1.1",
        (*ANNOUNCED[:1], control(NOVICE, MSRA_VersionInfo(version_minor=1)), *IN_2[2:]),
        "established", 0, 2, CLEAR | {"wrong_version"},
    ),
    _v2("novice as expert", control(NOVICE, MSRA_VerifyPassword(expert_blob=BLOB)), findings={"wrong_sender"}),
    _v1("address of the novice", command(NOVICE, "EXPERTIP", expertipdata="10.0.0.2"), findings={"wrong_sender"}),
    _v2("heart-beat", control(EXPERT, MSRA_IsConnected()), findings={"message_of_other_version"}),
    _v1("settings", command(EXPERT, "SETTINGANNOUNCE", property="X", value=1), findings={"message_of_other_version"}),
    Scene(
        "password first", (*ANNOUNCED, VERIFY_PASSWORD, ON_VISTA, result(0)),
        "established", 0, 2, CLEAR | {"out_of_sequence"},
    ),
    Scene(
        "late announce", (ON_VISTA, *ANNOUNCED, VERIFY_PASSWORD, result(0)),
        "established", 0, 2, CLEAR | {"late_server_announce"},
    ),
    Scene(
        "no announce", (ON_VISTA, VERIFY_PASSWORD, result(0)), "established", 0, 2, CLEAR | {"no_server_announce"},
    ),
    Scene(
        "impatient", (*ASKS_1, CONTROL_DESKTOP, result(0)), "established", 0, 1, VERSION_1 | {"result_not_awaited"},
    ),
    _v2("password again", VERIFY_PASSWORD, findings={"repeated_message"}),
    _v2("goes on", DONE, chat(EXPERT, "Bye"), findings={"message_after_disconnect"}),
    # form
    _v2("no terminator", on("70", NOVICE, b"H\0i\0"), findings={"missing_terminator"}),
    Scene(
        "glued", (*ASKS_1[:3], on("RC_CTL", EXPERT, b"\3\0\0\0" + (CONNECTION_STRING + BLOB).encode("utf-16-le"))),
        "incomplete", None, 1, VERSION_1 | {"no_separator", "missing_terminator"},
    ),
    Scene(
        "raw password",
        (*ANNOUNCED, control(EXPERT, MSRA_ExpertOnVista(encrypted_password=bytes(range(32)))), *IN_2[3:]),
        "established", 0, 2, CLEAR | {"bstr_form"},
    ),
    _v2("half a result", on("RC_CTL", NOVICE, b"\2\0\0\0\0\0"), findings={"truncated"}),
    _v2("too long", wire(NOVICE, raw(MSRA_Header() / MSRA_Ctl() / MSRA_Disconnect()) + b"??"), findings={"bad_length"}),
    _v2("more after it", control(EXPERT, MSRA_Disconnect(), Raw(b"??")), findings={"trailing_data"}),
    _v2("half a character", on("70", NOVICE, b"H\0i"), findings={"missing_terminator", "odd_length"}),
    _v2("no XML", on("71", NOVICE, MSRA_RCCommand(text="<x/>")), findings={"malformed_xml"}),
    _v2("bare name", wire(NOVICE, b"\4\0\0\0\4\0\0\x007\x000\0H\0\0\0"), findings={"name_not_terminated"}),
    _v2(
        "padded name", wire(NOVICE, b"\x40\0\0\0\4\0\0\0" + b"7\x000\0".ljust(64, b"\0") + b"H\0\0\0"),
        findings={"name_padded"},
    ),
    _v2("odd name", wire(NOVICE, b"\5\0\0\0\4\0\0\x007\x000\0\0H\0\0\0"), findings={"bad_header"}),
    _v2("type 13", on("RC_CTL", NOVICE, b"\x0d\0\0\0"), findings={"unknown_msg_type"}),
    _v2("channel 72", on("72", NOVICE, b"\0\0"), findings={"unknown_channel"}),
    # chat and commands
    _v2("long chat", chat(NOVICE, "x" * 600), findings={"long_chat"}),
    _v1("long chat in version 1", chat(NOVICE, "x" * 600)),
    _v2("unknown command", command(EXPERT, "TYPINGEND"), findings={"unknown_command"}),
    _v2("no channel", command(EXPERT, "FILEXFER", filename="a", filesize=1), findings={"missing_attribute"}),
    # control
    _v1("unasked control", command(NOVICE, "ACCEPTRC"), findings={"unasked_control"}),
    _v1("control of nothing", command(EXPERT, "REMOTECTRLEND"), findings={"control_without_grant"}),
    _v1(
        "control ended twice",
        *(command(EXPERT, "REMOTECTRLSTART"), command(NOVICE, "ACCEPTRC"), command(NOVICE, "TAKECONTROL")),
        command(EXPERT, "REMOTECTRLEND"),
        findings={"control_ended_twice"},
    ),
    # files
    _v2("file too short", announce(EXPERT, 5000), ACCEPTED[1], SENT[0], SENT[2], findings={"file_size"}),
    _v2("half a file", *ACCEPTED, SENT[0], findings={"unfinished_file"}),
    _v1(
        "two files",
        *(announce(EXPERT, 5, "1000.7"), file(NOVICE, "FILEXFERACK", "1000.7"), file(EXPERT, b"Hello", "1000.7")),
        *(announce(NOVICE, 5, "10.0.0.2.8"), file(EXPERT, "FILEXFERREJECT", "10.0.0.2.8")),
        file(EXPERT, "FILEXFEREND", "1000.7"),
        findings={"second_file"},
    ),
    _v2("file from nowhere", file(EXPERT, bytes(10)), findings={"unannounced_file_data"}),
    _v2(
        "impatient file", announce(EXPERT, 10), file(EXPERT, bytes(10)), file(NOVICE, "FILEXFERREJECT"),
        findings={"unaccepted_file_data"},
    ),
    _v2("wrong end", *ACCEPTED, *SENT[:2], file(NOVICE, "FILEXFEREND"), SENT[2], findings={"file_wrong_side"}),
    _v2(
        "one big block", announce(EXPERT, 3000), file(NOVICE, "FILEXFERACK"), file(EXPERT, bytes(3000)), SENT[2],
        findings={"block_size"},
    ),
    # encomsp
    _v2(
        "participant lost", JOINED, order(NOVICE, ENCOMSP_ParticipantRemoved(participant_id=5, disc_code=0xD00A0006)),
        findings={"participant_error"},
    ),
    _v2("frozen", order(NOVICE, ENCOMSP_GraphicsStreamPaused()), findings={"picture_paused"}),
    _v2("never frozen", order(NOVICE, ENCOMSP_GraphicsStreamResumed()), findings={"resumed_without_pause"}),
    _v2("no such window", order(NOVICE, ENCOMSP_AppRemoved(app_id=7)), findings={"unknown_order_id"}),
    _v2("order 14", Step(NOVICE, b"\x0e\0\4\0", ENCOMSP), findings={"unknown_order"}),
    # the connection below
    _v2("wrong licence", license_error(2), findings={"license_error"}),
    _v2("licensed", license_error(7)),
    _v2("reason for the end", error_info(0xC), findings={"error_info"}),
    # security
    _v2("nothing to hide", client_info()),
    _v2("password in clear", client_info(alternate_shell="48BJQ853X3B4"), findings={"password_in_clear"}),
    _v2("real password", client_info(password="secret"), findings={"password_in_clear", "password_field"}),
    Scene("56-bit RC4", (), "incomplete", None, None, frozenset({"rc4_short_key"}), method=8, level=2),
    Scene(
        "one way", (), "incomplete", None, None, frozenset({"rc4_encryption", "one_way_encryption"}), method=2, level=1,
    ),
    Scene(
        "KH only", (*ASKS_1[:3], control(EXPERT, MSRA_Authenticate(
            ra_connection_string='<E><A KH="jBhaLqNLqYqnKZmCMZWrGQtB8Ug=" ID="x"/><C/></E>', expert_blob=BLOB,
        ))), "incomplete", None, 1, VERSION_1 | {"sha1_key_hash"},
    ),
    # the capture
    Scene(
        "lost", (*ASKS_2[:2], Step(EXPERT, ON_VISTA.data, captured=False), *IN_2[3:]),
        "established", 0, 2, CLEAR | {"incomplete_capture"},
    ),
    Scene("from the middle", IN_2, "established", 0, 2, CLEAR | {"missing_start"}, start=False),
)  # fmt: skip
"""All of them."""


def capture(scenes: Iterable[Scene]) -> bytes:
    """A capture of these sessions, one after the other, as a pcap file."""
    return pcap(list(chain.from_iterable(_packets(scene, Talk(50000 + at)) for at, scene in enumerate(scenes))))


def _packets(scene: Scene, talk: Talk) -> list[bytes]:
    conversation = Conversation(talk).connect("remdesk", "encomsp", method=scene.method, level=scene.level)
    if not scene.start:
        conversation.packets.clear()
    for step in scene.steps:
        before = len(conversation.packets)
        if step.channel == IO_CHANNEL:
            conversation.send(step.from_client, step.data)
        else:
            conversation.message(step.from_client, step.data, step.channel)
        if not step.captured:
            del conversation.packets[before:]
    return conversation.close().packets
