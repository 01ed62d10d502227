"""TCP conversations of the package packet by packet, so that tests can leave some out, change and repeat them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from msra import build
from msra.build.tcp import ACK, FIN, RST, SYN, TcpStream
from msra.events import Endpoint

__all__ = ["ACK", "FIN", "RST", "SYN", "Talk", "pcap"]

MILLISECOND = 1_000_000


@dataclass
class Talk:
    """A TCP connection between a client and a server (True: the client sends); what is sent together stays so."""

    client_port: int = 50000
    server_port: int = 49230
    network: int = 1
    sequence: dict[bool, int] = field(default_factory=lambda: {True: 1000, False: 90000})

    def __post_init__(self) -> None:
        client, server = (f"10.0.{self.network}.{host}" for host in (1, 2))
        ends = Endpoint(client, self.client_port), Endpoint(server, self.server_port)
        self._stream = TcpStream(*ends, segment_size=65_000, sequence=self.sequence)
        self.packet = self._stream.packet

    def open(self) -> list[bytes]:
        return self._new(self._stream.open)

    def send(self, from_client: bool, *payloads: bytes) -> list[bytes]:
        def happens() -> None:
            for payload in payloads:
                self._stream.send(from_client, payload)

        return self._new(happens)

    def close(self) -> list[bytes]:
        return self._new(self._stream.close)

    def _new(self, happens: Callable[[], None]) -> list[bytes]:
        """The packets that this adds."""
        before = len(self._stream.packets)
        happens()
        return [packet.data for packet in self._stream.packets[before:]]


def pcap(packets: list[bytes]) -> bytes:
    """A capture with one packet a millisecond, from 1970 on."""
    return build.pcap(build.TimedPacket(at * MILLISECOND, packet) for at, packet in enumerate(packets, start=1))
