"""The orders of the channel encomsp ([MS-RDPEMC] 2.2): the plugin says what the Scapy layers say."""

from __future__ import annotations

import struct
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msra.layers.encomsp import decode_encomsp
from msra.limits import MAX_ORDERS
from tests.dissector.conversation import ENCOMSP, EXPERT, NOVICE, Conversation, chat
from tests.dissector.messages import texts, utf16
from tests.dissector.pieces import fields, take_apart
from tests.dissector.test_agreement import LUA, SETTINGS
from tests.dissector.tshark import Layer, Sandbox
from tests.layers.test_encomsp_orders import EXAMPLES

Said: TypeAlias = "tuple[list[tuple[str, dict[str, int | str], tuple[str, ...], int]], int]"
"""Type, fields, notes and size of each order, and the number of bytes behind them."""

NUMBERS = (
    "order_type", "flags", "app_id", "wnd_id", "participant_id", "group_id", "disc_type", "disc_code", "reason_code",
    "left", "top", "right", "bottom", "cch_string",
)  # fmt: skip
TEXTS = ("app_name", "wnd_name", "friendly_name")
DOCUMENT = [bytes.fromhex(wire) for _, _, wire, _ in EXAMPLES.values()]
PASSES = [pytest.param((), id="one-pass"), pytest.param(("-2",), id="two-pass")]


def order(order_type: int, body: bytes = b"", length: int | None = None) -> bytes:
    """An order with the right length, or another one."""
    return struct.pack("<HH", order_type, 4 + len(body) if length is None else length) + body


@st.composite
def orders(draw: st.DrawFn) -> bytes:
    """One order: fields of any value, a text whose count may be wrong; a few have another length."""
    text = utf16(draw(texts)) + draw(st.sampled_from([b"", b"\0\0", b"\0\0x", b"?"]))
    count = max(0, len(text) // 2 + draw(st.sampled_from([0, 0, 0, -1, 1, 9])))
    fixed = draw(st.binary(max_size=16))
    body = fixed + draw(st.sampled_from([b"", struct.pack("<H", count) + text]))
    length = draw(st.sampled_from([None, None, None, None, None, len(body), len(body) + 9]))
    return order(draw(st.integers(0, 14)), body, length)


channel_messages = st.lists(st.one_of(orders(), st.sampled_from(DOCUMENT)), max_size=4).map(b"".join)


def python_says(data: bytes) -> Said:
    """What the Scapy layers make of a channel message."""
    found, unread = decode_encomsp(data)
    return [(one.type, dict(one.fields), one.notes, one.size) for one in found], unread


def lua_says(lua: str, messages: list[bytes]) -> list[Said]:
    """What the plugin's modules make of each channel message."""
    said: list[Said] = []
    for line in take_apart(lua, "encomsp", messages):
        unread, *rows = line.split("|")
        found = []
        for row in rows:
            kind, size, notes, *words = row.split(" ")
            values = {name: value for name, value in fields(words) if name not in ("channel_name", "order_length")}
            found.append((kind, values, tuple(notes.split(",")) if notes else (), int(size)))
        said.append((found, int(unread)))
    return said


def wireshark_says(layer: Layer) -> tuple[str | None, dict[str, int | str], tuple[str, ...], int]:
    """What Wireshark shows of an order."""
    values: dict[str, int | str] = {}
    for name in (*NUMBERS, *TEXTS, "data"):
        value = layer.get(name)
        if value is not None:
            values[name] = int(value, 0) if name in NUMBERS else value.replace(":", "") if name == "data" else value
    return layer.get("type"), values, tuple(layer.all("note")), layer.item("type").size


@pytest.mark.parametrize("lua", LUA)
@settings(SETTINGS, max_examples=30)
@given(messages=st.lists(channel_messages, min_size=20, max_size=40))
def test_lua_and_python_agree(lua: str, messages: list[bytes]) -> None:
    """Every order, field, value, note and size, and what is left, in every version of Lua that Wireshark has."""
    for data, said in zip(messages, lua_says(lua, messages), strict=True):
        assert said == python_says(data), data.hex()


@pytest.mark.parametrize("lua", LUA)
def test_most_orders(lua: str) -> None:
    """Both stop at the same number of orders: a message of megabytes must not become millions of them."""
    data = order(0xA) * (MAX_ORDERS + 5)
    assert lua_says(lua, [data]) == [python_says(data)]
    assert python_says(data)[1] == 5 * 4


@pytest.mark.parametrize("passes", PASSES)
def test_examples_of_the_document(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """[MS-RDPEMC] 4, through Wireshark: an event for each order, from the right side, on the channel's name."""
    talk = Conversation().connect("encomsp", "remdesk")
    for wire in DOCUMENT:
        talk.message(NOVICE, wire, ENCOMSP)
    layers = sandbox.messages(talk.capture(), *passes)
    assert [wireshark_says(one) for one in layers] == [one for wire in DOCUMENT for one in python_says(wire)[0]]
    assert {(one.get("from"), one.get("channel_name")) for one in layers} == {("novice", "encomsp")}


@settings(SETTINGS, max_examples=8)
@given(messages=st.lists(channel_messages.filter(bool), min_size=10, max_size=20))
def test_wireshark_and_python_agree(sandbox: Sandbox, messages: list[bytes]) -> None:
    """And so it arrives through Wireshark's own output; what is no order is a gap of its size."""
    talk, expected = Conversation().connect("encomsp"), []
    for data in messages:
        talk.message(EXPERT, data, ENCOMSP)
        found, unread = python_says(data)
        expected += [*found, *([unread] if unread else [])]
    layers = [one for one in sandbox.layers(talk.capture()) if one.name == "msra" or one.get("event") == "gap"]
    assert {one.get("gap") for one in layers if one.name == "msra_rdp"} <= {"bad_header"}
    assert [wireshark_says(one) if one.name == "msra" else one.number("gap_size") for one in layers] == expected


def test_several_orders_in_chunks(sandbox: Sandbox) -> None:
    """Each order stands alone with its own bytes when the message came in chunks; other channels go on beside it."""
    name = "x" * 1000
    created = order(3, struct.pack("<HIH", 1, 7, len(name)) + name.encode("utf-16-le"))
    talk = Conversation().connect().message(NOVICE, created + order(6, b"\x07\0\0\0") + b"end", ENCOMSP)
    layers = sandbox.layers(talk.message(EXPERT, chat("Hi")).capture())
    messages = [one for one in layers if one.name == "msra"]
    assert [one.get("type") for one in messages] == ["OD_APP_CREATED", "OD_WND_SHOW", "CHAT"]
    assert messages[0].get("app_name") == name and messages[0].item("app_name").position == 12
    assert messages[1].item("wnd_id").position == 4 and messages[1].item("wnd_id").size == 4
    assert [(one.get("gap"), one.number("gap_size")) for one in layers if one.get("event") == "gap"] == [
        ("bad_header", 3)
    ]


def test_unknown_order(sandbox: Sandbox) -> None:
    """It is marked as one, and the columns say its number."""
    capture = Conversation().connect().message(EXPERT, order(99, b"abc"), ENCOMSP).capture()
    (layer,) = sandbox.messages(capture)
    assert layer.experts == {"unknown_order"} and layer.get("data") == "61:62:63"
    assert "UNKNOWN (order type 99)" in sandbox.tshark(capture, "-Y", "msra")
