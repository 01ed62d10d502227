"""Chat, session control and file transfer as Scapy layers, on bytes of real peers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.compat import raw
from scapy.packet import Packet

from msra.layers import MSRA_Chat, MSRA_FileTransfer, MSRA_Header, MSRA_RCCommand
from msra.layers.session_control import file_command
from tests.layers.real import MESSAGES, PCAPS


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def test_dissect_chat() -> None:
    packet = MSRA_Header(MESSAGES["CHAT"])
    assert (packet.channel_name, packet[MSRA_Chat].text) == ("70", "Hello Bob, how can I help? é中😀")
    unterminated = MSRA_Header(MESSAGES["CHAT_WITHOUT_NUL"])[MSRA_Chat]
    assert (unterminated.text, unterminated.text.notes) == ("no terminator here", ("missing_terminator",))


def test_build_chat() -> None:
    assert raw(MSRA_Header() / MSRA_Chat(text="Hello Bob, how can I help? é中😀")) == MESSAGES["CHAT"]
    assert raw(MSRA_Header() / MSRA_Chat(text=utf16("no terminator here"))) == MESSAGES["CHAT_WITHOUT_NUL"]


def test_dissect_session_control() -> None:
    packet = MSRA_Header(MESSAGES["FILEXFER"])[MSRA_RCCommand]
    assert packet.text == '<RCCOMMAND NAME="FILEXFER" FILENAME="notes.bin" FILESIZE="4137" CHANNELID="RA_FX"/>'
    assert packet.attributes() == {
        "name": "FILEXFER",
        "filename": "notes.bin",
        "filesize": "4137",
        "channelid": "RA_FX",
    }
    assert MSRA_Header(MESSAGES["REMOTECTRLSTART"])[MSRA_RCCommand].attributes() == {"name": "REMOTECTRLSTART"}


def test_build_session_control() -> None:
    text = MSRA_RCCommand.build_text("FILEXFER", filename="notes.bin", filesize=4137, channelid="RA_FX")
    assert raw(MSRA_Header() / MSRA_RCCommand(text=text)) == MESSAGES["FILEXFER"]
    text = MSRA_RCCommand.build_text("REMOTECTRLSTART")
    assert raw(MSRA_Header() / MSRA_RCCommand(text=text)) == MESSAGES["REMOTECTRLSTART"]


@pytest.mark.parametrize("command", ["FILEXFERACK", "FILEXFERREJECT", "FILEXFEREND"])
def test_dissect_and_build_file_commands(command: str) -> None:
    packet = MSRA_Header(MESSAGES[command])
    assert packet[MSRA_FileTransfer].data == utf16(command + "\0")
    assert packet.summary() == f"MS-RA {command}"
    assert raw(MSRA_Header() / MSRA_FileTransfer(data=command)) == MESSAGES[command]


def test_dissect_and_build_a_block_of_a_file() -> None:
    """The last block of notes.bin, 1,137 bytes, at this offset of the capture."""
    wire = (PCAPS / "rich_all_types.pcapng").read_bytes()[0x6B85:][:1157]
    packet = MSRA_Header(wire)
    assert (packet.channel_name, packet.data_len, packet[MSRA_FileTransfer].data) == ("RA_FX", 1137, wire[20:])
    assert packet.summary() == "MS-RA FILE_DATA 1137 bytes"
    assert raw(MSRA_Header() / MSRA_FileTransfer(data=wire[20:])) == wire


@pytest.mark.parametrize(
    ("data", "command"),
    [
        (utf16("FILEXFERACK\0"), "FILEXFERACK"),
        (utf16("FILEXFERACK"), "FILEXFERACK"),
        (utf16("FILEXFERACK\0\0"), None),
        (utf16("FILEXFERACK") + b"\0", None),
        (utf16("FILEXFERACK "), None),
        (utf16("filexferack\0"), None),
        (b"FILEXFERACK\0", None),
        (b"", None),
    ],
)
def test_only_the_exact_text_is_a_command(data: bytes, command: str | None) -> None:
    assert file_command(data) == command


@pytest.mark.parametrize("layer", [MSRA_Chat, MSRA_RCCommand, MSRA_FileTransfer])
@given(wire=st.binary(min_size=1, max_size=100))
def test_any_bytes_are_rebuilt(layer: type[Packet], wire: bytes) -> None:
    packet = layer(wire)
    packet.clear_cache()
    assert raw(packet) == wire
    packet.summary()
    packet.show(dump=True)


@pytest.mark.parametrize("layer", [MSRA_Chat, MSRA_RCCommand])
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_texts_are_built_and_dissected(layer: type[Packet], text: str) -> None:
    assert MSRA_Header(raw(MSRA_Header() / layer(text=text)))[layer].text == text


@given(st.binary())
def test_blocks_are_built_and_dissected(data: bytes) -> None:
    assert MSRA_Header(raw(MSRA_Header() / MSRA_FileTransfer(data=data)))[MSRA_FileTransfer].data == data


def test_summaries_do_nothing_to_a_terminal() -> None:
    assert MSRA_Chat(text="\x1b[2J").summary() == r"MS-RA CHAT '\x1b[2J'"
    assert MSRA_RCCommand(text='<RCCOMMAND NAME="\x1b[2J"/>').summary() == r"MS-RA RCCOMMAND \x1b[2J"
    assert MSRA_RCCommand(text="x").summary() == "MS-RA RCCOMMAND (malformed)"
