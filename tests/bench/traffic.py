"""Traffic for benchmark captures: sessions of `pcaps/` with new addresses, and background of several kinds.

Every conversation is a list of Ethernet frames (bytes); the same seed gives the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from msra.capture import open_capture_file

PCAPS = Path(__file__).parents[2] / "pcaps"
MSS = 1460
SYN, ACK, FIN, PUSH = 2, 16, 1, 8
SESSIONS = (
    "v2_ok_49230.pcap", "v1_ok.pcapng", "v2_err61_passwords_dont_match.pcapng", "v2_err41_helpeesaidno.pcapng",
    "v2_ok_3389.pcapng", "v2_ok_f3client_f2server_49230.pcapng", "tcp_out_of_order.pcap", "tcp_retransmission.pcap",
)  # fmt: skip

_ethernet = bytes.fromhex("020000000002 020000000001 0800")
_ipv4 = struct.Struct(">BBHHHBBH4s4s").pack
_tcp = struct.Struct(">HHIIBBHHH").pack
_udp = struct.Struct(">HHHH").pack


class Ends(NamedTuple):
    """The addresses (4 bytes) and ports of a client and of a server."""

    client: bytes
    client_port: int
    server: bytes
    server_port: int

    @property
    def turned(self) -> Ends:
        """The same, seen from the server."""
        return Ends(self.server, self.server_port, self.client, self.client_port)


def ends(random: Random, server_port: int) -> Ends:
    """A client in 10/8 and a server in 172.16/12, drawn at random."""
    client = bytes([10, *random.randbytes(3)])
    return Ends(client, random.randrange(49152, 65536), bytes([172, 16, random.randrange(4), 1]), server_port)


def tcp_frame(ends: Ends, seq: int, ack: int, flags: int, payload: bytes = b"") -> bytes:
    """One TCP segment from the client of `ends` to its server."""
    header = _tcp(ends.client_port, ends.server_port, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 0xFFFF, 0, 0)
    return _ethernet + _ip(ends, 6, len(header) + len(payload)) + header + payload


def udp_frame(ends: Ends, payload: bytes) -> bytes:
    """One UDP datagram from the client of `ends` to its server."""
    header = _udp(ends.client_port, ends.server_port, 8 + len(payload), 0)
    return _ethernet + _ip(ends, 17, len(header) + len(payload)) + header + payload


def _ip(ends: Ends, protocol: int, size: int) -> bytes:
    return _ipv4(0x45, 0, 20 + size, 0, 0x4000, 64, protocol, 0, ends.client, ends.server)


def conversation(ends: Ends, said: list[tuple[bool, bytes]], random: Random) -> Iterator[bytes]:
    """A whole TCP connection; `said`: what the client (True) and the server send, in turn."""
    sides = {True: ends, False: ends.turned}
    seq = {True: random.getrandbits(32), False: random.getrandbits(32)}

    def segment(from_client: bool, flags: int, payload: bytes = b"") -> bytes:
        ack = 0 if flags == SYN else seq[not from_client]
        frame = tcp_frame(sides[from_client], seq[from_client], ack, flags, payload)
        seq[from_client] += len(payload) + bool(flags & (SYN | FIN))
        return frame

    yield segment(True, SYN)
    yield segment(False, SYN | ACK)
    yield segment(True, ACK)
    for from_client, data in said:
        for count, at in enumerate(range(0, len(data), MSS)):
            yield segment(from_client, ACK | PUSH, data[at : at + MSS])
            if count % 2:
                yield segment(not from_client, ACK)
    yield segment(True, FIN | ACK)
    yield segment(False, FIN | ACK)
    yield segment(True, ACK)


@cache
def noise() -> bytes:
    """Bytes without any structure, as encrypted or packed data has it."""
    return Random("noise").randbytes(1 << 24)


def some_noise(random: Random, size: int) -> bytes:
    """`size` bytes of it, from anywhere."""
    at = random.randrange(len(noise()) - size)
    return noise()[at : at + size]


def http(random: Random) -> Iterator[bytes]:
    """Requests with text and packed answers."""
    said = []
    for _ in range(random.randrange(1, 6)):
        body = some_noise(random, random.choice((300, 4_000, 30_000, 300_000)))
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
        said += [(True, b"GET /picture HTTP/1.1\r\nHost: example.org\r\n\r\n"), (False, head.encode() + body)]
    return conversation(ends(random, 80), said, random)


def tls(random: Random) -> Iterator[bytes]:
    """What looks like TLS: a handshake, then records of noise."""
    said = [(True, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + some_noise(random, 505))]
    said.append((False, b"\x16\x03\x03\x0b\xb8" + some_noise(random, 3_000)))
    for _ in range(random.randrange(2, 20)):
        size = random.choice((60, 500, 4_000, 16_000))
        record = b"\x17\x03\x03" + size.to_bytes(2, "big") + some_noise(random, size)
        said.append((random.random() < 0.3, record * random.randrange(1, 8)))
    return conversation(ends(random, 443), said, random)


def smb(random: Random) -> Iterator[bytes]:
    """Structures full of small little-endian numbers, and file contents that are half zeros."""
    said = []
    for count in range(random.randrange(5, 40)):
        words = (0x424D53FE, 64, 0, random.randrange(20), 1, count, 0, 3, 0x10003, 0, *[random.randrange(6)] * 6)
        header = struct.pack("<16I", *words)
        said.append((True, struct.pack(">I", 64 + 48) + header + struct.pack("<12I", *range(12))))
        content = b"".join(some_noise(random, 24) + bytes(24) for _ in range(random.choice((1, 20, 1_300))))
        said.append((False, struct.pack(">I", 64 + len(content)) + header + content))
    return conversation(ends(random, 445), said, random)


def dns(random: Random) -> Iterator[bytes]:
    """A question and its answer."""
    both = ends(random, 53)
    question = random.randbytes(2) + bytes.fromhex("0100000100000000000003777777076578616d706c65036f72670000010001")
    yield udp_frame(both, question)
    yield udp_frame(both.turned, question + bytes.fromhex("c00c00010001000000ff0004") + random.randbytes(4))


def voice(random: Random) -> Iterator[bytes]:
    """A call: RTP both ways, 160 bytes of sound a packet."""
    both = ends(random, 40_000)
    for count in range(random.randrange(200, 2_000)):
        head = struct.pack(">BBHII", 0x80, 0, count, count * 160, 7)
        yield udp_frame(both, head + some_noise(random, 160))
        yield udp_frame(both.turned, head + some_noise(random, 160))


@cache
def recorded(name: str) -> tuple[tuple[bytes, ...], tuple[bytes, int]]:
    """The frames of a capture in `pcaps/`, and address and port of the server in them."""
    with open_capture_file(PCAPS / name) as reader:
        frames = tuple(packet.data for packet in reader)
    first = next(frame for frame in frames if frame[23] == 6 and frame[47] & (SYN | ACK) == SYN)
    return frames, (first[30:34], int.from_bytes(first[36:38], "big"))


def replayed(name: str, new: Ends) -> Iterator[bytes]:
    """The connection in this capture (Ethernet, IPv4) between other ends."""
    frames, (_server, server_port) = recorded(name)
    for frame in frames:
        if frame[23] != 6:
            continue
        way = new if int.from_bytes(frame[36:38], "big") == server_port else new.turned
        ports = struct.pack(">HH", way.client_port, way.server_port)
        yield frame[:26] + way.client + way.server + ports + frame[38:]


def session(random: Random, number: int) -> Iterator[bytes]:
    """A Remote Assistance session, another one for each `number`."""
    client = bytes([10, 200, number >> 8 & 0xFF, number & 0xFF])
    new = Ends(client, 20_000 + number % 20_000, bytes([172, 20, 0, random.randrange(1, 250)]), 49_230)
    return replayed(SESSIONS[number % len(SESSIONS)], new)


def plain_rdp(random: Random) -> Iterator[bytes]:
    """RDP without Remote Assistance."""
    return replayed("neg_plain_rdp.pcapng", ends(random, 3389))


BACKGROUND: tuple[tuple[float, Callable[[Random], Iterator[bytes]]], ...] = (
    # how often, what
    (20, http),
    (40, tls),
    (10, smb),
    (300, dns),
    (4, voice),
    (1, plain_rdp),
)
