"""The header: lengths computed when left out, any bytes dissected and rebuilt."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.compat import raw
from scapy.packet import Padding, Raw

from msra.layers import (
    MSRA_Chat,
    MSRA_Ctl,
    MSRA_Disconnect,
    MSRA_FileTransfer,
    MSRA_Header,
    MSRA_RCCommand,
    MSRA_Result,
    MSRA_VerifyPassword,
)
from msra.layers.header import is_file_channel
from tests.layers.real import MESSAGES, ORIGINS, PCAPS


def message(name: str, body: bytes, data_len: int | None = None) -> bytes:
    wire = name.encode("utf-16-le")
    return struct.pack("<II", len(wire), len(body) if data_len is None else data_len) + wire + body


@pytest.mark.parametrize("name", ORIGINS)
def test_real_messages_are_those_of_the_captures(name: str) -> None:
    """The data of these tests is what peers sent, and no invention."""
    file, offset, _ = ORIGINS[name]
    assert (PCAPS / file).read_bytes()[offset:].startswith(MESSAGES[name])


@pytest.mark.parametrize("name", MESSAGES)
def test_real_messages_are_rebuilt_from_their_fields(name: str) -> None:
    packet = MSRA_Header(MESSAGES[name])
    assert raw(packet) == MESSAGES[name]
    packet.clear_cache()
    assert raw(packet) == MESSAGES[name]
    packet.channel_name_len = packet.data_len = None  # the computed lengths are those of the peers
    assert raw(packet) == MESSAGES[name]


def test_dissect() -> None:
    packet = MSRA_Header(MESSAGES["RESULT_HELPEESAIDNO"])
    assert (packet.channel_name_len, packet.data_len, packet.channel_name) == (14, 8, "RC_CTL")
    assert isinstance(packet.payload, MSRA_Ctl)


def test_build() -> None:
    assert raw(MSRA_Header() / MSRA_Ctl() / MSRA_Result(result=41)) == MESSAGES["RESULT_HELPEESAIDNO"]
    assert raw(MSRA_Header(channel_name="x", data_len=9) / Raw(b"ab")) == message("x\0", b"ab", 9)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("RC_CTL", MSRA_Ctl),
        ("remdesk", MSRA_Ctl),
        ("70", MSRA_Chat),
        ("71", MSRA_RCCommand),
        ("RA_FX", MSRA_FileTransfer),
        ("172.31.251.165.612009461", MSRA_FileTransfer),
        ("1000.612009461", MSRA_FileTransfer),
        ("72", Raw),
        ("rc_ctl", Raw),
        ("", Raw),
    ],
)
@pytest.mark.parametrize("end", ["\0", ""], ids=["NUL", "no NUL"])
def test_the_channel_name_says_what_follows(name: str, layer: type, end: str) -> None:
    packet = MSRA_Header(message(name + end, b"\2\0\0\0\0\0\0\0"))
    assert type(packet.payload) is layer
    assert packet.channel_name == name


@pytest.mark.parametrize(
    "name", ["1000.", "1000", "1001.5", "1.2.3.612009461", "1.2.3.4.5.6", "1000.5x", "1000.\u0665", "a.5"]
)
def test_names_that_are_no_file_channel(name: str) -> None:
    assert not is_file_channel(name)


def test_bytes_after_the_message_are_padding() -> None:
    packet = MSRA_Header(MESSAGES["DISCONNECT"] + b"more")
    assert packet[Padding].load == b"more"
    assert raw(packet) == MESSAGES["DISCONNECT"] + b"more"


def test_a_message_without_body_is_a_layer() -> None:
    """haslayer() must find the messages that consist of their type alone."""
    packet = MSRA_Header(MESSAGES["DISCONNECT"])
    assert MSRA_Disconnect in packet
    assert MSRA_Header(message("70\0", b""))[MSRA_Chat].text == ""
    empty = MSRA_Header(message("RC_CTL\0", b"\x08\0\0\0"))
    assert empty[MSRA_VerifyPassword].expert_blob == ""
    empty.clear_cache()
    assert raw(empty) == message("RC_CTL\0", b"\x08\0\0\0")
    assert MSRA_Ctl not in MSRA_Header(message("RC_CTL\0", b""))
    assert MSRA_Header(message("72\0", b"")).payload.name == "NoPayload"


def test_dissection_can_be_stopped() -> None:
    packet = MSRA_Header(MESSAGES["RESULT_NOERROR"], stop_dissection_after=MSRA_Header)
    assert packet.payload == Raw(MESSAGES["RESULT_NOERROR"][22:])
    assert MSRA_Disconnect not in MSRA_Header(MESSAGES["DISCONNECT"], stop_dissection_after=MSRA_Ctl)


@pytest.mark.parametrize("name", MESSAGES)
def test_cut_messages_are_rebuilt(name: str) -> None:
    for size in range(1, len(MESSAGES[name])):  # without bytes Scapy builds a default packet
        cut = MESSAGES[name][:size]
        packet = MSRA_Header(cut)
        packet.clear_cache()
        assert raw(packet) == cut


@given(st.binary(max_size=40), st.sampled_from(["RC_CTL\0", "70\0", "71\0", "RA_FX", "?"]), st.integers(0, 50))
def test_any_body_is_rebuilt(body: bytes, name: str, data_len: int) -> None:
    wire = message(name, body, data_len)
    packet = MSRA_Header(wire)
    packet.clear_cache()
    assert raw(packet) == wire


@given(st.binary(min_size=1, max_size=80))
def test_any_bytes_are_rebuilt(wire: bytes) -> None:
    packet = MSRA_Header(wire)
    packet.clear_cache()
    assert raw(packet) == wire


def test_the_longest_lengths_do_no_harm() -> None:
    wire = b"\xff" * 20
    packet = MSRA_Header(wire)
    assert (packet.channel_name_len, packet.data_len, raw(packet)) == (0xFFFFFFFF, 0xFFFFFFFF, wire)


def test_summary() -> None:
    assert MSRA_Header(channel_name="72").summary() == "MS-RA '72'"
    assert MSRA_Header(MESSAGES["TOKEN"]).summary() == "MS-RA REMOTEDESKTOP_CTL_TOKEN"
