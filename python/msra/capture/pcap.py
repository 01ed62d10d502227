"""The pcap file format (draft-ietf-opsawg-pcap).

    magic 4 | major 2 | minor 2 | reserved 4 | reserved 4 | snaplen 4 | link type 4     file header, 24 bytes
    seconds 4 | fraction 4 | captured length 4 | original length 4 | data               a record

The magic tells the byte order and the unit of the fraction, and one variant whose record header is 8 bytes longer.
The upper 16 bits of the link type hold the length of the frame check sequence, and whether that is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import TYPE_CHECKING

from msra.capture.buffer import ReadBuffer
from msra.capture.model import CaptureError, CaptureLog, Packet
from msra.capture.records import Columns, Records
from msra.limits import MAX_RECORD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FILE_HEADER = 24
_LINK_TYPE_MASK = 0xFFFF

_VARIANTS = (
    # magic, nanoseconds in the fraction's unit, size of a record header
    (0xA1B2C3D4, 1000, 16),
    (0xA1B23C4D, 1, 16),
    (0xA1B2CD34, 1000, 24),  # "modified" pcap of old Linux: interface index 4, protocol 2, packet type 1, padding 1
)
MAGICS = {Struct(order + "I").pack(magic): (order, unit, header) for magic, unit, header in _VARIANTS for order in "<>"}


class _Layout:
    """What the file header says (see records.Layout)."""

    def __init__(self, file_header: bytes) -> None:
        self.order, self._unit, self.header = MAGICS[file_header[:4]]
        self._link_type = Struct(self.order + "I").unpack_from(file_header, 20)[0] & _LINK_TYPE_MASK
        self._unpack = Struct(self.order + "IIII").unpack_from

    def packet(self, number: int, record: bytes) -> Packet:
        """Every record holds a packet."""
        seconds, fraction, _captured, length = self._unpack(record)
        time = seconds * 1_000_000_000 + fraction * self._unit
        return Packet(number, time, self._link_type, record[self.header :], length)

    def columns(self, _data: bytes, offsets: NDArray[np.int64]) -> Columns:
        """A packet is what follows the header of its record."""
        import numpy as np

        count = len(offsets) - 1
        return Columns(
            offsets[:-1] + self.header, offsets[1:], np.full(count, self._link_type), np.zeros(count, np.bool_)
        )


def walk_pcap(buffer: ReadBuffer, log: CaptureLog) -> Iterator[Records]:
    """Yield the records; `log` learns their number and what is wrong with the file."""
    if not buffer.refill(0, _FILE_HEADER):
        raise CaptureError("the file ends in the middle of its pcap header")
    layout = _Layout(buffer.data[:_FILE_HEADER])
    header = layout.header
    captured_length = Struct(layout.order + "8xI").unpack_from

    at, size = _FILE_HEADER, header
    while size <= header + MAX_RECORD and buffer.refill(at, size):
        data, at, end = buffer.data, 0, len(buffer.data)
        offsets = [0]
        found = offsets.append
        last = end - header
        while at <= last:  # for each record of the buffer
            at += header + captured_length(data, at)[0]
            found(at)
        size = header  # what the next record needs
        if at > end:
            offsets.pop()
            at, size = offsets[-1], at - offsets[-1]
        if len(offsets) > 1:
            first = log.packets + 1
            log.packets += len(offsets) - 1
            yield Records(data, buffer.position, first, offsets, layout)

    if size > header + MAX_RECORD:
        log.note(f"the file is damaged after packet {log.packets}; the rest was not read")
    elif buffer.data:
        log.note(f"the file ends in the middle of packet {log.packets + 1}")
