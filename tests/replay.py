"""A real capture's TCP payloads over sockets of this machine: what a live capture is tested with."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from msra.capture.model import StreamData
from msra.engines.tcp_walk import TcpWalk


def payloads(path: Path) -> list[tuple[bool, bytes]]:
    """The first connection's bytes, in order, and whether its initiator sent them."""
    found = [item for item in TcpWalk(path, full=True).items() if isinstance(item, StreamData)]
    return [(item.from_initiator, item.data) for item in found if item.connection.number == found[0].connection.number]


class Replay:
    """A client and a server on the loopback interface; each byte is received before the next one is sent."""

    def __init__(self, path: Path) -> None:
        self._payloads = payloads(path)
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
            self._client = socket.create_connection(("127.0.0.1", self.port))
            self._server, _ = server.accept()
        for side in (self._client, self._server):
            side.settimeout(10)

    def play(self, sent: Callable[[int], object] = lambda _size: None) -> None:
        """Send everything; `sent` is told the size of each piece when it has been received."""
        for from_client, data in self._payloads:
            sender, receiver = (self._client, self._server) if from_client else (self._server, self._client)
            sender.sendall(data)
            left = len(data)
            while left:
                left -= len(receiver.recv(left))
            sent(len(data))

    def close(self) -> None:
        """Close both sides, the client first."""
        self._client.close()
        self._server.close()
