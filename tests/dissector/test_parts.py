"""Expert blobs and connection strings, taken apart: the plugin says what the Python layers say, on the right bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msra.layers.blob import parse_expert_blob
from msra.layers.connection_string import (
    Address,
    ConnectionString1,
    ConnectionString2,
    KeyHash,
    _port,
    parse_connection_string,
)
from tests.dissector.conversation import EXPERT, Conversation, text
from tests.dissector.pieces import fields, take_apart
from tests.dissector.test_agreement import LUA, SETTINGS
from tests.dissector.tshark import Sandbox
from tests.transport import builders as rdp

BLOB = "8;NAME=😀é69;PASS=" + "D4" * 32 + "3;A=B"
STRING_1 = "65538,1,172.31.243.138:3389;MIKE_HOME:3389;[::1]:49230,*,Uj7R=,*,*,Rcfw="
STRING_2 = (
    '<E><A KH="Rcfw=" KH2="sha256:abc=" ID="Uj7R="/><C><T ID="1" SID="0"><L P="49228" N="192.168.1.200"/>'
    '<L U="wss://x/" N="y&amp;z"/></T><T ID="2"/></C></E>'
)
BLOB_PIECES = [
    "9;NAME=John", "3;A=B", "03;A=B", "5;A=b=c", "4;A=😀", "3;A=😀", "0;", "2;=A", "3;AB=", "2;A=", "1", ";", "é",
]  # fmt: skip
STRING_PIECES = [
    "65538", ",", ",", ",", ",", "1", "*", ";", ":", "host:3389", "::1", "<E>", "</E>", "<C>", "</C>", "<T ID='1'>",
    "</T>", "<T/>", '<A KH="k" ID="i"/>', "<A/>", "<L P='1' N='n'/>", "<L P='99999'/>", " ", "\n",
    "<?xml version='1'?>", "&amp;", "é", "\ufeff", STRING_1, STRING_2,
]  # fmt: skip


NAMES_1 = ("assistant_account_pwd", "ra_session_id", "ra_session_name", "ra_session_pwd", "protocol_specific_parms")


def python_parts(value: str) -> list[tuple[str, object]] | None:
    """A connection string as the plugin lists it; what is empty or no port is left out."""
    parsed = parse_connection_string(value)
    if isinstance(parsed, ConnectionString1):
        found: list[tuple[str, object]] = [
            ("protocol_version", parsed.protocol_version), ("protocol_type", parsed.protocol_type)
        ]  # fmt: skip
        found += [("machine_address", address) for address in parsed.machine_address_list]
        found += [(name, getattr(parsed, name)) for name in NAMES_1]
    elif isinstance(parsed, ConnectionString2):
        found = [("kh", parsed.kh), ("kh2", parsed.kh2), ("id", parsed.id)]
        for transport in parsed.transports:
            found += [("transport_id", transport.id), ("transport_sid", transport.sid)]
            for one in transport.listeners:
                found += [("listener_port", one.port), ("listener_name", one.name), ("listener_uri", one.uri)]
    else:
        return None
    return [(name, shown) for name, shown in found if shown not in ("", None)]


CONVERT: dict[str, Callable[[str], object]] = {
    "protocol_version": int, "protocol_type": int, "machine_address": Address.parse, "kh2": KeyHash.parse,
    "listener_port": _port,
}  # fmt: skip


def lua_parts(lua: str, values: list[str]) -> list[list[tuple[str, object]] | None]:
    """The same from the plugin's modules."""
    said: list[list[tuple[str, object]] | None] = []
    for line in take_apart(lua, "string", [value.encode() for value in values]):
        parts = [(name, str(value)) for name, value in fields(line.split())] if line != "-" else []
        found = [(name, CONVERT.get(name, str)(value)) for name, value in parts if value]
        said.append(None if line == "-" else [(name, value) for name, value in found if value is not None])
    return said


@pytest.mark.parametrize("lua", LUA)
@settings(SETTINGS, max_examples=30)
@given(texts=st.lists(st.lists(st.sampled_from(BLOB_PIECES), max_size=5).map("".join), min_size=40, max_size=60))
def test_blobs(lua: str, texts: list[str]) -> None:
    """The properties, or that it is no blob as a whole."""
    lines = take_apart(lua, "blob", [one.encode("utf-16-le") for one in texts])
    for one, line in zip(texts, lines, strict=True):
        words = [] if line == "-" else [word.partition("=s:") for word in line.split()]
        ours = [(bytes.fromhex(name).decode(), bytes.fromhex(value).decode()) for name, _, value in words]
        assert ours == (parse_expert_blob(one) or []), one


@pytest.mark.parametrize("lua", LUA)
@settings(SETTINGS, max_examples=30)
@given(values=st.lists(st.lists(st.sampled_from(STRING_PIECES), max_size=12).map("".join), min_size=40, max_size=60))
def test_connection_strings(lua: str, values: list[str]) -> None:
    """The parts of both forms, or that it is neither."""
    values += [STRING_1, STRING_2, f" {STRING_1}\n", f"\ufeff<?xml version='1'?>{STRING_2} ", STRING_2 + "x", ""]
    for value, ours in zip(values, lua_parts(lua, values), strict=True):
        assert ours == python_parts(value), value


def test_they_are_found_at_all() -> None:
    """The examples above are what they should be, so that the comparisons compare something."""
    assert len(parse_expert_blob(BLOB) or []) == 3
    assert len(python_parts(STRING_1) or []) == 10 and len(python_parts(STRING_2) or []) == 10


@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_the_right_bytes_are_marked(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """Each property stands where it is in the frame; the parts of the connection string stand for all of it."""
    body = struct.pack("<I", 3) + text(STRING_1) + text(BLOB)
    talk = Conversation().connect().message(EXPERT, rdp.ra_message("RC_CTL", body))
    frame = talk.packets[-1]
    (layer,) = sandbox.messages(talk.capture(), *passes)

    def marked(name: str) -> str:
        item = layer.item(name)
        return frame[item.position : item.position + item.size].decode("utf-16-le")

    assert marked("expert_blob.name") == "NAME=😀é" and marked("expert_blob.pass") == "PASS=" + "D4" * 32
    assert layer.get("expert_blob.name") == "😀é" and layer.get("expert_blob.pass") == "D4" * 32
    assert layer.get("expert_blob.property") == marked("expert_blob.property") == "A=B"
    assert layer.all("connection_string.machine_address") == ["172.31.243.138:3389", "MIKE_HOME:3389", "[::1]:49230"]
    assert layer.get("connection_string.ra_session_id") == "Uj7R="
    assert marked("connection_string.protocol_specific_parms").rstrip("\0") == STRING_1


def test_connection_string_2(sandbox: Sandbox) -> None:
    """The XML form, in the message of version 1 that carries nothing else."""
    body = struct.pack("<I", 1) + text(STRING_2)
    (layer,) = sandbox.messages(Conversation().connect().message(EXPERT, rdp.ra_message("RC_CTL", body)).capture())
    assert layer.get("connection_string.kh2") == "sha256:abc="
    assert layer.all("connection_string.listener_name") == ["192.168.1.200", "y&z"]
    assert layer.all("connection_string.transport_id") == ["1", "2"]
