"""A connection as a whole: from the bytes of both sides to channel messages, facts and gaps."""

from __future__ import annotations

import struct
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msra.limits import MAX_CLEAR_CHUNK
from msra.transport.connection import Connection
from msra.transport.model import ChannelMessage, Ciphertext, Fact, Gap, Item, Origin, Wanted
from msra.transport.room import Rooms
from tests.transport import builders as rdp
from tests.transport import bulk_reference as spec

REMDESK, DRDYNVC, OTHER = 1004, 1005, 1006


def identify(message: bytes) -> str | None:
    return "remdesk" if b"R\0C\0_\0C\0T\0L\0" in message else None


WANTED = Wanted(frozenset({"remdesk"}), frozenset({"RC_CTL"}), identify)


class Wire:
    """Feeds a connection packet by packet; each packet is a frame."""

    def __init__(self, synchronised: bool = True) -> None:
        self.connection = Connection(WANTED, synchronised, synchronised)
        self.items: list[Item] = []
        self.frame = 0

    def send(self, from_client: bool, *packets: bytes) -> Wire:
        for packet in packets:
            self.frame += 1
            self.items += self.connection.feed(Origin(from_client, self.frame, 0), packet)
        return self

    def lose(self, from_client: bool, size: int) -> Wire:
        self.frame += 1
        self.items += self.connection.hole(Origin(from_client, self.frame, 0), size, "lost_segment")
        return self

    def start(self, method: int = 0, names: Iterable[str] = ("remdesk", "drdynvc", "rdpsnd")) -> Wire:
        self.send(True, rdp.connection_request(), rdp.connect_initial(*names))
        return self.send(False, rdp.connection_confirm(), rdp.connect_response(REMDESK, DRDYNVC, OTHER, method=method))

    def messages(self) -> list[tuple[int, bool, str, bytes]]:
        return [
            (item.origin.frame, item.origin.from_client, item.channel, item.data)
            for item in self.items
            if isinstance(item, ChannelMessage)
        ]

    def facts(self) -> dict[str, object]:
        return {item.name: dict(item.data) for item in self.items if isinstance(item, Fact)}

    def gaps(self) -> list[tuple[str, int]]:
        return [(item.kind, item.size) for item in self.items if isinstance(item, Gap)]


MESSAGE = rdp.result(41)


def test_facts_and_a_message() -> None:
    wire = Wire().start().send(False, *rdp.channel_pdus(REMDESK, MESSAGE, False), rdp.disconnect(3))
    assert wire.facts() == {
        "connection_request": {"cookie": "Expert", "requested_protocols": 0},
        "connection_confirm": {"selected_protocol": 0},
        "client_channels": {"channel_names": ("remdesk", "drdynvc", "rdpsnd")},
        "server_channels": {"channel_ids": (REMDESK, DRDYNVC, OTHER)},
        "security": {"encryption_method": 0, "encryption_level": 0},
        "disconnect": {"reason": 3},
    }
    assert wire.messages() == [(5, False, "remdesk", MESSAGE)]
    assert wire.gaps() == []


def test_chunks_of_two_channels_and_directions_interleave() -> None:
    long = rdp.ra_message("70", bytes(5000))
    ours, theirs = rdp.channel_pdus(REMDESK, long, True), rdp.channel_pdus(REMDESK, MESSAGE, False, size=20)
    sound = rdp.channel_pdus(OTHER, bytes(4000), True)
    wire = Wire().start()
    for index in range(len(ours)):
        wire.send(True, ours[index], *sound[index : index + 1])
        wire.send(False, rdp.fast_path(200), *theirs[index : index + 1])
    wire.send(False, *theirs[len(ours) :])
    assert sorted(data for _, _, _, data in wire.messages()) == sorted([long, MESSAGE])
    assert wire.gaps() == []


def test_several_pdus_in_one_segment() -> None:
    packet = b"".join(rdp.channel_pdus(REMDESK, MESSAGE, False)) * 3 + rdp.fast_path(50)
    assert len(Wire().start().send(False, packet).messages()) == 3


def test_other_channels_are_not_delivered() -> None:
    assert Wire().start().send(False, *rdp.channel_pdus(OTHER, MESSAGE, False)).messages() == []


def test_dynamic_channel() -> None:
    create = b"\x10\x09RC_CTL\0"
    first = b"\x24\x09" + struct.pack("<H", len(MESSAGE)) + MESSAGE[:10]
    wire = Wire().start()
    for pdu in (create, first, b"\x30\x09" + MESSAGE[10:], b"\x40\x09", b"\x30\x09" + MESSAGE):
        wire.send(False, *rdp.channel_pdus(DRDYNVC, pdu, False))
    assert wire.messages() == [(7, False, "RC_CTL", MESSAGE)]


def test_a_capture_that_starts_in_the_middle() -> None:
    wire = Wire(synchronised=False).send(False, b"rest", *rdp.channel_pdus(1010, MESSAGE, False))
    wire.send(True, rdp.send_data(1010, rdp.chunk(b"\1", 1, 3), True), *rdp.channel_pdus(1010, MESSAGE, True))
    assert wire.messages()[0][1:] == (False, "remdesk", MESSAGE)
    assert wire.messages()[-1][1:] == (True, "remdesk", MESSAGE)


def test_encrypted_channel_data_is_a_gap() -> None:
    encrypted = b"\x08\x08\x00\x00" + bytes(30)
    clear = b"\x00\x00\x00\x00" + rdp.chunk(MESSAGE, len(MESSAGE), 3)
    wire = Wire().start(method=2).send(True, rdp.send_data(REMDESK, encrypted, True))
    wire.send(False, rdp.send_data(REMDESK, clear, False))
    assert wire.gaps() == [("encrypted", 34)]
    assert [data for *_, data in wire.messages()] == [MESSAGE]


