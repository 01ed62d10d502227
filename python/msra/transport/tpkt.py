"""The outermost framing: TPKT packets (RFC 1006 6) and fast-path PDUs in one TCP stream.

    TPKT        +----+----+---------+----------          fast path   +------+------------+--------
                | 03 | 00 | length  | X.224                          | b0   | length 1-2 | data
                +----+----+---------+----------                      +------+------------+--------
                 version   16 bit, big-endian,                        b0 & 3 == 0 ([MS-RDPBCGR] 2.2.8.1.2, 2.2.9.1.2);
                           header included                            length: one byte, or two big-endian bytes with
                                                                      the top bit set; header included

INVARIANT: every byte that is fed comes back exactly once: in a PDU, in a skip, or from `drop()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

TPKT_HEADER = 4
MAX_PDU = 0xFFFF
"""Both length fields end here, so no claim makes the buffer grow further."""


class Kind(IntEnum):
    """What a frame of the stream is; SKIPPED are bytes between two PDUs that belong to none."""

    TPKT = 0
    FAST_PATH = 1
    SKIPPED = 2


class Frame(NamedTuple):
    """One PDU of the stream; `data` is the TPKT's content, or the whole fast-path PDU, or skipped bytes."""

    kind: Kind
    data: bytes


def is_send_data(data: bytes | bytearray, at: int) -> bool | None:
    """Whether a TPKT with an MCS SendData PDU starts at `at`; None: too few bytes to tell.

    This shape is strict enough to find the next PDU in the middle of a stream ([MS-RDPBCGR] 2.2.6.1, T.125 11.32):

        03 00 LL LL | 02 F0 80 | 64 or 68 | initiator 2 | channel 2 | 70 | PER length 1-2 | data
        0           | 4        | 7        | 8           | 10        | 12 | 13
    """
    head = bytes(data[at : at + 15])
    for expected, got in zip(_SEND_DATA, head, strict=False):
        if expected is not None and got not in expected:
            return False
    if len(head) < 15:
        return None
    length = int.from_bytes(head[2:4], "big")
    if head[13] & 0x80:
        return length == 15 + ((head[13] & 0x7F) << 8 | head[14])
    return length == 14 + head[13]


_SEND_DATA: tuple[bytes | None, ...] = (
    b"\x03", b"\x00", None, None, b"\x02", b"\xf0", b"\x80", b"\x64\x68", None, None, None, None, b"\x70",
)  # fmt: skip


class Framer:
    """Cuts one direction of a stream into PDUs, and finds the next one after lost or foreign bytes."""

    def __init__(self, synchronised: bool = True) -> None:
        """`synchronised`: the first byte fed is the first byte of a PDU."""
        self.synchronised = synchronised
        self._buffer = bytearray()
        self._skipped = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The PDUs that `data` completes."""
        frames: list[Frame] = []
        at = 0
        if self.synchronised and not self._buffer and not self._skipped:  # as nearly always: what came is whole PDUs
            while at < len(data) and (length := _pdu_length(data, at)) and at + length <= len(data):
                frames.append(_frame(data[at : at + length]))
                at += length
        if at < len(data):
            self._buffer += data[at:]
            frames.extend(self._take_frames())
        return frames

    def _take_frames(self) -> Iterator[Frame]:
        """Those at the start of the buffer."""
        while self._buffer:
            if not self.synchronised and not self._synchronise():
                if len(self._skipped) > MAX_PDU:
                    yield self._take_skipped()
                return
            if self._skipped:
                yield self._take_skipped()
            length = _pdu_length(self._buffer, 0)
            if length is None or length > len(self._buffer):
                return
            if length == 0:
                self.synchronised = False
                self._skip(1)
                continue
            yield self._take(length)

    def peek(self) -> bytes:
        """The bytes of the PDU that is not complete yet."""
        return bytes(self._buffer)

    def drop(self) -> int:
        """Forget the unfinished PDU and unread bytes, after a loss or at the end; return how many they were."""
        size = len(self._buffer) + len(self._skipped)
        self._buffer.clear()
        self._skipped.clear()
        self.synchronised = False
        return size

    def take_rest(self) -> bytes:
        """Hand over the unread bytes: another layer (TLS) owns the stream from here."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def _take(self, length: int) -> Frame:
        pdu = bytes(self._buffer[:length])
        del self._buffer[:length]
        return _frame(pdu)

    def _take_skipped(self) -> Frame:
        skipped = Frame(Kind.SKIPPED, bytes(self._skipped))
        self._skipped.clear()
        return skipped

    def _skip(self, size: int) -> None:
        self._skipped += self._buffer[:size]
        del self._buffer[:size]

    def _synchronise(self) -> bool:
        """Move to the next SendData PDU; False when more bytes are needed to find one."""
        at = self._buffer.find(b"\x03\x00")
        while at >= 0:
            found = is_send_data(self._buffer, at)
            if found is not False:
                self._skip(at)
                self.synchronised = bool(found)
                return self.synchronised
            at = self._buffer.find(b"\x03\x00", at + 1)
        self._skip(len(self._buffer) - (self._buffer[-1] == 3))
        return False


def _pdu_length(data: bytes | bytearray, at: int) -> int | None:
    """Length of the PDU that starts at `at`; None: not known yet; 0: this is no PDU."""
    there = len(data) - at
    if there < 2:
        return None if data[at] == 3 or not data[at] & 3 else 0
    first, second = data[at], data[at + 1]
    if first == 3:
        if there < TPKT_HEADER:
            return None
        length = data[at + 2] << 8 | data[at + 3]
        return length if second == 0 and length >= 7 else 0
    if first & 3:
        return 0
    if not second & 0x80:
        return second if second > 2 else 0
    if there < 3:
        return None
    length = (second & 0x7F) << 8 | data[at + 2]
    return length if length > 3 else 0


def _frame(pdu: bytes) -> Frame:
    return Frame(Kind.TPKT, pdu[TPKT_HEADER:]) if pdu[0] == 3 else Frame(Kind.FAST_PATH, pdu)
