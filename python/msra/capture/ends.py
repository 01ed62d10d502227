"""The ends of TCP connections as numbers, for many segments at once; and sets of connections.

An end is an address and a port. It becomes a number of 32 bits by multiply-shift hashing, with factors that nobody can
foresee: no sender can make two ends look like one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msra.capture.model import Segment

Numbers = NDArray[np.int64]

_FACTORS = tuple(secrets.randbits(64) | 1 for _ in range(5))
_WORDS, _PORT = tuple(map(np.uint64, _FACTORS[:4])), np.uint64(_FACTORS[4])
_MASK = (1 << 64) - 1
_SLOTS = 1 << 22
_LOW = np.uint64(0xFFFF)


def number_of_end(address: bytes, port: int) -> int:
    """The number of an end; the address has 4 or 16 bytes."""
    words = [int.from_bytes(address[at : at + 4], "big") for at in range(0, len(address), 4)]
    total = (port | len(words) << 16) * _FACTORS[4]
    total += sum(word * factor for word, factor in zip(words, _FACTORS, strict=False))
    return (total & _MASK) >> 32


def numbers_of_ends(words: NDArray[np.uint32], ports: NDArray[np.uint16]) -> NDArray[np.uint32]:
    """The numbers of many ends; an address is one word, or a row of four."""
    columns = np.atleast_2d(words.T)
    total: NDArray[np.uint64] = (ports.astype(np.uint64) | np.uint64(len(columns) << 16)) * _PORT
    for word, factor in zip(columns, _WORDS, strict=False):
        total += word.astype(np.uint64) * factor
    return (total >> np.uint64(32)).astype(np.uint32)


def number_of_connection(one: int, other: int) -> int:
    """The number of the connection between two ends."""
    return max(one, other) << 32 | min(one, other)


@dataclass(slots=True)
class Ends:
    """Source and target of many segments."""

    source: NDArray[np.uint32]
    target: NDArray[np.uint32]

    @property
    def connection(self) -> NDArray[np.uint64]:
        """The numbers of the connections, which are the same in both directions."""
        high: NDArray[np.uint64] = np.maximum(self.source, self.target).astype(np.uint64) << np.uint64(32)
        return high | np.minimum(self.source, self.target)

    def place(self, seq: NDArray[np.uint32]) -> NDArray[np.uint64]:
        """Numbers for the bytes with these sequence numbers, on their way from source to target."""
        total: NDArray[np.uint64] = self.source.astype(np.uint64) * _WORDS[0]
        total += self.target.astype(np.uint64) * _WORDS[1]
        total += seq.astype(np.uint64) * _WORDS[2]
        return total

    def only(self, these: NDArray[np.bool_] | Numbers) -> Ends:
        """Those of some segments."""
        return Ends(self.source[these], self.target[these])

    def touch(self, ends: NumberSet) -> NDArray[np.bool_]:
        """Which have one of these ends."""
        source, target = (ends.hold(side.astype(np.uint64)) for side in (self.source, self.target))
        return source | target


def ends_of(segments: list[Segment]) -> Ends:
    """The ends of segments that were decoded one by one."""
    sources = [number_of_end(segment.src, segment.sport) for segment in segments]
    targets = [number_of_end(segment.dst, segment.dport) for segment in segments]
    return Ends(np.array(sources, np.uint32), np.array(targets, np.uint32))


class ConnectionSet:
    """A set of connections, in 4 MiB however many they are: it may hold some that were never added."""

    def __init__(self) -> None:
        self._taken = np.zeros(_SLOTS, np.bool_)

    def add(self, ends: Ends) -> None:
        """Add the connections between these ends."""
        self._taken[self._slots(ends)] = True

    def hold(self, ends: Ends) -> NDArray[np.bool_]:
        """Which of the connections are in it."""
        held: NDArray[np.bool_] = self._taken[self._slots(ends)]
        return held

    @staticmethod
    def _slots(ends: Ends) -> NDArray[np.uint32]:
        slots: NDArray[np.uint32] = (ends.source + ends.target) & np.uint32(_SLOTS - 1)
        return slots


class NumberSet:
    """A set of some random numbers, looked up for very many."""

    def __init__(self, numbers: NDArray[np.uint64]) -> None:
        self._numbers = np.sort(numbers)  # not np.unique, for which NumPy loads another 10 ms of itself
        self._near = np.zeros(1 << 16, np.bool_)
        self._near[self._numbers & _LOW] = True

    def hold(self, numbers: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Which of the numbers are in it."""
        held: NDArray[np.bool_] = self._near[numbers & _LOW]
        near = np.flatnonzero(held)
        if len(near):
            candidates = numbers[near]
            places = np.searchsorted(self._numbers, candidates)
            held[near] = self._numbers[np.minimum(places, len(self._numbers) - 1)] == candidates
        return held
