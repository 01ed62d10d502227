"""RDP 6.1 bulk compression, also called XCRUSH ([MS-RDPEGDI] 2.2.2.4.1, 3.1.8.2): copies of long runs, then MPPC.

    RDP61_COMPRESSED_DATA       Level1ComprFlags 1 | Level2ComprFlags 1 | data
                                data are level-2 (64K MPPC) data if Level1ComprFlags has L1_INNER_COMPRESSION and
                                Level2ComprFlags, which are those of MPPC, have PACKET_COMPRESSED

    level-1 data
      L1_NO_COMPRESSION         Literals
      L1_COMPRESSED             MatchCount u16 | MatchDetails 8 * MatchCount | Literals

    RDP61_MATCH_DETAILS         MatchLength u16 | MatchOutputOffset u16 | MatchHistoryOffset u32

The output is the Literals, into which a run of MatchLength bytes, found MatchHistoryOffset bytes from the front of
the history, is put at each MatchOutputOffset. The output goes into the history while it grows, so that a run may
continue in itself.
"""

from __future__ import annotations

import struct

from msra.transport.bulk_base import PACKET_COMPRESSED, PACKET_FLUSHED, BulkError, HistoryLostError
from msra.transport.mppc import RDP5, Mppc

L1_COMPRESSED = 0x01
L1_NO_COMPRESSION = 0x02
L1_PACKET_AT_FRONT = 0x04
L1_INNER_COMPRESSION = 0x10

HISTORY = 2_000_000
MAX_OUTPUT = 16384
"""[MS-RDPEGDI] 3.1.8.2.1 has PDUs of less than 16,383 bytes; FreeRDP compresses up to 16,384."""

_MATCH_COUNT = struct.Struct("<H")
_MATCH_DETAILS = struct.Struct("<HHI")


class Xcrush:
    """Decompresses one direction. Level 1 and level 2 each have a history, and lose it on their own."""

    def __init__(self) -> None:
        self._level2 = Mppc(RDP5)
        self._history = bytearray(HISTORY)
        self._written = 0
        self._offset: int | None = 0
        self._known = HISTORY

    def decompress(self, flags: int, data: bytes) -> bytes:
        """Decompress one PDU, at most MAX_OUTPUT bytes. Raises BulkError, after what became unknown is forgotten.

        FLUSHED resets level 1, as FreeRDP has it: level 2 has flags of its own. AT_FRONT has no meaning here.
        """
        if flags & PACKET_FLUSHED:
            self._history[: self._written] = bytes(self._written)
            self._written, self._offset, self._known = 0, 0, HISTORY
        if not flags & PACKET_COMPRESSED:
            return data
        try:
            return self._decompress(data)
        except HistoryLostError:
            self._lose_level1()
            raise
        except BulkError:
            self.lose()
            raise

    def lose(self) -> None:
        """Forget everything, because PDUs are missing."""
        self._lose_level1()
        self._level2.lose()

    def _lose_level1(self) -> None:
        self._offset, self._known = None, 0

    def _decompress(self, data: bytes) -> bytes:
        if len(data) < 2:
            raise BulkError("The compressed data end before their flags.")
        level1, level2, content = data[0], data[1], data[2:]
        if level1 & L1_INNER_COMPRESSION:
            content = self._level2.decompress(level2, content)
        if level1 & L1_PACKET_AT_FRONT:
            # The history stays as it is (figure 13), although 2.2.2.4.1 has it filled with zeros.
            self._offset = 0
        runs, literals = _parse(level1, content)
        size = len(literals) + sum(length for length, _, _ in runs)
        if size > MAX_OUTPUT:
            raise BulkError(f"The data expand to {size} bytes, more than the {MAX_OUTPUT} of a PDU.")
        if self._offset is not None:
            return self._insert(self._offset, size, runs, literals)
        if runs:
            raise HistoryLostError("The data refer to earlier data that are missing.")
        return literals

    def _insert(self, start: int, size: int, runs: list[tuple[int, int, int]], literals: bytes) -> bytes:
        """Append literals and runs (MatchLength, MatchOutputOffset, MatchHistoryOffset) to the history."""
        if start + size > HISTORY:
            raise BulkError(f"The data expand beyond the history of {HISTORY} bytes.")
        history, at, used = self._history, start, 0
        self._written = max(self._written, start + size)
        for length, output_offset, history_offset in runs:
            gap = start + output_offset - at
            if not 0 <= gap <= len(literals) - used:
                raise BulkError(f"The match at {output_offset} does not fit into the output.")
            history[at : at + gap] = literals[used : used + gap]
            at, used = at + gap, used + gap
            self._copy(at, history_offset, length)
            at += length
        history[at : start + size] = literals[used:]
        self._offset = start + size
        self._known = max(self._known, self._offset)
        return bytes(memoryview(history)[start : start + size])

    def _copy(self, to: int, start: int, length: int) -> None:
        """Copy a run within the history, as if byte by byte."""
        history = self._history
        if start + length > HISTORY:
            raise BulkError(f"A match of {length} bytes at {start} lies beyond the history of {HISTORY} bytes.")
        if start >= to and start + length > self._known:
            raise HistoryLostError("The data refer to earlier data that are missing.")
        run = history[start : start + length if start >= to else min(start + length, to)]
        if length:
            history[to : to + length] = (run * (length // len(run) + 1))[:length]


def _parse(flags: int, content: bytes) -> tuple[list[tuple[int, int, int]], bytes]:
    """Split level-1 data into (MatchLength, MatchOutputOffset, MatchHistoryOffset) and Literals."""
    if flags & L1_NO_COMPRESSION:
        return [], content
    if not flags & L1_COMPRESSED:
        raise BulkError(f"The level-1 flags 0x{flags:02x} do not say whether there are matches.")
    if len(content) < _MATCH_COUNT.size:
        raise BulkError("The level-1 data end before MatchCount.")
    (count,) = _MATCH_COUNT.unpack_from(content)
    literals = _MATCH_COUNT.size + count * _MATCH_DETAILS.size
    if len(content) < literals:
        raise BulkError(f"The level-1 data are too short for {count} matches.")
    return list(_MATCH_DETAILS.iter_unpack(content[_MATCH_COUNT.size : literals])), content[literals:]
