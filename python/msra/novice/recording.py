"""The sessions of the novice as a capture: what went through its sockets, in packets built around it."""

from __future__ import annotations

import time

from msra.build import Endpoint, TimedPacket
from msra.build.tcp import TcpStream

MOST_BYTES = 1 << 26
"""Of one session that are kept; what follows is missing from the capture."""
_MICROSECOND = 1000


class Recording:
    """One connection; times are those at which the novice read and wrote."""

    def __init__(self, expert: Endpoint, novice: Endpoint) -> None:
        self._stream = TcpStream(expert, novice, time.time_ns(), _MICROSECOND)
        self._stream.open()
        self._left = MOST_BYTES

    @property
    def packets(self) -> list[TimedPacket]:
        """All packets so far."""
        return self._stream.packets

    def sent(self, by_expert: bool, data: bytes) -> None:
        """Bytes that one side has sent."""
        self._left -= len(data)
        if self._left >= 0:
            self._now()
            self._stream.send(by_expert, data)

    def closed(self, by_expert: bool) -> None:
        """The connection has ended; this side was the first to close it."""
        self._now()
        self._stream.close(by_expert)

    def _now(self) -> None:
        self._stream.clock = max(self._stream.clock, time.time_ns())
