"""The thirteen orders of [MS-RDPEMC], field by field, on the bytes of the document's examples where it has some."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.compat import raw
from scapy.fields import FlagsField
from scapy.packet import NoPayload, Raw

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
)
from msra.layers.encomsp_orders import UnicodeString

USER = "54 00 45 00 53 00 54 00 55 00 53 00 45 00 52 00 30 00 32 00"  # TESTUSER02

# order, its type, the whole order on the wire, and the fields as they are assigned to build exactly these bytes
EXAMPLES: dict[str, tuple[type[Any], int, str, dict[str, Any]]] = {
    "4.1.1": (ENCOMSP_FilterUpdated, 1, "01 00 05 00 00", {"flags": 0}),
    "4.1.2 to the participant": (
        ENCOMSP_ParticipantCreated,
        8,
        "08 00 24 00 00 00 00 00 00 00 00 00 04 00 0A 00" + USER,
        {"participant_id": 0, "group_id": 0, "flags": "IS_PARTICIPANT", "friendly_name": "TESTUSER02"},
    ),
    "4.1.2 to others": (
        ENCOMSP_ParticipantCreated,
        8,
        "08 00 24 00 00 00 00 00 00 00 00 00 00 00 0A 00" + USER,
        {"friendly_name": "TESTUSER02"},
    ),
    "4.1.2 control level": (
        ENCOMSP_ParticipantCreated,
        8,
        "08 00 24 00 00 00 00 00 00 00 00 00 01 00 0A 00" + USER,
        {"flags": "MAY_VIEW", "friendly_name": "TESTUSER02"},
    ),
    "4.1.3": (
        ENCOMSP_ParticipantRemoved,
        7,
        "07 00 10 00 00 00 00 00 00 00 00 00 06 00 0A D0",
        {"participant_id": 0, "disc_type": "PARTICIPANT_DISCONNECT_REASON_APP", "disc_code": 0xD00A0006},
    ),
    "4.1.4": (ENCOMSP_FilterUpdated, 1, "01 00 05 00 01", {"flags": "FILTER_ENABLED"}),
    "4.1.5": (
        ENCOMSP_AppCreated,
        3,
        "03 00 14 00 01 00 EC 0A 00 00 04 00 63 00 61 00 6C 00 63 00",
        {"flags": "APPLICATION_SHARED", "app_id": 2796, "app_name": "calc"},
    ),
    "4.1.6": (ENCOMSP_AppRemoved, 2, "02 00 08 00 90 0C 00 00", {"app_id": 3216}),
    "4.1.7": (
        ENCOMSP_WndCreated,
        5,
        "05 00 24 00 00 00 EC 0A 00 00 96 03 1C 00 0A 00 43 00 61 00 6C 00 63 00 75 00 6C 00 61 00 74 00 6F 00 72 00",
        {"flags": 0, "app_id": 2796, "wnd_id": 1835926, "wnd_name": "Calculator"},
    ),
    "4.1.8": (ENCOMSP_WndRemoved, 4, "04 00 08 00 96 03 1C 00", {"wnd_id": 1835926}),
    "4.1.9": (
        ENCOMSP_ParticipantCtrlChangeResponse,
        0xD,
        # the document reads this participant_id as 1, though the bytes are those of 0x01000000
        "0D 00 0E 00 03 00 00 00 00 01 00 00 00 00",
        {"flags": "REQUEST_VIEW+REQUEST_INTERACT", "participant_id": 0x01000000, "reason_code": 0},
    ),
    "4.1.10": (
        ENCOMSP_WndRegionUpdate,
        0xC,
        "0C 00 14 00 31 01 00 00 5B 00 00 00 D3 02 00 00 BD 02 00 00",
        {"left": 305, "top": 91, "right": 723, "bottom": 701},
    ),
    "4.2.1": (
        ENCOMSP_ParticipantCtrlChange,
        9,
        "09 00 0A 00 03 00 00 00 00 00",
        {"flags": "REQUEST_VIEW+REQUEST_INTERACT", "participant_id": 0},
    ),
    "4.2.2": (ENCOMSP_WndShow, 6, "06 00 08 00 96 03 1C 00", {"wnd_id": 1835926}),
    # the document has no examples of these two
    "2.2.5.1": (ENCOMSP_GraphicsStreamPaused, 0xA, "0A 00 04 00", {}),
    "2.2.5.2": (ENCOMSP_GraphicsStreamResumed, 0xB, "0B 00 04 00", {}),
}
ORDERS = sorted({order for order, *_ in EXAMPLES.values()}, key=lambda order: order.__name__)
NAMED = [ENCOMSP_AppCreated, ENCOMSP_WndCreated, ENCOMSP_ParticipantCreated]


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def test_the_examples_have_all_orders() -> None:
    assert {order_type for _, order_type, *_ in EXAMPLES.values()} == set(range(1, 0xE))


@pytest.mark.parametrize("example", EXAMPLES)
def test_dissect(example: str) -> None:
    order, order_type, wire, fields = EXAMPLES[example]
    packet = ENCOMSP_Header(bytes.fromhex(wire))
    assert (packet.order_type, packet.length) == (order_type, len(bytes.fromhex(wire)))
    assert type(packet.payload) is order
    assert isinstance(packet[order].payload, NoPayload)
    expected = order(**fields)
    for field in order.fields_desc:
        if field.name != "cch_string":
            assert packet[order].getfieldval(field.name) == expected.getfieldval(field.name)
        else:
            assert packet[order].cch_string == len(fields[order.fields_desc[-1].name])


@pytest.mark.parametrize("example", EXAMPLES)
def test_build(example: str) -> None:
    order, _, wire, fields = EXAMPLES[example]
    assert raw(ENCOMSP_Header() / order(**fields)) == bytes.fromhex(wire)


FLAGS = {
    ENCOMSP_FilterUpdated: {"FILTER_ENABLED": 1},
    ENCOMSP_AppCreated: {"APPLICATION_SHARED": 1},
    ENCOMSP_WndCreated: {"WINDOW_SHARED": 1},
    ENCOMSP_ParticipantCreated: {"MAY_VIEW": 1, "MAY_INTERACT": 2, "IS_PARTICIPANT": 4},
    ENCOMSP_ParticipantCtrlChange: {"REQUEST_VIEW": 1, "REQUEST_INTERACT": 2, "ALLOW_CONTROL_REQUESTS": 8},
    ENCOMSP_ParticipantCtrlChangeResponse: {"REQUEST_VIEW": 1, "REQUEST_INTERACT": 2, "ALLOW_CONTROL_REQUESTS": 8},
}


@pytest.mark.parametrize("order", ORDERS)
def test_flags_have_the_names_of_the_document(order: type[Any]) -> None:
    flags = [field for field in order.fields_desc if isinstance(field, FlagsField)]
    names = {name: 1 << bit for field in flags for bit, name in enumerate(field.names) if not name.startswith("bit_")}
    assert names == FLAGS.get(order, {})


def test_flags_without_names_are_kept() -> None:
    packet = ENCOMSP_ParticipantCtrlChange(flags=0x8006)
    assert "flags=REQUEST_INTERACT+bit_2+bit_15" in repr(packet)
    assert raw(packet)[:2] == b"\x06\x80"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "S_OK"),
        (0xD00A0006, "unable to send to the participant"),
        (0xD0000001, "error on the host side"),
        (0x80004004, "E_ABORT"),
        (0x80070005, "E_ACCESSDENIED"),
        (0x80079999, "HRESULT 0x80079999"),
        (41, "0x00000029"),  # no result code of [MS-RA]
        (0xC0000001, "0xc0000001"),
    ],
)
def test_disconnect_codes_are_shown_by_name(value: int, shown: str) -> None:
    assert ENCOMSP_ParticipantRemoved(disc_code=value).sprintf("%ENCOMSP_ParticipantRemoved.disc_code%") == shown


@pytest.mark.parametrize(
    ("wire", "text", "notes", "rest"),
    [
        (utf16("calc"), "calc", (), b""),
        (utf16("calc\0"), "calc", (), b""),
        (utf16("calc\0exe"), "calc", ("trailing_data",), utf16("exe")),
        (utf16("é中😀"), "é中😀", (), b""),
        (b"", "", (), b""),
        (b"c\0a", "c", ("odd_length",), b""),
        (b"\x00\xd8a\0", "\ufffda", (), b""),  # half a surrogate pair
    ],
)
def test_strings(wire: bytes, text: str, notes: tuple[str, ...], rest: bytes) -> None:
    value = UnicodeString(wire)
    assert (value, value.notes, value.rest, value.wire) == (text, notes, rest, wire)


@pytest.mark.parametrize("order", NAMED)
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=1024))
def test_names_are_built_and_dissected(order: type[Any], text: str) -> None:
    name = order.fields_desc[-1].name
    packet = order(raw(order(**{name: text})))
    assert (packet.getfieldval(name), packet.cch_string) == (text, len(utf16(text)) // 2)


@pytest.mark.parametrize("order", NAMED)
def test_a_count_that_was_given_stays(order: type[Any]) -> None:
    """So that a broken order can be built: the count lies, or the name has half a character."""
    name = order.fields_desc[-1].name
    wire = raw(order(cch_string=3, **{name: "calc"}))
    assert wire.endswith(b"\3\0" + utf16("calc"))
    packet = order(wire)
    assert (packet.getfieldval(name), packet[Raw].load) == ("cal", utf16("c"))
    assert raw(order(**{name: b"a\0b"})).endswith(b"\1\0a\0b")


@pytest.mark.parametrize("order", ORDERS)
@given(numbers=st.lists(st.integers(0, 0xFFFFFFFF), min_size=5, max_size=5))
def test_numbers_are_built_and_dissected(order: type[Any], numbers: list[int]) -> None:
    integers = order.fields_desc[:-2] if order in NAMED else order.fields_desc
    values = {field.name: number % (1 << int(8 * field.sz)) for field, number in zip(integers, numbers, strict=False)}
    packet = ENCOMSP_Header(raw(ENCOMSP_Header() / order(**values)))[order]
    assert {name: packet.getfieldval(name) for name in values} == values


@pytest.mark.parametrize("order", ORDERS)
@given(wire=st.binary(min_size=1, max_size=60))
def test_any_bytes_are_rebuilt(order: type[Any], wire: bytes) -> None:
    packet = order(wire)
    packet.clear_cache()
    assert raw(packet) == wire
    packet.summary()
    packet.show(dump=True)


def test_summary() -> None:
    packet = ENCOMSP_Header() / ENCOMSP_AppCreated(app_name="\x1b[2J")
    assert packet.summary() == "ENCOMSP OD_APP_CREATED"
    assert "\x1b" not in str(packet.show(dump=True))
