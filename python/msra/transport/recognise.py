"""Finding RDP in a TCP stream by its content, on any port and from any point of the stream on.

A stream is RDP from its first X.224 connection request or confirm, which must stand at the start of the stream or
of a segment, or from its first MCS SendData PDU, whose shape is strict enough to be looked for anywhere.
"""

from __future__ import annotations

from typing import NamedTuple

from msra.transport import tpkt, x224

_SEND_DATA_REQUEST = 0x64
_LONGEST_SHAPE = 15
"""Bytes that `tpkt.is_send_data` looks at: a shape may be split over two segments after the first 14."""


class Recognised(NamedTuple):
    """RDP starts in `data`; `from_client` says which side sent it."""

    from_client: bool
    data: bytes


class Recogniser:
    """Watches one direction of a stream that may turn out to be RDP. Keeps at most 14 bytes."""

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, segment: bytes) -> Recognised | None:
        """Look at the next bytes of the stream; the answer holds all bytes from the first PDU on."""
        data = self._tail + segment
        for at in {0, len(self._tail)}:
            code = x224.is_connect(data[at : at + 6])
            if code:
                return Recognised(code == x224.CONNECTION_REQUEST, data[at:])
        at = data.find(b"\x03\x00")
        while at >= 0:
            if tpkt.is_send_data(data, at):
                return Recognised(data[at + 7] == _SEND_DATA_REQUEST, data[at:])
            at = data.find(b"\x03\x00", at + 1)
        self._tail = data[-(_LONGEST_SHAPE - 1) :]
        return None

    def rest(self) -> bytes:
        """The bytes kept so far: the other direction was recognised, and these may belong to it."""
        return self._tail
