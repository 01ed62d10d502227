"""Captures that take much more memory or time than they have bytes, if nothing stops them.

Each ends with an ordinary session, which must still be read.
"""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

import zstandard

from msra.build import Session, TimedPacket, pcap, script
from msra.events import Endpoint
from msra.limits import MAX_CLEAR_CHUNK
from tests.transport import builders as rdp
from tests.transport import bulk_reference as spec
from tests.wire import MILLISECOND, Talk

IO_CHANNEL, REMDESK, ENCOMSP, DRDYNVC = 1003, 1004, 1005, 1006
ORDER = struct.pack("<HH", 0xA, 4)
"""The smallest of [MS-RDPEMC], GRAPHICS_STREAM_PAUSED."""
MPPC_64K, RDP61, FLUSHED = 1, 3, 0x80
BATCH = 60_000
"""Bytes of a packet."""


def ordinary() -> list[bytes]:
    """A session that the user refused."""
    session = Session(Endpoint("192.0.2.1", 51234), Endpoint("192.0.2.2", 49230)).connect()
    return [packet.data for packet in session.play(script.version_2(result=41)).close().packets]


def conversation(pdus: Iterable[bytes], number: int = 0) -> list[bytes]:
    """An RDP connection with these PDUs, from the novice."""
    talk = Talk(client_port=1024 + number % 60_000, network=1 + number // 60_000)
    packets = [*talk.open(), *talk.send(True, rdp.connection_request())]
    packets += talk.send(True, rdp.connect_initial("remdesk", "encomsp", "drdynvc"))
    packets += talk.send(False, rdp.connection_confirm(), rdp.connect_response(REMDESK, ENCOMSP, DRDYNVC))
    for batch in batches(pdus):
        packets += talk.send(False, batch)
    return packets


def batches(pdus: Iterable[bytes]) -> Iterator[bytes]:
    """As many as fit into a packet."""
    batch = b""
    for pdu in pdus:
        if len(batch) + len(pdu) > BATCH:
            yield batch
            batch = b""
        batch += pdu
    yield batch


def chunk(data: bytes, channel: int = REMDESK, flags: int = rdp.FIRST | rdp.LAST, length: int | None = None) -> bytes:
    """A channel PDU."""
    return rdp.send_data(channel, rdp.chunk(data, len(data) if length is None else length, flags), False)


def packed(data: bytes, channel: int = REMDESK, flags: int = rdp.FIRST | rdp.LAST) -> bytes:
    """A channel PDU of some bytes that stands for MAX_CLEAR_CHUNK: `data` over and over, in MPPC 64K."""
    tokens: list[spec.Token] = [*data, (len(data), MAX_CLEAR_CHUNK - len(data))]
    compressed = spec.encode_mppc(tokens, spec.RDP5_OFFSETS)
    return chunk(compressed, channel, flags | rdp.COMPRESSED | (FLUSHED | MPPC_64K) << 16, MAX_CLEAR_CHUNK)


# -- What they are made of ---------------------------------------------------------------------------------------------


def messages() -> list[bytes]:
    """Messages of 16 KB out of 40 bytes."""
    unknown = rdp.ra_message("", b"")[:4] + struct.pack("<I", MAX_CLEAR_CHUNK - 10) + b"\0\0A"
    return conversation([packed(unknown)] * 6_000)


def orders() -> list[bytes]:
    """4,064 messages out of 40 bytes, again and again."""
    return conversation([packed(ORDER, ENCOMSP)] * 200)


def small_messages() -> list[bytes]:
    """Nothing but the smallest messages there are, in many connections."""
    smallest = chunk(ORDER * 4_000, ENCOMSP)
    return [packet for number in range(32) for packet in conversation([smallest], number)]


def facts() -> list[bytes]:
    """An error of the server, again and again."""
    return conversation([rdp.send_data(IO_CHANNEL, rdp.error_info(7), False)] * 70_000)


def channels() -> list[bytes]:
    """A message that never ends on each channel of a connection whose channel list is not known."""
    talk = Talk()
    packets = talk.open()
    for batch in batches(packed(b"A", 2_000 + number, rdp.FIRST) for number in range(20_000)):
        packets += talk.send(False, batch)
    return packets


def unfinished() -> list[bytes]:
    """Messages that never end, in many connections."""
    first = packed(b"A", flags=rdp.FIRST)
    more = packed(b"A", flags=0)
    return [packet for number in range(200) for packet in conversation([first, *[more] * 80], number)]


def histories() -> list[bytes]:
    """A compressed byte in each of many connections, in the type with the largest history (RDP 6.1)."""
    data = b"\x12\x21" + spec.encode_mppc([*b"abc"], spec.RDP5_OFFSETS)
    compressed = chunk(data, flags=rdp.FIRST | rdp.LAST | rdp.COMPRESSED | RDP61 << 16)
    return [packet for number in range(250) for packet in conversation([compressed], number)]


def connections() -> list[bytes]:
    """RDP connections of one packet each."""
    packets = []
    for number in range(6_000):
        talk = Talk(client_port=1024 + number)
        packets += [*talk.open(), *talk.send(True, rdp.connection_request()), *talk.close()]
    return packets


def dynamic_channels() -> list[bytes]:
    """Dynamic channels of Remote Assistance, each with the beginning of a message of 4 GB."""
    pdus = []
    for number in range(60_000):
        identifier = struct.pack("<H", number)
        pdus.append(chunk(b"\x11" + identifier + b"RC_CTL\0", DRDYNVC))
        pdus.append(chunk(b"\x29" + identifier + b"\xff\xff\xff\xff" + b"A", DRDYNVC))
    return conversation(pdus)


def claims() -> list[bytes]:
    """Lengths of 4 GB wherever 32 bits can say so."""
    huge = 0xFFFFFFFF
    body = struct.pack("<I", huge)
    return conversation(
        [
            chunk(b"A" * 100, length=huge, flags=rdp.FIRST),
            chunk(b"A" * 100, length=huge),
            chunk(rdp.ra_message("RC_CTL", body)[:4] + body + rdp.ra_message("RC_CTL", body)[8:]),
            chunk(body + body + b"A" * 100),
            chunk(b"\x28\x07" + body + b"A" * 100, DRDYNVC),
            chunk(ORDER[:2] + b"\xff\xff" + b"A" * 100, ENCOMSP),
        ]
    )


def attributes() -> list[bytes]:
    """RCCOMMANDs of nothing but attributes."""
    text = '<RCCOMMAND NAME="" ' + " ".join(f'{number:x}a=""'.rjust(10, "_") for number in range(40_000)) + "/>"
    message = rdp.ra_message("71", text.encode("utf-16-le"))
    return conversation(pdu for _ in range(12) for pdu in rdp.channel_pdus(REMDESK, message, False, MAX_CLEAR_CHUNK))


# -- Files -------------------------------------------------------------------------------------------------------------


def capture(packets: list[bytes]) -> bytes:
    """With an ordinary session behind."""
    together = [*packets, *ordinary()]
    return pcap(TimedPacket(at * MILLISECOND, packet) for at, packet in enumerate(together, start=1))


def _bomb() -> Iterator[bytes]:
    """A capture with 60 packets of 4 MB, in pieces."""
    whole = capture([])
    yield whole[:24]
    for _ in range(60):
        yield struct.pack("<IIII", 1, 1, 4 << 20, 4 << 20)
        yield bytes(4 << 20)
    yield whole[24:]


def gzip_bomb() -> bytes:
    """Of 240 MB."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as stream:
        for piece in _bomb():
            stream.write(piece)
    return packed.getvalue()


def zstd_bomb() -> bytes:
    """Of 240 MB."""
    compressor = zstandard.ZstdCompressor().compressobj()
    return b"".join([compressor.compress(piece) for piece in _bomb()]) + compressor.flush()


MADE: Mapping[str, Callable[[], list[bytes]]] = {
    made.__name__: made
    for made in (
        messages, orders, small_messages, facts, channels, unfinished, histories, connections, dynamic_channels, claims,
        attributes,
    )
}  # fmt: skip
BOMBS: Mapping[str, Callable[[], bytes]] = {"gzip_bomb": gzip_bomb, "zstd_bomb": zstd_bomb}


@cache
def file(name: str) -> bytes:
    """The capture of this name."""
    return BOMBS[name]() if name in BOMBS else capture(MADE[name]())
