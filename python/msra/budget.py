"""How much of a capture is kept in memory: events are passed on without end, but a report is made of those it holds."""

from __future__ import annotations

from msra.events import Event, Fact, FactValue, Gap, Message
from msra.limits import MAX_REPORT, MAX_REPORT_OF_A_CONNECTION, MAX_REPORT_RESERVED

_EVENT, _FIELD = 768, 128
"""Bytes that a message or fact takes beside its contents, and each of its fields; half of them while it is written."""
_GAP = 128


class Budget:
    """Bytes for the events of one capture; `left` of them are still free."""

    def __init__(self, size: int = MAX_REPORT) -> None:
        self.left = size


class Account:
    """What one connection takes of a budget. `full`: something had to be left out, and so is all that follows."""

    __slots__ = ("_budget", "_used", "full")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._used = 0
        self.full = False

    def take(self, event: Event) -> bool:
        """Whether this event can be kept."""
        if not self.full:
            size = cost(event)
            used = self._used + size
            too_much = size > self._budget.left and used > MAX_REPORT_RESERVED
            self.full = too_much or used > MAX_REPORT_OF_A_CONNECTION
            if not self.full:
                self._used = used
                self._budget.left -= size
        return not self.full

    def close(self) -> None:
        """The events are no longer kept."""
        self._budget.left += self._used
        self._used = 0


def cost(event: Event) -> int:
    """About how many bytes an event takes in memory."""
    if isinstance(event, Gap):
        return _GAP
    values = event.fields if isinstance(event, Message) else event.data if isinstance(event, Fact) else {}
    data = len(event.data) if isinstance(event, Message) else 0
    return _EVENT + data + sum(_FIELD + _size(value) for value in values.values())


def _size(value: FactValue) -> int:
    if isinstance(value, tuple):
        return sum(_FIELD + _size(one) for one in value)
    return len(value) if isinstance(value, str) else 0
