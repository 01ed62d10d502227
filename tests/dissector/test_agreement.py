"""Two decoders, written apart from each other, must say the same: the plugin in Lua, and the Scapy layers in Python."""

from __future__ import annotations

import struct
import subprocess
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from msra.layers.decode import Decoded, decode_message
from msra.layers.file_transfer import FileTransfers
from msra.limits import MAX_XML_ATTRIBUTES
from tests.dissector.conversation import EXPERT, NOVICE, Conversation
from tests.dissector.messages import SENDERS, messages
from tests.dissector.tshark import ROOT, SOURCE, Layer, Sandbox
from tests.transport import builders as rdp

Said: TypeAlias = "tuple[str, str, dict[str, int | str], tuple[str, ...]] | None"
"""Channel, type, fields and notes of a message, or None if it has no valid header."""

SCRIPT = ROOT / "tests" / "dissector" / "decode.lua"
LUA = ["lua5.2", "lua5.4"]
CONVERSATIONS = st.lists(st.tuples(SENDERS, messages()), min_size=30, max_size=60)
# Each example starts a program, so that shrinking a long conversation takes minutes: the messages that differ are told.
SETTINGS = settings(
    deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
NUMBERS = ("msg_type", "result", "version_major", "version_minor")
BYTES = ("encrypted_password", "token", "data")
TEXTS = ("ra_connection_string", "expert_blob", "result_name", "result_text", "novice_name", "expert_name", "text")


def python_says(conversation: list[tuple[str, bytes]]) -> list[Said]:
    """What the Scapy layers make of the messages of one connection."""
    transfers = FileTransfers()

    def said(sender: str, decoded: Decoded | None) -> Said:
        if decoded is None:
            return None
        decoded = transfers.classify(sender, decoded)
        return decoded.channel, decoded.type, dict(decoded.fields), decoded.notes

    return [said(sender, decode_message(data)) for sender, data in conversation]


def lua_says(lua: str, conversation: list[tuple[str, bytes]]) -> list[Said]:
    """What the plugin's modules make of them in a bare Lua interpreter."""
    lines = "".join(f"{sender} {data.hex()}\n" for sender, data in conversation)
    done = subprocess.run([lua, SCRIPT, SOURCE], input=lines, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [_parse(line) for line in done.stdout.splitlines()]


def _parse(line: str) -> Said:
    if line == "-":
        return None
    channel, kind, notes, written = line.split("\t")
    fields: dict[str, int | str] = {}
    for part in written.split(" "):
        name, _, value = part.partition("=")
        form, _, value = value.partition(":")
        if name.startswith("attribute."):
            name = bytes.fromhex(name.removeprefix("attribute.")).decode()
        elif name not in NUMBERS + BYTES + TEXTS:
            name = "data_len" if name == "file_data_len" else ""
        fields[name] = int(value) if form == "i" else value if form == "b" else bytes.fromhex(value).decode()
    fields.pop("", None)
    return bytes.fromhex(channel).decode(), kind, fields, tuple(note for note in notes.split(",") if note)


def wireshark_says(layer: Layer) -> Said:
    """What Wireshark shows of a message."""
    fields: dict[str, int | str] = {}
    for name in NUMBERS + TEXTS + BYTES:
        value = layer.get(name)
        if value is not None:
            fields[name] = int(value, 0) if name in NUMBERS else value.replace(":", "") if name in BYTES else value
    for name, value in zip(layer.all("attribute.name"), layer.all("attribute.value"), strict=True):
        fields.setdefault(name, value)
    if layer.get("type") == "FILE_DATA":
        fields = {"data_len": layer.number("file_data_len") or 0}
    return layer.get("channel_name") or "", layer.get("type") or "", fields, tuple(layer.all("note"))


def compare(conversation: list[tuple[str, bytes]], said: list[Said]) -> None:
    """Message by message against Python's answer."""
    for (sender, data), ours, pythons in zip(conversation, said, python_says(conversation), strict=True):
        assert ours == pythons, f"{sender} {data.hex()}"


@pytest.mark.parametrize("lua", LUA)
@settings(SETTINGS, max_examples=40)
@given(conversation=CONVERSATIONS)
def test_lua_and_python_agree(lua: str, conversation: list[tuple[str, bytes]]) -> None:
    """The same messages, fields, values, notes and file transfers, in every version of Lua that Wireshark has."""
    compare(conversation, lua_says(lua, conversation))


GLUED = [
    "9;NAME=John", "x9;NAME=John", "19;NAME=John", "109;NAME=John", "009;NAME=John", "3;A=B3;A=B", "1;3;A=B",
    "3;A=B2;A=", "cs3;A=B3;AB", "3;=AB", "2;A=", "3;A=BC", "", ";", "=", "4;A=😀", "3;A=😀", "cs,1;2=3",
    "0000000000000000003;A=B", "3;A=",
]  # fmt: skip


@pytest.mark.parametrize("lua", LUA)
@pytest.mark.parametrize("end", [b"", b"\0\0", b"\0\0\0", b"?", b"\0\0b\0", b"\0\0b\0\0\0x"])
def test_where_the_expert_blob_begins(lua: str, end: bytes) -> None:
    """A connection string and a blob without anything between them, as FreeRDP 3 sends them, in all its forms."""
    bodies = [struct.pack("<I", 3) + text.encode("utf-16-le") + end for text in GLUED]
    conversation = [("expert", rdp.ra_message("RC_CTL", body)) for body in bodies]
    compare(conversation, lua_says(lua, conversation))


@settings(SETTINGS, max_examples=12)
@given(conversation=CONVERSATIONS)
def test_wireshark_and_python_agree(sandbox: Sandbox, conversation: list[tuple[str, bytes]]) -> None:
    """And so it arrives through Wireshark's own output; what has no valid header is a gap."""
    talk = Conversation().connect("remdesk")
    conversation = [(sender, data) for sender, data in conversation if data]  # no bytes are no gap
    for sender, data in conversation:
        talk.message(EXPERT if sender == "expert" else NOVICE, data)
    layers = [layer for layer in sandbox.layers(talk.capture()) if layer.name == "msra" or layer.get("event") == "gap"]
    assert {layer.get("gap") for layer in layers if layer.name == "msra_rdp"} <= {"bad_header"}
    compare(conversation, [wireshark_says(layer) if layer.name == "msra" else None for layer in layers])


@pytest.mark.parametrize("lua", LUA)
def test_the_number_of_attributes_is_bounded_in_both(lua: str) -> None:
    """Beyond it the text is no RCCOMMAND."""
    texts = []
    for count in (MAX_XML_ATTRIBUTES - 1, MAX_XML_ATTRIBUTES):
        attributes = " ".join(f'A{number}="{number}"' for number in range(count))
        texts.append(rdp.ra_message("71", f'<RCCOMMAND NAME="X" {attributes}/>\0'.encode("utf-16-le")))
    conversation = [(EXPERT, text) for text in texts]
    said = python_says(conversation)
    assert [one[3] for one in said if one] == [(), ("malformed_xml",)]
    assert lua_says(lua, conversation) == said
