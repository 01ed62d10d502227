"""Virtual channels: which are wanted, and how dynamic ones inside them are found."""

from __future__ import annotations

from msra.limits import MAX_UNFINISHED
from msra.transport.channels import Chunk
from msra.transport.model import ChannelMessage, Gap, Item, Origin, Wanted
from msra.transport.room import Room
from msra.transport.virtual import VirtualChannels

SERVER, CLIENT = Origin(False, 1, 0), Origin(True, 2, 0)
WANTED = Wanted(
    frozenset({"remdesk"}), frozenset({"RC_CTL"}), lambda message: "remdesk" if message[:2] == b"RA" else None
)


def channels(*names: str) -> VirtualChannels:
    made = VirtualChannels(WANTED)
    if names:
        made.set_names(names)
        made.set_ids(tuple(range(1004, 1004 + len(names))))
    return made


def send(made: VirtualChannels, channel: int, data: bytes, origin: Origin = SERVER, flags: int = 3) -> list[Item]:
    return list(made.chunk(origin, channel, Chunk(len(data), flags, data), data))


def test_what_is_wanted() -> None:
    assert channels("rdpdr", "remdesk").may_be_wanted
    assert not channels("rdpdr", "drdynvc").may_be_wanted
    assert channels().may_be_wanted
    made = channels("rdpdr", "remdesk", "drdynvc")
    assert [made.carries_wanted(channel) for channel in (1003, 1004, 1005, 1006)] == [False, False, True, True]


def test_unknown_lists_leave_all_open_but_what_is_excluded() -> None:
    made = channels()
    made.exclude(1003)
    assert made.carries_wanted(1010) and not made.carries_wanted(1003)
    assert send(made, 1010, b"RA hello") == [ChannelMessage(SERVER, "remdesk", b"RA hello")]
    assert made.is_named(1010) and not made.is_named(1011)


def test_a_list_without_its_ids_leaves_all_open_too() -> None:
    """The Connect-Response is missing from the capture: messages tell their channel; both halves come in any order."""
    made = VirtualChannels(WANTED)
    made.set_names(("rdpdr", "remdesk"))
    assert made.carries_wanted(1005) and made.may_be_virtual(1005)
    assert send(made, 1005, b"RA hello") == [ChannelMessage(SERVER, "remdesk", b"RA hello")]
    made = VirtualChannels(WANTED)
    made.set_ids((1004, 1005))
    made.set_names(("rdpdr", "remdesk"))
    assert made.carries_wanted(1005) and not made.carries_wanted(1004) and not made.may_be_virtual(1010)


def test_the_message_channel_carries_no_virtual_channel() -> None:
    """Its PDUs look like compressed channel PDUs, and would spoil the compression history."""
    made = channels("remdesk")
    made.exclude(1010)
    assert made.may_be_virtual(1004) and not made.may_be_virtual(1010) and not made.may_be_virtual(1011)
    unknown = channels()
    unknown.exclude(1010)
    assert unknown.may_be_virtual(1004) and not unknown.may_be_virtual(1010)


def test_a_dynamic_channel_makes_the_connection_wanted() -> None:
    made = channels("drdynvc")
    assert send(made, 1004, b"\x10\x07RC_CTL\0") == []
    assert made.may_be_wanted
    assert send(made, 1004, b"\x30\x07hello", CLIENT) == [ChannelMessage(CLIENT, "RC_CTL", b"hello")]
    assert send(made, 1004, b"\x30\x08other") == []
    assert send(made, 1004, b"\x70\x07zip!") == [Gap(SERVER, "compressed", 4)]
    send(made, 1004, b"\x40\x07")
    assert send(made, 1004, b"\x30\x07hello") == []


def test_the_clients_answer_names_no_channel() -> None:
    made = channels("drdynvc")
    send(made, 1004, b"\x10\x07RC_CTL\0", CLIENT)
    assert not made.may_be_wanted


def test_a_dynamic_channel_is_known_by_what_it_carries() -> None:
    made = channels()
    assert send(made, 1010, b"\x30\x07RA hello") == [ChannelMessage(SERVER, "RC_CTL", b"RA hello")]


