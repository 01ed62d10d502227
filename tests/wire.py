"""Captures for tests: TCP conversations as pcap bytes, packet by packet, written from the RFCs."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

SYN, ACK, FIN, RST = 0x02, 0x10, 0x01, 0x04


@dataclass
class Talk:
    """A TCP connection between a client and a server (True: the client sends)."""

    client_port: int = 50000
    server_port: int = 49230
    network: int = 1
    sequence: dict[bool, int] = field(default_factory=lambda: {True: 1000, False: 90000})

    def packet(self, from_client: bool, flags: int, payload: bytes = b"", sequence: int | None = None) -> bytes:
        ports = (self.client_port, self.server_port) if from_client else (self.server_port, self.client_port)
        hosts = [bytes([10, 0, self.network, host]) for host in ((1, 2) if from_client else (2, 1))]
        number = self.sequence[from_client] if sequence is None else sequence
        tcp = struct.pack(">HHIIBBHHH", *ports, number, self.sequence[not from_client], 0x50, flags, 65535, 0, 0)
        total = 20 + len(tcp) + len(payload)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, total, 0, 0, 64, 6, 0) + b"".join(hosts)
        return bytes(12) + b"\x08\x00" + ip + tcp + payload

    def open(self) -> list[bytes]:
        packets = [self.packet(True, SYN)]
        self.sequence[True] += 1
        packets.append(self.packet(False, SYN | ACK))
        self.sequence[False] += 1
        return [*packets, self.packet(True, ACK)]

    def send(self, from_client: bool, *payloads: bytes) -> list[bytes]:
        packets = []
        for payload in payloads:
            packets.append(self.packet(from_client, ACK, payload))
            self.sequence[from_client] += len(payload)
        return packets

    def close(self) -> list[bytes]:
        packets = []
        for from_client in (True, False):
            packets.append(self.packet(from_client, FIN | ACK))
            self.sequence[from_client] += 1
        return [*packets, self.packet(True, ACK)]


def pcap(packets: list[bytes]) -> bytes:
    """A capture with one packet a millisecond, from 1970 on."""
    records = (
        struct.pack("<IIII", index // 1000, index % 1000 * 1000, len(packet), len(packet)) + packet
        for index, packet in enumerate(packets, start=1)
    )
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + b"".join(records)
