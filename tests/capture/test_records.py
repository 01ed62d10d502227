"""Runs of records: single packets are read from where they lie, and many structures at once."""

from __future__ import annotations

import struct

import numpy as np

from msra.capture.model import Packet
from msra.capture.records import Columns, Records, gather


class Numbered:
    """A layout in which every record is a packet, but those that start with a zero."""

    def packet(self, number: int, record: bytes) -> Packet | None:
        return Packet(number, 0, 1, record, len(record)) if record[0] else None

    def columns(self, _data: bytes, _offsets: object) -> Columns:
        raise NotImplementedError


def test_packets_by_row() -> None:
    records = Records(b"aabbb\0cc", 0, 7, [0, 2, 5, 6, 8], Numbered())
    assert len(records) == 4
    assert [(packet.number, packet.data) for packet in records.packets([1, 2, 3])] == [(8, b"bbb"), (10, b"cc")]


def test_structures_at_any_offset() -> None:
    data = b"x" + struct.pack(">HB", 513, 7) + struct.pack(">HB", 2, 8)
    fields = np.dtype([("word", ">u2"), ("byte", "u1")])
    found = gather(data, np.array([4, 1]), fields)
    assert found["word"].tolist() == [2, 513]
    assert found["byte"].tolist() == [8, 7]
    assert len(gather(b"", np.array([], np.int64), fields)) == 0
