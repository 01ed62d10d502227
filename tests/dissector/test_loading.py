"""The plugin in Wireshark's hands: how it is found, what it registers, what filters see."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import msra
from tests.dissector.conversation import EXPERT, NOVICE, REMDESK, Conversation, chat, text
from tests.dissector.tshark import MODULES, PCAPS, SOURCE, Sandbox
from tests.transport import builders as rdp

CAPTURE = PCAPS / "v2_err61_passwords_dont_match.pcapng"
RESULT_FRAME = 81


@pytest.fixture
def installed() -> Iterator[Sandbox]:
    """A sandbox whose user has installed the plugin."""
    with Sandbox() as sandbox:
        sandbox.install()
        yield sandbox


@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_installed_in_a_folder(installed: Sandbox, passes: tuple[str, ...]) -> None:
    """Wireshark runs every file of the folder by itself; only the entry point may do anything."""
    options = ["-Y", "msra.result == 61", "-T", "fields", "-e", "frame.number", *passes]
    assert installed.tshark(CAPTURE, *options, script=False).split() == [str(RESULT_FRAME)]


def test_installed_and_given(installed: Sandbox) -> None:
    """Twice the same plugin: the second one steps back, without a word."""
    assert len(installed.layers(CAPTURE)) == len(installed.layers(CAPTURE, script=False))
    assert installed.run(["-n", "-X", f"lua_script:{installed.script}", "-r", str(installed.capture(CAPTURE))])[1] == ""


def test_another_version_is_installed(installed: Sandbox) -> None:
    """Then the installed one is used, and said so: its answers may differ."""
    entry = installed.script.read_text("utf-8")
    installed.script.write_text(re.sub('VERSION = "[^"]*"', 'VERSION = "99.0"', entry), "utf-8")
    said = installed.run(["-n", "-X", f"lua_script:{installed.script}", "-r", str(installed.capture(CAPTURE))])[1]
    assert "99.0 was not loaded" in said


def test_wireshark_lists_it(installed: Sandbox) -> None:
    """Help, About Wireshark, Plugins: with the version of the package that it comes with."""
    plugins, _ = installed.run(["-G", "plugins"])
    assert re.search(rf"msra\.lua\s+{re.escape(msra.__version__)}\s+lua script", plugins, re.IGNORECASE)


def test_modules_do_nothing_by_themselves(tmp_path: Path) -> None:
    """Loaded outside Wireshark each gives a value and no global, so that running it twice can't hurt."""
    names = [module.stem for module in MODULES if module.stem != "msra"]
    script = tmp_path / "load.lua"
    script.write_text(
        f"package.path = '{SOURCE}/?.lua'\n"
        "local before = {} for name in pairs(_G) do before[name] = true end\n"
        "for name in io.lines() do assert(type(require(name)) == 'table', name) end\n"
        "for name in pairs(_G) do assert(before[name], 'a global: ' .. name) end\n"
    )
    for lua in ("lua5.2", "lua5.4"):
        done = subprocess.run([lua, script], input="\n".join(names), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_fields_of_both_protocols(installed: Sandbox) -> None:
    """The names that other programs read stand for themselves; each has one type, and both protocols their names."""
    listing, _ = installed.run(["-G", "fields"])
    rows = [line.split("\t") for line in listing.splitlines() if line.startswith(("P\t", "F\t"))]
    protocols = {row[2]: row[1] for row in rows if row[0] == "P"}
    assert protocols["msra"] == "Remote Assistance (MS-RA)" and protocols["msra_rdp"] == "Remote Desktop transport"
    names = [row[2] for row in rows if row[0] == "F" and row[2].startswith(("msra.", "msra_rdp."))]
    assert len(names) == len(set(names)) and "msra.result" in names and "msra_rdp.gap_size" in names


FILTERS = {
    "msra": 4,
    "msra.result": 1,
    "msra.result == 61": 1,
    "msra.result == 41": 0,
    'msra.result_name == "PASSWORDS_DONT_MATCH"': 1,
    'msra.from == "expert"': 2,
    "msra.msg_type == 9": 1,
    'msra.note == "bstr_raw"': 1,
    "msra.expert.failure_result": 1,
    "msra.expert.success_result": 0,
    '_ws.expert.group == "Response" && _ws.expert.severity == "Warning"': 1,
    'msra_rdp.event == "open"': 1,
    'msra_rdp.channel_names == "remdesk"': 1,
    "msra && msra_rdp": 0,
}


@pytest.mark.parametrize("expression", FILTERS)
@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_filters(sandbox: Sandbox, expression: str, passes: tuple[str, ...]) -> None:
    """What a user types; the filter msra is about messages alone."""
    assert len(sandbox.tshark(CAPTURE, "-Y", expression, *passes).splitlines()) == FILTERS[expression]


def test_columns(sandbox: Sandbox) -> None:
    """The Info column says what the message says."""
    lines = sandbox.tshark(CAPTURE, "-Y", "msra").splitlines()
    assert [line.split(" MS-RA ")[1].split(" ", 1)[1] for line in lines] == [
        "REMOTEDESKTOP_CTL_VERSIONINFO 1.2",
        "REMOTEDESKTOP_EXPERT_ON_VISTA",
        "REMOTEDESKTOP_CTL_VERIFY_PASSWORD",
        "REMOTEDESKTOP_CTL_RESULT: PASSWORDS_DONT_MATCH (61)",
    ]


EXPERTS = {
    "success": (rdp.result(0), {"success_result"}),
    "failure": (rdp.result(41), {"failure_result"}),
    "E_FAIL": (rdp.result(0x80004005), {"failure_result"}),
    "unknown result": (rdp.result(1234), {"failure_result", "unknown_result"}),
    "unused result": (rdp.result(35), {"failure_result", "unused_result"}),
    "unknown type": (rdp.ra_message("RC_CTL", b"\x63\0\0\0"), {"unknown_msg_type"}),
    "unknown channel": (rdp.ra_message("zz", b""), {"unknown_channel"}),
    "too short": (rdp.ra_message("RC_CTL", b"\x02\0\0\0"), {"truncated"}),
    "no terminator": (rdp.ra_message("70", b"a\0"), {"missing_terminator"}),
    "half a character": (rdp.ra_message("70", b"a\0b"), {"missing_terminator", "odd_length"}),
    "too long": (rdp.ra_message("70", text("a") + b"b"), {"trailing_data"}),
    "no XML": (rdp.ra_message("71", text("RCCOMMAND")), {"malformed_xml"}),
    "wrong length": (chat("a") + b"b", {"bad_length"}),
    "nothing odd": (chat("a"), set()),
}


@pytest.mark.parametrize("case", EXPERTS)
def test_expert_information(sandbox: Sandbox, case: str) -> None:
    """What deserves a look is marked so that a filter finds it; ordinary messages are not."""
    message, expected = EXPERTS[case]
    capture = Conversation().connect().message(NOVICE, message).capture()
    (layer,) = sandbox.messages(capture)
    assert layer.experts == expected
    for identity in expected:
        assert sandbox.tshark(capture, "-Y", f"msra.expert.{identity}")


def test_the_right_bytes_are_marked(sandbox: Sandbox) -> None:
    """Every item of a message stands where its bytes are, in the frame; also behind characters of two units."""
    command = '<RCCOMMAND NAME="FILEXFER" FILENAME="😀é.txt" FILESIZE="5" CHANNELID="RA_FX"/>'
    talk = Conversation().connect().message(EXPERT, rdp.ra_message("71", text(command)))
    frame = talk.packets[-1]
    (layer,) = sandbox.messages(talk.capture())

    def marked(name: str) -> bytes:
        item = layer.item(name)
        return frame[item.position : item.position + item.size]

    assert marked("channel_name") == text("71") and marked("data_len") == len(text(command)).to_bytes(4, "little")
    assert marked("filename").decode("utf-16-le") == 'FILENAME="😀é.txt"'
    assert marked("channelid").decode("utf-16-le") == 'CHANNELID="RA_FX"'
    assert marked("command") == text(command)


def test_text_that_xml_cannot_carry(sandbox: Sandbox) -> None:
    """Hostile text arrives exactly, and stays out of the columns: no escapes, no lines of its own."""
    hostile = 'C:\\x41\\n\x1b[31m\r\nline\t\x07\x85\u202e\uffff <b>&"'
    capture = Conversation().connect().message(EXPERT, chat(hostile)).capture()
    (layer,) = sandbox.messages(capture)
    assert layer.get("text") == hostile
    line = sandbox.tshark(capture, "-Y", "msra")
    assert line.count("\n") == 1 and line.rstrip("\n").isprintable()
    channels = Conversation().connect("remdesk", "rdpdr")
    assert channels.message(EXPERT, rdp.ra_message("RC_CTL", b"\x05\0\0\0"), REMDESK)
    cookie = rdp.connection_request("CORP\\admin")
    talk = Conversation()
    talk.packets += talk.talk.open()
    (_, request) = sandbox.transport(talk.send(EXPERT, cookie).capture())
    assert request.get("cookie") == "CORP\\admin"
