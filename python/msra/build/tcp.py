"""A TCP connection as packets on an Ethernet: sequence numbers, checksums, IPv4 or IPv6 (RFC 791, 8200, 9293).

Ethernet    dst 6 | src 6 | 0800 IPv4, 86DD IPv6
IPv4        45 | 00 | length u16 | id u16 | 4000 | 40 | 06 | checksum u16 | src 4 | dst 4
IPv6        60 00 00 00 | payload length u16 | 06 | 40 | src 16 | dst 16
TCP         ports u16 | sequence u32 | acknowledged u32 | 50 | flags u8 | window u16 | checksum u16 | 0 u16   big-endian
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, field
from typing import NamedTuple

from msra.events import Endpoint

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
SECOND = 1_000_000_000
"""In nanoseconds."""

_WINDOW = 0xFFFF
_TCP = 6
_HARDWARE = {True: b"\x02\0\0\0\0\x01", False: b"\x02\0\0\0\0\x02"}  # locally administered addresses


class TimedPacket(NamedTuple):
    """An Ethernet frame and its time, in ns since 1970, UTC."""

    time: int
    data: bytes


@dataclass
class TcpStream:
    """Both sides of a connection (True: its client). `packets` grows with every call, `clock` with every packet.

    `segment_size`: the most data of a segment; `step`: ns between two packets. Raises ValueError where an address is
    none, or the addresses are of two families.
    """

    client: Endpoint
    server: Endpoint
    clock: int = 0
    step: int = SECOND // 1000
    segment_size: int = 1400
    sequence: dict[bool, int] = field(default_factory=lambda: {True: 1000, False: 90000})
    packets: list[TimedPacket] = field(default_factory=list)

    def __post_init__(self) -> None:
        ends = {True: self.client, False: self.server}
        addresses = {side: ipaddress.ip_address(end.ip) for side, end in ends.items()}
        if addresses[True].version != addresses[False].version:
            raise ValueError(f"{self.client.ip} and {self.server.ip} are of two families")
        self._version = addresses[True].version
        self._hosts = {side: address.packed for side, address in addresses.items()}
        self._ports = {side: end.port for side, end in ends.items()}
        self._number = 0
        self._unheard = {True: 0, False: 0}

    def open(self) -> None:
        """The three-way handshake."""
        self._emit(True, SYN)
        self.sequence[True] += 1
        self._emit(False, SYN | ACK)
        self.sequence[False] += 1
        self._emit(True, ACK)

    def send(self, from_client: bool, data: bytes) -> None:
        """Bytes of the stream, in as many segments as they take; the other side acknowledges in time."""
        for at in range(0, len(data), self.segment_size):
            part = data[at : at + self.segment_size]
            if self._unheard[from_client] + len(part) > _WINDOW // 2:
                self._emit(not from_client, ACK)
            self._emit(from_client, PSH | ACK, part)
            self.sequence[from_client] += len(part)
            self._unheard[from_client] += len(part)

    def close(self, from_client: bool = True) -> None:
        """The connection ends with a FIN of this side, and one of the other."""
        for side in (from_client, not from_client):
            self._emit(side, FIN | ACK)
            self.sequence[side] += 1
        self._emit(from_client, ACK)

    def reset(self, from_client: bool) -> None:
        """The connection ends with a RST of this side."""
        self._emit(from_client, RST | ACK)

    def packet(self, from_client: bool, flags: int, data: bytes = b"", sequence: int | None = None) -> bytes:
        """One packet, by itself: it changes nothing here. `sequence` is another number than the one that is due."""
        number = self.sequence[from_client] if sequence is None else sequence
        acknowledged = self.sequence[not from_client] if flags & ACK else 0
        source, target = self._hosts[from_client], self._hosts[not from_client]
        ports = self._ports[from_client], self._ports[not from_client]
        numbers = (number & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF)
        pseudo = source + target + struct.pack(">II", 20 + len(data), _TCP)
        head = struct.pack(">HHIIBBHHH", *ports, *numbers, 0x50, flags, _WINDOW, 0, 0)
        head = head[:16] + _checksum(pseudo + head + data) + head[18:]
        hardware = _HARDWARE[not from_client] + _HARDWARE[from_client]
        return hardware + self._ip(source + target, len(head) + len(data)) + head + data

    def _ip(self, addresses: bytes, size: int) -> bytes:
        if self._version == 6:
            return b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, size, _TCP, 64) + addresses
        head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, self._number & 0xFFFF, 0x4000, 64, _TCP, 0) + addresses
        return b"\x08\x00" + head[:10] + _checksum(head) + head[12:]

    def _emit(self, from_client: bool, flags: int, data: bytes = b"") -> None:
        self._number += 1
        if flags & ACK:
            self._unheard[not from_client] = 0
        self.packets.append(TimedPacket(self.clock, self.packet(from_client, flags, data)))
        self.clock += self.step


def _checksum(data: bytes) -> bytes:
    """The Internet checksum (RFC 1071)."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return struct.pack(">H", ~total & 0xFFFF)
