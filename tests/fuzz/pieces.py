"""Several inputs in one: what decoders with a state are fed with.

control u8 | size u16, big-endian | data        as often as there are bytes; the last one may be cut
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

LARGEST = 0xFFFF


class Piece(NamedTuple):
    """One input; what its `control` means is the oracle's affair."""

    control: int
    data: bytes


def split(data: bytes) -> Iterator[Piece]:
    """The pieces of an input; all bytes are one."""
    at = 0
    while at < len(data):
        start = at + 3
        end = start + int.from_bytes(data[at + 1 : start], "big")
        yield Piece(data[at], data[start:end])
        at = end


def joined(pieces: Iterable[Piece]) -> bytes:
    """The input that `split` makes these pieces of; long ones are cut."""
    parts = ((control, data[:LARGEST]) for control, data in pieces)
    return b"".join(bytes([control]) + len(data).to_bytes(2, "big") + data for control, data in parts)
