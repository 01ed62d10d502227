"""Which packets of a capture are worth decoding: those of TCP connections that may carry RDP.

A first pass over the file finds the connections (headers.py, marks.py). What it keeps of each TCP segment is 21 bytes,
so that the second pass need not walk over the file again: it reads the packets that are wanted, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msra.capture.ends import ConnectionSet, Ends, Numbers, NumberSet, ends_of
from msra.capture.files import CaptureReader
from msra.capture.headers import Segments, read_segments
from msra.capture.link import FragmentTable
from msra.capture.marks import TAIL, find_marks
from msra.capture.model import Packet
from msra.capture.reassembly import FIN, RST, SYN
from msra.capture.records import Records
from msra.capture.selection import decode
from msra.limits import MAX_DOUBTS, MAX_SCAN_KEPT

_FEW = 100  # records for which NumPy is not worth its while
_RUN_COST = 2048  # bytes that a run of records costs whatever its length


@dataclass(slots=True)
class Part:
    """What is kept of a run of records: its TCP segments, as in headers.Segments.

    `control`: they open or close a connection. `secrets`: how many TLS key
    logs the file has before this run.
    """

    records: Records
    secrets: int
    row: NDArray[np.uint32]
    ends: Ends
    seq: NDArray[np.uint32]
    size: NDArray[np.uint32]
    control: NDArray[np.bool_]
    odd: Numbers

    @property
    def cost(self) -> int:
        """About how many bytes it takes."""
        return _RUN_COST + 21 * len(self.row) + 8 * len(self.odd) + 4 * len(self.records)

    def packets(self, these: Numbers) -> Iterator[Packet]:
        """The packets of these segments, and all odd ones, in order."""
        rows = self.row[these]
        return self.records.packets((np.sort(np.concatenate([rows, self.odd])) if len(self.odd) else rows).tolist())


class Scan:
    """The first pass over a capture that can be read again."""

    def __init__(self, reader: CaptureReader, reopen: Callable[[], CaptureReader], ports: Collection[int]) -> None:
        """`reopen` gives another reader of the same capture; `ports`: TCP ports whose connections are all wanted."""
        self.unsupported: Counter[int] = Counter()
        """Packets by link types that nobody reads."""
        self.wanted = ConnectionSet()
        """The connections that may carry RDP, or be on one of the ports."""
        self._reader = reader
        self._reopen = reopen
        self._parts: list[Part] | None = []
        self._kept = 0
        self._doubtful: list[tuple[Ends, NDArray[np.uint64]]] = []
        self._doubts = 0
        fragments = FragmentTable()
        for records in reader.records():
            part, segments = look_at(records, len(reader.tls_secrets))
            odd = decode(part.records.packets(part.odd.tolist()), fragments, self.unsupported)
            self.wanted.add(ends_of([segment for _, segment in odd]))
            if segments is not None:
                self._look_for_marks(records.data[0:], part, segments, ports)
            self._keep(part)
        self._settle_doubts()

    def _look_for_marks(self, data: bytes, part: Part, segments: Segments, ports: Collection[int]) -> None:
        self.unsupported.update(segments.unsupported)
        marks = find_marks(data, segments)
        for port in ports:
            marks.sure |= (segments.source_port == port) | (segments.target_port == port)
        self.wanted.add(part.ends.only(marks.sure))
        ends = part.ends.only(marks.doubtful)
        self._doubtful.append((ends, ends.place(part.seq[marks.doubtful] + marks.offset.astype(np.uint32))))
        self._doubts += len(marks.doubtful)
        if self._doubts > MAX_DOUBTS:
            self._believe_all()

    def _believe_all(self) -> None:
        for ends, _ in self._doubtful:
            self.wanted.add(ends)
        self._doubtful.clear()
        self._doubts = 0

    def _settle_doubts(self) -> None:
        """A connect in the middle of a segment counts if another segment shares bytes with it (see marks.py)."""
        if self._parts is None:
            self._believe_all()
        if not self._doubts or self._parts is None:
            return
        places = NumberSet(np.concatenate([places for _, places in self._doubtful]))
        for part in self._parts:
            ends_there = places.hold(part.ends.place(part.seq + part.size))
            starts_behind = places.hold(part.ends.place(part.seq - np.uint32(TAIL)))
            self.wanted.add(part.ends.only(ends_there | starts_behind))

    def parts(self) -> Iterator[Part]:
        """The capture again."""
        if self._parts is not None:
            yield from self._parts
            return
        with self._reopen() as reader:
            for records in reader.records():
                yield look_at(records, len(reader.tls_secrets))[0]

    def _keep(self, part: Part) -> None:
        self._kept += part.cost
        if self._kept > MAX_SCAN_KEPT:
            self._parts = None
        elif self._parts is not None:
            content = self._reader.content(part.records.position)
            self._parts.append(replace(part, records=replace(part.records, data=content)))


def look_at(records: Records, secrets: int) -> tuple[Part, Segments | None]:
    """A run of records as the parts of a capture are kept, and all that is known of it now.

    All packets of a short run are odd, and nothing else is known of it: None.
    """
    offsets, count = np.array(records.offsets, np.uint32), len(records)
    records = replace(records, offsets=offsets)
    if count < _FEW:
        nothing = np.empty(0, np.uint32)
        ends, control = Ends(nothing, nothing), nothing.astype(np.bool_)
        return Part(records, secrets, nothing, ends, nothing, nothing, control, np.arange(count)), None
    data = records.data[0:]
    segments = read_segments(data, records.layout.columns(data, offsets.astype(np.int64)))
    control = segments.flags & (SYN | FIN | RST) != 0
    row = segments.row.astype(np.uint32)
    return Part(records, secrets, row, segments.ends, segments.seq, segments.size, control, segments.odd), segments
