"""The pcap file format (draft-ietf-opsawg-pcap).

    magic 4 | major 2 | minor 2 | reserved 4 | reserved 4 | snaplen 4 | link type 4     file header, 24 bytes
    seconds 4 | fraction 4 | captured length 4 | original length 4 | data               a record

The magic tells the byte order and the unit of the fraction, and one variant whose record header is 8 bytes longer.
The upper 16 bits of the link type hold the length of the frame check sequence, and whether that is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

from msra.capture.buffer import MAX_RECORD, ReadBuffer
from msra.capture.model import CaptureError, CaptureLog, Packet

_FILE_HEADER = 24
_LINK_TYPE_MASK = 0xFFFF

_VARIANTS = (
    # magic, nanoseconds in the fraction's unit, size of a record header
    (0xA1B2C3D4, 1000, 16),
    (0xA1B23C4D, 1, 16),
    (0xA1B2CD34, 1000, 24),  # "modified" pcap of old Linux: interface index 4, protocol 2, packet type 1, padding 1
)
MAGICS = {Struct(order + "I").pack(magic): (order, unit, header) for magic, unit, header in _VARIANTS for order in "<>"}


def read_pcap(buffer: ReadBuffer, log: CaptureLog) -> Iterator[Packet]:
    """Yield the packets; `log` learns their number and what is wrong with the file."""
    if not buffer.refill(0, _FILE_HEADER):
        raise CaptureError("the file ends in the middle of its pcap header")
    order, unit, header = MAGICS[buffer.data[:4]]
    link_type = Struct(order + "I").unpack_from(buffer.data, 20)[0] & _LINK_TYPE_MASK
    unpack = Struct(order + "IIII").unpack_from

    at, size = _FILE_HEADER, header
    while size <= header + MAX_RECORD and buffer.refill(at, size):
        data, at, end = buffer.data, 0, len(buffer.data)
        while True:  # for each record of the buffer; leaves with `size`, what the next one needs
            body = at + header
            if body > end:
                size = header
                break
            seconds, fraction, captured, length = unpack(data, at)
            following = body + captured
            if following > end:
                size = header + captured
                break
            at = following
            log.packets = number = log.packets + 1
            yield Packet(number, seconds * 1_000_000_000 + fraction * unit, link_type, data[body:following], length)

    if size > header + MAX_RECORD:
        log.note(f"the file is damaged after packet {log.packets}; the rest was not read")
    elif buffer.data:
        log.note(f"the file ends in the middle of packet {log.packets + 1}")