def test_encrypted_data_of_an_ordinary_session_is_none_of_our_business() -> None:
    encrypted = b"\x08\x08\x00\x00" + bytes(30)
    wire = Wire().start(method=2, names=("rdpdr", "drdynvc")).send(True, rdp.send_data(DRDYNVC, encrypted, True))
    assert wire.gaps() == []


def packed(tokens: spec.Tokens, flags: int = 3) -> bytes:
    """A channel PDU of the server in MPPC 64K."""
    data = spec.encode_mppc(tokens, spec.RDP5_OFFSETS)
    return rdp.send_data(REMDESK, rdp.chunk(data, 60_000, flags | rdp.COMPRESSED | 1 << 16), False)


def test_a_compressed_chunk_of_more_than_a_chunk_may_have_is_no_message() -> None:
    """It is in the history all the same, which the next one refers to ([MS-RDPBCGR] 2.2.7.1.10, 3.1.8)."""
    huge = packed([0x41, (1, MAX_CLEAR_CHUNK)])
    assert len(huge) < 40
    wire = Wire().start().send(False, huge, packed([(1, MAX_CLEAR_CHUNK)]))
    ((kind, _),) = wire.gaps()
    assert kind == "bad_pdu" and [message[3] for message in wire.messages()] == [b"A" * MAX_CLEAR_CHUNK]


UNREADABLE = rdp.send_data(REMDESK, rdp.chunk(b"\xff" * 20, 20, rdp.COMPRESSED | 1 << 16), False)


@pytest.mark.parametrize("middle", [UNREADABLE, packed([0x41, (1, 60_000)], 0)], ids=["unreadable", "huge"])
def test_a_message_without_its_middle_is_none(middle: bytes) -> None:
    first = rdp.send_data(REMDESK, rdp.chunk(b"first", 20, rdp.FIRST), False)
    last = rdp.send_data(REMDESK, rdp.chunk(b"last", 20, rdp.LAST), False)
    wire = Wire().start().send(False, first, middle, last)
    assert wire.messages() == []
    assert wire.gaps()[1:] == [("incomplete_message", 5), ("incomplete_message", 4)]


def test_a_connection_that_has_ended_takes_no_room() -> None:
    rooms = Rooms()
    wire = Wire()
    wire.connection = Connection(WANTED, True, True, (), rooms)
    wire.start().send(False, rdp.send_data(REMDESK, rdp.chunk(b"first", 20, rdp.FIRST), False), packed([0x41]))
    wire.send(False, rdp.send_data(REMDESK, rdp.chunk(b"first", 20, rdp.FIRST), False))
    assert rooms.messages.total == 5 and rooms.histories.total > 65_536
    wire.items += wire.connection.finish([Origin(False, 9, 0), Origin(True, 9, 0)])
    assert rooms.messages.total == rooms.histories.total == 0


def test_compressed_chunks_are_gaps() -> None:
    pdu = rdp.send_data(REMDESK, rdp.chunk(b"\xff" * 20, 40, 3 | rdp.COMPRESSED), False)
    assert Wire().start().send(False, pdu).gaps() == [("compressed", 20)]


def test_a_lost_segment_breaks_one_direction_only() -> None:
    long = rdp.channel_pdus(REMDESK, rdp.ra_message("70", bytes(4000)), True)
    wire = (
        Wire()
        .start()
        .send(True, long[0])
        .lose(True, 100)
        .send(True, long[1], *rdp.channel_pdus(REMDESK, MESSAGE, True))
    )
    wire.send(False, *rdp.channel_pdus(REMDESK, MESSAGE, False))
    assert [data for *_, data in wire.messages()] == [MESSAGE, MESSAGE]
    assert wire.gaps()[:2] == [("lost_segment", 100), ("incomplete_message", 1600)]


@pytest.mark.parametrize("selected", [1, 2, 8])
def test_tls_takes_over(selected: int) -> None:
    hello = b"\x16\x03\x01\x00\x05hello"
    wire = Wire().send(True, rdp.connection_request(protocols=3)).send(False, rdp.connection_confirm(value=selected))
    wire.send(True, hello[:2], hello[2:])
    assert b"".join(item.data for item in wire.items if isinstance(item, Ciphertext)) == hello


def test_negotiation_failure() -> None:
    wire = Wire().send(True, rdp.connection_request()).send(False, rdp.connection_confirm(kind=3, value=5))
    assert wire.facts()["negotiation_failure"] == {"failure_code": 5}
    assert not wire.connection.tls


def test_unfinished_data_at_the_end_is_a_gap() -> None:
    wire = Wire().start().send(False, rdp.channel_pdus(REMDESK, MESSAGE, False)[0][:-3])
    wire.items += wire.connection.finish([Origin(False, 9, 0)])
    assert [kind for kind, _ in wire.gaps()] == ["incomplete_pdu"]


@settings(max_examples=200)
@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), max_size=20), st.booleans())
def test_any_bytes_can_be_fed(packets: list[tuple[bool, bytes]], synchronised: bool) -> None:
    wire = Wire(synchronised)
    if synchronised:
        wire.start()
    for from_client, packet in packets:
        wire.send(from_client, packet, rdp.send_data(REMDESK, packet, from_client))
    wire.connection.finish([Origin(True, 1, 0), Origin(False, 1, 0)])
