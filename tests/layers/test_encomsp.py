"""The messages of the channel `encomsp`: several orders, broken ones, and what the analysis gets of them.

No capture of `pcaps/` has traffic on this channel: the peers open it and send nothing. The bytes are those of
[MS-RDPEMC] 4.
"""

from __future__ import annotations

import json
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.compat import raw
from scapy.packet import NoPayload, Padding, Raw

from msra.events import NOTES
from msra.layers import (
    ENCOMSP_FilterUpdated,
    ENCOMSP_GraphicsStreamPaused,
    ENCOMSP_Header,
    ENCOMSP_Message,
    ENCOMSP_ParticipantCtrlChange,
    ENCOMSP_ParticipantCtrlChangeResponse,
    ENCOMSP_WndShow,
)
from msra.layers.encomsp import ORDERS, DecodedOrder, decode_encomsp
from msra.limits import MAX_ORDERS
from tests.layers.test_encomsp_orders import EXAMPLES

WIRES = {example: bytes.fromhex(wire) for example, (_, _, wire, _) in EXAMPLES.items()}
TYPES = {
    1: "OD_FILTER_STATE_UPDATED",
    2: "OD_APP_REMOVED",
    3: "OD_APP_CREATED",
    4: "OD_WND_REMOVED",
    5: "OD_WND_CREATED",
    6: "OD_WND_SHOW",
    7: "OD_PARTICIPANT_REMOVED",
    8: "OD_PARTICIPANT_CREATED",
    9: "OD_PARTICIPANT_CTRL_CHANGE",
    0xA: "OD_GRAPHICS_STREAM_PAUSED",
    0xB: "OD_GRAPHICS_STREAM_RESUMED",
    0xC: "OD_WND_REGION_UPDATE",
    0xD: "OD_PARTICIPANT_CTRL_CHANGE_RESPONSE",
}