def test_channels_without_ids_are_known_by_what_they_carry() -> None:
    """The server's part of the list was not seen; the client's says that there is something to look for."""
    made = channels()
    made.set_names(("rdpdr", "remdesk"))
    assert made.carries_wanted(1010) and made.may_be_virtual(1010)
    assert send(made, 1010, b"RA hello") == [ChannelMessage(SERVER, "remdesk", b"RA hello")]
    made.set_ids((1004, 1005))
    assert not made.carries_wanted(1010) and not made.may_be_virtual(1010)


def test_unfinished_messages_are_counted_when_bytes_are_lost() -> None:
    made = channels("remdesk")
    send(made, 1004, b"first", flags=1)
    assert made.drop(False) == 5
    assert made.drop(False) == 0
    send(made, 1004, b"first", flags=1)
    assert send(made, 1004, b"RA", flags=3) == [
        Gap(SERVER, "incomplete_message", 5),
        ChannelMessage(SERVER, "remdesk", b"RA"),
    ]


def test_unfinished_messages_of_all_channels_together_are_bounded() -> None:
    made, chunk, told = channels(), bytes(64_000), 0
    for channel in range(2000, 3000):
        for item in send(made, channel, chunk, flags=1):
            assert isinstance(item, Gap) and item.kind == "incomplete_message"
            assert item.size <= MAX_UNFINISHED + len(chunk)
            told += item.size
    assert told + made.drop(False) == 1000 * len(chunk) and told > 2 * MAX_UNFINISHED


def test_unfinished_messages_of_all_connections_share_one_room() -> None:
    """The connection that is idle for the longest loses its own, and says so when bytes are counted next."""
    room = Room(10_000)
    idle, busy = VirtualChannels(WANTED, room), VirtualChannels(WANTED, room)
    send(idle, 1004, bytes(3000), flags=1)
    send(idle, 1004, bytes(3000), CLIENT, flags=1)
    send(busy, 1004, bytes(6000), flags=1)
    assert room.total == 6000
    assert send(idle, 1004, b"RA the rest", flags=2) == []
    assert (idle.drop(False), idle.drop(True), busy.drop(False)) == (3000, 3000, 6000)
    assert (idle.drop(False), idle.drop(True), room.total) == (0, 0, 0)


def test_finished_and_closed_messages_leave_the_room() -> None:
    room = Room(1 << 20)
    made = VirtualChannels(WANTED, room)
    made.set_names(("remdesk", "drdynvc"))
    made.set_ids((1004, 1005))
    send(made, 1004, b"RA", flags=1)
    send(made, 1004, b"RA", flags=2)
    send(made, 1005, b"\x10\x07RC_CTL\0")
    send(made, 1005, b"\x24\x07\xff\xff" + bytes(1000))
    assert room.total == 1000
    send(made, 1005, b"\x40\x07")
    assert room.total == 0


def test_a_channel_pdu_that_cannot_be_read_ends_the_message_of_its_channel() -> None:
    made = channels("remdesk", "rdpdr")
    send(made, 1004, b"RA first", flags=1)
    send(made, 1005, b"others", flags=1)
    assert made.interrupt(False, 1004) == 8
    assert made.interrupt(False, 1004) == 0
    assert send(made, 1004, b" last", flags=2) == [Gap(SERVER, "incomplete_message", 5)]
    assert made.drop(False) == 6


def test_an_interruption_of_drdynvc_ends_all_that_may_be_inside() -> None:
    made = channels("drdynvc")
    send(made, 1004, b"\x10\x07RC_CTL\0")
    send(made, 1004, b"\x24\x07\x10\x00RA first")
    assert made.interrupt(False, 1004) == 8
    assert send(made, 1004, b"\x34\x07RA next!") == [ChannelMessage(SERVER, "RC_CTL", b"RA next!")]


def test_a_closed_dynamic_channel_no_longer_counts() -> None:
    made = channels("drdynvc")
    for _ in range(600):
        assert send(made, 1004, b"\x10\x07RC_CTL\0") == []  # create
        assert send(made, 1004, b"\x28\x07\xff\xff\xff\x00" + bytes(60_000)) == []  # the first of a long message
        assert send(made, 1004, b"\x40\x07") == []  # close
