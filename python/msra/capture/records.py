"""Runs of packet records as they lie in a capture file: found without being looked into, and read one by one on demand.

The file formats walk from record to record and hand on whole runs, so that a packet which nobody wants costs one step
of that walk and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from msra.capture.model import Packet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DENSE = 10  # if more than one record in so many is wanted, they are read all at once


class Content(Protocol):
    """Bytes that can be sliced, wherever they are."""

    def __getitem__(self, key: slice, /) -> bytes:
        """The bytes of this slice."""


@dataclass(slots=True)
class Columns:
    """Where the packets of a run are in its bytes: one entry for each record in each array.

    `start` and `end` bound the captured bytes; `link_type` is a LINKTYPE_ value. Where `odd` is set they mean nothing:
    only `Layout.packet` knows what to make of that record.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    link_type: NDArray[np.int64]
    odd: NDArray[np.bool_]


class Layout(Protocol):
    """How the records of a run are to be read: what the headers before them say."""

    def packet(self, number: int, record: bytes) -> Packet | None:
        """The packet in a record; None if there is none in it that can be used."""

    def columns(self, data: bytes, offsets: NDArray[np.int64]) -> Columns:
        """The packets of many records at once; record i is `data[offsets[i]:offsets[i + 1]]`."""


@dataclass(slots=True)
class Records:
    """Consecutive records of a capture: record i is `data[offsets[i]:offsets[i + 1]]`, and has the frame number
    `first` + i. `position` says where `data` begins in the (unpacked) capture.
    """

    data: Content
    position: int
    first: int
    offsets: list[int] | NDArray[np.uint32]
    layout: Layout

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def packets(self, rows: Sequence[int]) -> Iterator[Packet]:
        """The packets in these records."""
        if not rows:
            return
        data, first, read = self.data, self.first, self.layout.packet
        starts, ends = self._bounds(rows)
        if not isinstance(data, bytes) and len(rows) * _DENSE > len(self):
            data = data[0 : ends[-1]]
        for row, start, end in zip(rows, starts, ends, strict=True):
            packet = read(first + row, data[start:end])
            if packet is not None:
                yield packet

    def _bounds(self, rows: Sequence[int]) -> tuple[list[int], list[int]]:
        offsets = self.offsets
        if isinstance(offsets, list):
            return [offsets[row] for row in rows], [offsets[row + 1] for row in rows]
        return offsets[[*rows]].tolist(), offsets[[row + 1 for row in rows]].tolist()


def gather(data: bytes, at: NDArray[np.int64], fields: np.dtype[np.void]) -> NDArray[np.void]:
    """The structures at these offsets, of which each must lie in `data`. Many at once cost 3 ns each."""
    import numpy as np

    size = fields.itemsize
    if not len(at):
        return np.empty(0, fields)
    everywhere: NDArray[np.void] = np.ndarray((len(data) - size + 1,), f"V{size}", data, strides=(1,))
    return everywhere[at].view(fields)