def order(order_type: int, body: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("<HH", order_type, 4 + len(body) if length is None else length) + body


def decode(data: bytes) -> DecodedOrder:
    (decoded,), unread = decode_encomsp(data)
    assert unread == 0
    return decoded


DECODED: dict[str, dict[str, int | str]] = {
    "4.1.1": {"order_type": 1, "flags": 0},
    "4.1.2 to the participant": {
        "order_type": 8,
        "participant_id": 0,
        "group_id": 0,
        "flags": 4,
        "cch_string": 10,
        "friendly_name": "TESTUSER02",
    },
    "4.1.3": {"order_type": 7, "participant_id": 0, "disc_type": 0, "disc_code": 0xD00A0006},
    "4.1.5": {"order_type": 3, "flags": 1, "app_id": 2796, "cch_string": 4, "app_name": "calc"},
    "4.1.6": {"order_type": 2, "app_id": 3216},
    "4.1.7": {
        "order_type": 5,
        "flags": 0,
        "app_id": 2796,
        "wnd_id": 1835926,
        "cch_string": 10,
        "wnd_name": "Calculator",
    },
    "4.1.8": {"order_type": 4, "wnd_id": 1835926},
    "4.1.9": {"order_type": 0xD, "flags": 3, "participant_id": 0x01000000, "reason_code": 0},
    "4.1.10": {"order_type": 0xC, "left": 305, "top": 91, "right": 723, "bottom": 701},
    "4.2.1": {"order_type": 9, "flags": 3, "participant_id": 0},
    "4.2.2": {"order_type": 6, "wnd_id": 1835926},
    "2.2.5.1": {"order_type": 0xA},
    "2.2.5.2": {"order_type": 0xB},
}


@pytest.mark.parametrize("example", DECODED)
def test_decode(example: str) -> None:
    decoded = decode(WIRES[example])
    order_type = DECODED[example]["order_type"]
    assert isinstance(order_type, int)
    assert decoded == DecodedOrder(TYPES[order_type], DECODED[example], (), len(WIRES[example]))
    assert list(decoded.fields) == list(DECODED[example])


def test_all_orders_are_decoded() -> None:
    assert {fields["order_type"] for fields in DECODED.values()} == set(TYPES) == set(ORDERS)


def test_values_are_plain() -> None:
    """Flags and texts of Scapy are objects of its own, which JSON doesn't know."""
    for wire in WIRES.values():
        assert {type(value) for value in decode(wire).fields.values()} <= {int, str}


def test_several_orders_in_a_message() -> None:
    data = b"".join(WIRES.values())
    orders, unread = decode_encomsp(data)
    assert unread == 0
    assert [decoded.size for decoded in orders] == [len(wire) for wire in WIRES.values()]
    assert [decoded.type for decoded in orders] == [TYPES[order_type] for _, order_type, *_ in EXAMPLES.values()]
    assert [decoded.notes for decoded in orders] == [()] * len(WIRES)

    message = ENCOMSP_Message(data)
    assert [raw(item) for item in message.orders] == list(WIRES.values())
    assert isinstance(message.payload, NoPayload)
    message.clear_cache()
    assert raw(message) == data


def test_build_a_message() -> None:
    message = ENCOMSP_Message(
        orders=[
            ENCOMSP_Header() / ENCOMSP_FilterUpdated(flags="FILTER_ENABLED"),
            ENCOMSP_Header() / ENCOMSP_GraphicsStreamPaused(),
            ENCOMSP_Header() / ENCOMSP_WndShow(wnd_id=1835926),
        ]
    )
    assert raw(message) == WIRES["4.1.4"] + WIRES["2.2.5.1"] + WIRES["4.2.2"]
    assert message.summary() == (
        "ENCOMSP OD_FILTER_STATE_UPDATED, ENCOMSP OD_GRAPHICS_STREAM_PAUSED, ENCOMSP OD_WND_SHOW"
    )
    assert ENCOMSP_Message().summary() == "ENCOMSP"


def test_a_changed_order_changes_the_message() -> None:
    message = ENCOMSP_Message(WIRES["4.2.2"] + WIRES["4.2.1"])
    message.orders[1][ENCOMSP_ParticipantCtrlChange].flags = "REQUEST_VIEW"
    assert raw(message) == WIRES["4.2.2"] + bytes.fromhex("09000A00010000000000")


def test_a_length_that_was_given_stays() -> None:
    assert raw(ENCOMSP_Header(length=99) / ENCOMSP_WndShow(wnd_id=1)) == order(6, b"\1\0\0\0", 99)


def test_an_unknown_order_is_raw() -> None:
    wire = order(0x0E, b"new") + WIRES["4.2.2"]
    (unknown, known), unread = decode_encomsp(wire)
    assert unknown == DecodedOrder("UNKNOWN", {"order_type": 0x0E, "data": "6e6577"}, (), 7)
    assert (known.type, unread) == ("OD_WND_SHOW", 0)
    packet = ENCOMSP_Message(wire).orders[0]
    assert (packet.order_type, packet[Raw].load) == (0x0E, b"new")
    assert packet.summary() == "ENCOMSP 14 / Raw"
    assert decode(order(0)).fields == {"order_type": 0, "data": ""}


BROKEN: dict[str, tuple[bytes, dict[str, int | str], tuple[str, ...]]] = {
    # what: (message, fields after order_type of its only order, notes)
    "longer than its fields": (order(6, b"\1\0\0\0\xca\xfe"), {"wnd_id": 1, "data": "cafe"}, ("trailing_data",)),
    "longer without fields": (order(0xA, b"\xca"), {"data": "ca"}, ("trailing_data",)),
    "length too long": (order(6, b"\1\0\0\0", 9), {"wnd_id": 1}, ("bad_length",)),
    "length too long, cut": (order(9, b"\3\0\1\0", 10), {"flags": 3}, ("truncated", "bad_length")),
    "length too long, unknown": (order(99, b"\1", 0xFFFF), {"data": "01"}, ("bad_length",)),
    "no fields": (order(6), {}, ("truncated",)),
    "cut integer": (order(7, bytes(11)), {"participant_id": 0, "disc_type": 0}, ("truncated",)),
    "without name": (order(3, b"\1\0\2\0\0\0"), {"flags": 1, "app_id": 2}, ("truncated",)),
    "half a count": (order(3, b"\1\0\2\0\0\0\4"), {"flags": 1, "app_id": 2}, ("truncated",)),
    "cut name": (
        order(3, b"\1\0\2\0\0\0\4\0c\0a"),
        {"flags": 1, "app_id": 2, "cch_string": 4, "app_name": "c"},
        ("truncated", "odd_length"),
    ),
    "count without name": (
        order(3, b"\1\0\2\0\0\0\xff\xff"),
        {"flags": 1, "app_id": 2, "cch_string": 0xFFFF, "app_name": ""},
        ("truncated",),
    ),
    "name with a NUL and more, and more after it": (
        order(3, b"\1\0\2\0\0\0\3\0c\0\0\0a\0x"),
        {"flags": 1, "app_id": 2, "cch_string": 3, "app_name": "c", "data": "610078"},
        ("trailing_data",),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_orders(what: str) -> None:
    data, fields, notes = BROKEN[what]
    decoded = decode(data)
    assert list(decoded.fields.items())[1:] == list(fields.items())
    assert decoded.notes == notes


def test_windows_leaves_out_the_name() -> None:
    """[MS-RDPEMC] note 10: its receiver takes an application without name, and the layer keeps the other bytes."""
    packet = ENCOMSP_Header(order(3, b"\1\0\2\0\0\0"))
    assert packet[Raw].load == b"\1\0\2\0\0\0"


def test_a_length_within_the_fields_ends_the_order() -> None:
    (first, second), unread = decode_encomsp(order(7, b"\1\0\0\0") + WIRES["4.2.2"])
    assert (first.fields, first.notes) == ({"order_type": 7, "participant_id": 1}, ("truncated",))
    assert (second.type, unread) == ("OD_WND_SHOW", 0)


@pytest.mark.parametrize("rest", [b"\6", b"\6\0\x08", order(6, b"\1\0\0\0", 3), order(6, bytes(100), 0)])
def test_what_is_no_order_is_unread(rest: bytes) -> None:
    """Without a length that counts its own header nobody knows where the next order begins."""
    data = WIRES["4.2.2"] + rest
    (decoded,), unread = decode_encomsp(data)
    assert (decoded.type, decoded.size, unread) == ("OD_WND_SHOW", 8, len(rest))
    message = ENCOMSP_Message(data)
    assert (len(message.orders), message[Raw].load) == (1, rest)
    message.clear_cache()
    assert raw(message) == data


def test_the_empty_message() -> None:
    assert decode_encomsp(b"") == ([], 0)


def test_one_order_out_of_many() -> None:
    """ENCOMSP_Header alone takes what its length says; the rest is padding."""
    packet = ENCOMSP_Header(WIRES["4.2.2"] + b"more")
    assert packet[Padding].load == b"more"
    assert ENCOMSP_Header(order(6, b"\1\0\0\0", 0))[Padding].load == b"\1\0\0\0"


@pytest.mark.parametrize("example", WIRES)
def test_cut_messages(example: str) -> None:
    whole = decode(WIRES[example])
    for size in range(len(WIRES[example])):
        data = WIRES["4.2.2"] + WIRES[example][:size]
        (_, *cut), unread = decode_encomsp(data)
        if size < 4:
            assert (cut, unread) == ([], size)
        else:
            assert (cut[0].type, cut[0].size, unread) == (whole.type, size, 0)
            assert {"bad_length", "truncated"} <= set(cut[0].notes)
            complete = [name for name in cut[0].fields if not name.endswith("_name")]
            assert complete == list(whole.fields)[: len(complete)]
            assert all(cut[0].fields[name] == whole.fields[name] for name in complete)
        message = ENCOMSP_Message(data)
        message.clear_cache()
        assert raw(message) == data


@given(st.lists(st.tuples(st.integers(0, 15), st.binary(max_size=40), st.integers(0, 60) | st.none())), st.binary())
def test_any_orders_have_an_answer(items: list[tuple[int, bytes, int | None]], rest: bytes) -> None:
    data = b"".join(order(*item) for item in items) + rest
    orders, unread = decode_encomsp(data)
    assert sum(decoded.size for decoded in orders) + unread == len(data)
    for decoded in orders:
        assert set(decoded.notes) <= set(NOTES)
        assert (decoded.type == "UNKNOWN") == (decoded.fields["order_type"] not in TYPES)
        assert {type(value) for value in decoded.fields.values()} <= {int, str}
    message = ENCOMSP_Message(data)
    assert [len(item) for item in message.orders] == [decoded.size for decoded in orders]
    message.clear_cache()
    assert raw(message) == data


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_are_rebuilt(data: bytes) -> None:
    for layer in (ENCOMSP_Message, ENCOMSP_Header):
        packet = layer(data)
        packet.clear_cache()
        assert raw(packet) == data


def test_a_flood_of_orders_is_bounded() -> None:
    """16 MiB of the smallest orders would be four million objects."""
    data = order(0xA) * (1 << 22)
    start = time.perf_counter()
    orders, unread = decode_encomsp(data)
    message = ENCOMSP_Message(data)
    assert len(orders) == len(message.orders) == MAX_ORDERS
    assert unread == len(data) - 4 * MAX_ORDERS == len(message[Raw].load)
    assert time.perf_counter() - start < 30


def test_the_response_answers_the_request_of_its_participant() -> None:
    """[MS-RDPEMC] 2.2.4.4."""
    response = ENCOMSP_Header() / ENCOMSP_ParticipantCtrlChangeResponse(participant_id=5)
    assert response.answers(ENCOMSP_Header() / ENCOMSP_ParticipantCtrlChange(participant_id=5))
    assert not response.answers(ENCOMSP_Header() / ENCOMSP_ParticipantCtrlChange(participant_id=6))
    assert not response.answers(ENCOMSP_Header() / ENCOMSP_WndShow())
    assert not response.answers(Raw(b"x") / ENCOMSP_ParticipantCtrlChange(participant_id=5))


def test_json_has_the_bodies_of_the_orders() -> None:
    orders = ENCOMSP_Header() / ENCOMSP_WndShow(wnd_id=7), ENCOMSP_Header() / ENCOMSP_GraphicsStreamPaused()
    message = ENCOMSP_Message(b"".join(map(raw, orders)) + b"\1")
    read = json.loads(message.json())
    assert read["orders"] == [json.loads(ENCOMSP_Header(raw(order)).json()) for order in orders]
    assert read["orders"][0]["payload"]["wnd_id"] == 7 and read["payload"] == {"load": "\1"}
