"""The marks of RDP in the bytes of a run of packets: which segments may belong to a connection that carries it.

A stream is taken for RDP by one of two shapes, and only by them (see transport.recognise):

    0  1  2  3  4  5  6  7
    03 00 ?? ?? LI E0                  a TPKT with an X.224 connection request (LI is 6 or more)
    03 00 ?? ?? LI D0                  ... or connection confirm: a "connect" in what follows
    03 00 ?? ?? 02 F0 80 64            a TPKT with an MCS SendData request
    03 00 ?? ?? 02 F0 80 68            ... or indication: "SendData" in what follows

1. Where a segment holds a whole shape, one search over all bytes finds it. SendData counts wherever it is. A connect
   counts where a recogniser looks for it: at the start of a segment, and in its last 14 bytes, which it keeps and looks
   at again with the next segment. Anywhere else a connect is doubtful: it counts only if another segment ends where it
   begins, or starts 14 bytes behind that, since then the recogniser may get to see a part of this segment alone.

2. Where a shape is split over segments ("|"), one of the pieces shows enough of it to count:

    SendData, the piece with F0                      a connect, the piece with 03 or the one with E0 or D0
        |F0 80 6x                                        |03|  |03 00|  |03 00 ??|  ... at most 5 bytes
        |02 F0 80 6x                                     |E0
        |?? 02 F0 80 6x                                  |LI E0
        |?? ?? 02 F0 80 6x                               |?? LI E0
        |00 ?? ?? 02 F0 80 6x                            |?? ?? LI E0
        03 00 ?? ?? 02 F0|                               |00 ?? ?? LI E0        in a segment of at most 13 bytes
        03 00 ?? ?? 02 F0 80|

   A segment that ends before the drawing does need only agree with it as far as it goes.

Segments may be reordered, repeated, and cut anew when they are repeated: copies of a byte agree, so that a copy that
holds more of a shape shows it just as well. A stream whose copies differ is an attempt to deceive; which of them a
receiver takes nobody can tell from the capture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msra.capture.ends import Numbers
from msra.capture.headers import Segments

_ANY, _6X, _DE = (0x00, 0x00), (0x64, 0xF3), (0xC0, 0xCF)
"""Bytes of pieces, as value and mask: anything; 64 or 68; D0 or E0 (and a few more)."""


def _piece(*pattern: int | tuple[int, int]) -> tuple[np.uint64, np.uint64]:
    """Value and mask of a piece, as little-endian numbers."""
    pairs = [byte if isinstance(byte, tuple) else (byte, 0xFF) for byte in pattern]
    value, mask = (int.from_bytes(bytes(part), "little") for part in zip(*pairs, strict=True))
    return np.uint64(value & mask), np.uint64(mask)


_Pieces = tuple[tuple[int, tuple[np.uint64, np.uint64]], ...]

_SEND_DATA_STARTS: _Pieces = (
    # how much there must be, and the start of the segment
    (1, _piece(0xF0, 0x80, _6X)),
    (2, _piece(0x02, 0xF0, 0x80, _6X)),
    (3, _piece(_ANY, 0x02, 0xF0, 0x80, _6X)),
    (4, _piece(_ANY, _ANY, 0x02, 0xF0, 0x80, _6X)),
    (5, _piece(0x00, _ANY, _ANY, 0x02, 0xF0, 0x80, _6X)),
)
_SEND_DATA_ENDS: _Pieces = (
    # how much there must be, and the end of the segment, at the end of 8 bytes
    (6, _piece(_ANY, _ANY, 0x03, 0x00, _ANY, _ANY, 0x02, 0xF0)),
    (7, _piece(_ANY, 0x03, 0x00, _ANY, _ANY, 0x02, 0xF0, 0x80)),
)
_CONNECT_STARTS: _Pieces = ((1, _piece(0x03, 0x00)),)
_CONNECT_ENDS: _Pieces = (
    (1, _piece(_DE)),
    (2, _piece(_ANY, _DE)),
    (3, _piece(_ANY, _ANY, _DE)),
    (4, _piece(_ANY, _ANY, _ANY, _DE)),
    (5, _piece(0x00, _ANY, _ANY, _ANY, _DE)),
)
_LONGEST_CONNECT_START, _LONGEST_CONNECT_END = 5, 13

_CONNECT = 6  # bytes of its shape
_WORD = 8  # bytes that pieces are compared in
TAIL = 14
"""Bytes that a recogniser keeps."""


@dataclass(slots=True)
class Marks:
    """The segments that are `sure` to show one, and `doubtful` connects: the segment, and how far from its start."""

    sure: NDArray[np.bool_]
    doubtful: Numbers
    offset: Numbers


def find_marks(data: bytes, segments: Segments) -> Marks:
    """Look for marks in the segments of a run of packets."""
    sure = np.zeros(len(segments.row), np.bool_)
    if not len(sure):
        return Marks(sure, segments.row, segments.row)
    found, send_data = _whole_shapes(data)
    within = np.searchsorted(segments.payload, found, "right") - 1
    inside = (within >= 0) & (found < segments.end[within])
    within, found, send_data = within[inside], found[inside], send_data[inside]
    offset, left = found - segments.payload[within], segments.end[within] - found
    counts = send_data | (offset == 0) | (left <= TAIL)
    sure[within[counts]] = True
    carrying = np.flatnonzero(segments.end - segments.payload)
    sure[carrying[_show_pieces(data, segments.payload[carrying], segments.end[carrying])]] = True
    return Marks(sure, within[~counts], offset[~counts])


def _whole_shapes(data: bytes) -> tuple[Numbers, NDArray[np.bool_]]:
    """Where the shapes are in these bytes, and which of them are SendData."""
    content = np.frombuffer(data, np.uint8)
    at = _find_start(content)
    at = at[at + _CONNECT <= len(data)]
    fifth, code = content[at + 4], content[at + 5]
    connect = (fifth >= 6) & ((code == 0xE0) | (code == 0xD0))
    send_data = (fifth == 0x02) & (code == 0xF0)
    last = len(data) - 1  # a segment that ends within the shape is looked at as a piece, too
    send_data &= (content[np.minimum(at + 6, last)] == 0x80) & (content[np.minimum(at + 7, last)] & 0xF3 == 0x60)
    shapes = connect | send_data
    return at[shapes], send_data[shapes]


def _find_start(content: NDArray[np.uint8]) -> Numbers:
    """Where 03 00 is; at 10 GB/s, since this goes over every byte of the capture.

    The bytes are compared in pairs, those that start at even offsets and those that start at odd ones; the results are
    looked through eight at a time.
    """
    count = (len(content) - 1) // 16 * 8
    found, odd = (content[first : first + 2 * count].view("<u2") == 0x0003 for first in (0, 1))
    found |= odd
    eights = np.flatnonzero(found.view(np.uint64) != 0)
    pairs = (eights[:, None] * 8 + np.arange(8)).ravel()
    pairs = pairs[found[pairs]]
    rest = np.arange(2 * count, len(content) - 1)
    rest = rest[(content[rest] == 0x03) & (content[rest + 1] == 0x00)]
    return np.concatenate([pairs * 2 + odd[pairs], rest])


def _show_pieces(data: bytes, payload: Numbers, end: Numbers) -> NDArray[np.bool_]:
    size, start = end - payload, _eight_bytes(data, payload)
    pieces = _agree(start, size, _SEND_DATA_STARTS)
    pieces |= _agree(_eight_bytes(data, end - 8), size, _SEND_DATA_ENDS)
    short = np.flatnonzero(size <= _LONGEST_CONNECT_END)
    pieces[short] |= _agree(start[short], size[short], _CONNECT_ENDS)
    short = short[size[short] <= _LONGEST_CONNECT_START]
    pieces[short] |= _agree(start[short], size[short], _CONNECT_STARTS)
    return pieces


def _eight_bytes(data: bytes, at: Numbers) -> NDArray[np.uint64]:
    """The bytes from each offset on, as little-endian numbers; zeros behind the end of the data."""
    last = len(data) - 8
    everywhere: NDArray[np.void] = np.ndarray((last + 1,), "V8", data, strides=(1,))
    words: NDArray[np.uint64] = everywhere[np.minimum(at, last)].view(np.dtype("<u8"))
    return words >> (np.maximum(at - last, 0) * 8).astype(np.uint64)


def _agree(words: NDArray[np.uint64], size: Numbers, pieces: _Pieces) -> NDArray[np.bool_]:
    """Which segments agree with one of the pieces, as far as they go."""
    agreeing = np.zeros(len(words), np.bool_)
    for _, (value, mask) in pieces:
        agreeing |= words & mask == value
    short = np.flatnonzero(size < _WORD)
    agreeing[short] = _agree_as_far(words[short], size[short], pieces)
    return agreeing


def _agree_as_far(words: NDArray[np.uint64], size: Numbers, pieces: _Pieces) -> NDArray[np.bool_]:
    """The same for segments that may end within a piece."""
    there = ~np.uint64(0) >> (np.maximum(_WORD - size, 0) * 8).astype(np.uint64)
    agreeing = np.zeros(len(words), np.bool_)
    for least, (value, mask) in pieces:
        agreeing |= ((words ^ value) & mask & there == 0) & (size >= least)
    return agreeing
