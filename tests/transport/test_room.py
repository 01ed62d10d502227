"""Room: what is held stays within it, and who was idle for the longest makes way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msra.limits import MAX_HISTORIES, MAX_UNFINISHED_IN_ALL
from msra.transport.room import Room, Rooms


class Holder:
    def __init__(self) -> None:
        self.held = 0

    def give_up(self) -> None:
        self.held = 0


def hold(room: Room, holder: Holder, size: int) -> None:
    holder.held = size
    room.hold(holder, size)


def test_the_one_that_is_idle_for_the_longest_gives_up() -> None:
    room, first, second, third = Room(10), Holder(), Holder(), Holder()
    hold(room, first, 4)
    hold(room, second, 4)
    hold(room, first, 4)  # in use again
    hold(room, third, 4)
    assert (first.held, second.held, third.held, room.total) == (4, 0, 4, 8)


def test_what_is_larger_than_the_room_gives_itself_up() -> None:
    room, one = Room(10), Holder()
    hold(room, one, 11)
    assert (one.held, room.total) == (0, 0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), max_size=60))
def test_no_more_is_held_than_there_is_room(steps: list[tuple[int, int]]) -> None:
    room, holders = Room(100), [Holder() for _ in range(6)]
    for number, size in steps:
        hold(room, holders[number], size)
        assert room.total == sum(holder.held for holder in holders) <= 100
        assert holders[number].held == size


def test_the_rooms_of_a_capture() -> None:
    rooms = Rooms()
    one = Holder()
    hold(rooms.messages, one, MAX_UNFINISHED_IN_ALL + 1)
    assert one.held == 0
    hold(rooms.histories, one, MAX_HISTORIES)
    assert one.held == MAX_HISTORIES
