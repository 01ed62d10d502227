"""How much is decoded for what a capture holds: compressed, some bytes stand for thousands of messages."""

from __future__ import annotations

from dataclasses import dataclass

from msra.limits import MAX_DECODED

_BYTES_FOR_A_MESSAGE = 16
"""Of an RDP connection; the smallest message takes twice as many."""
_BYTES_OF_A_MESSAGE = 256
"""That take as long as one more message."""


@dataclass(slots=True)
class Reserve:
    """Messages that are decoded for all connections of a capture, beyond what each has earned."""

    messages: int = MAX_DECODED


class Effort:
    """That of one connection: it is earned by its bytes, and spent on its messages."""

    def __init__(self, reserve: Reserve) -> None:
        self._reserve = reserve
        self._bytes = 0

    @property
    def is_left(self) -> bool:
        """Whether the next message is to be decoded."""
        return self._bytes > 0 or self._reserve.messages > 0

    def earn(self, size: int) -> None:
        """So many bytes were read."""
        self._bytes += size

    def spend(self, messages: int, size: int) -> None:
        """So many messages were decoded, of `size` bytes in all."""
        self._bytes -= (messages + size // _BYTES_OF_A_MESSAGE) * _BYTES_FOR_A_MESSAGE
        borrowed = min(max(-self._bytes // _BYTES_FOR_A_MESSAGE, 0), self._reserve.messages)
        self._reserve.messages -= borrowed
        self._bytes += borrowed * _BYTES_FOR_A_MESSAGE
