"""What all connections of a capture may hold together: with limits for each alone, fifty thousand fill any memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Protocol

from msra.limits import MAX_HISTORIES, MAX_UNFINISHED_IN_ALL


class Holder(Protocol):
    """Holds bytes, and can do without them."""

    def give_up(self) -> None:
        """Let go of them all."""


class Room:
    """So many bytes for all holders together; beyond it, those that were used least recently give theirs up."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[Holder, int] = OrderedDict()
        self.total = 0
        """Bytes that are held."""

    def hold(self, holder: Holder, size: int) -> None:
        """This holder is in use, and has now so many bytes in all."""
        self.total += size - self._held.pop(holder, 0)
        if size:
            self._held[holder] = size
        while self.total > self._size:
            oldest, bytes_held = self._held.popitem(last=False)
            self.total -= bytes_held
            oldest.give_up()


@dataclass(frozen=True, slots=True)
class Rooms:
    """Those of one capture."""

    messages: Room = field(default_factory=lambda: Room(MAX_UNFINISHED_IN_ALL))
    """For channel messages that are not complete."""
    histories: Room = field(default_factory=lambda: Room(MAX_HISTORIES))
    """For what compressed data may refer to."""
