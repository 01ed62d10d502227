"""Protects the pcapng reader: every block that matters, in both byte orders, and every kind of broken file."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.buffer import ReadBuffer
from msra.capture.model import CaptureError, CaptureLog, Packet
from msra.capture.pcapng import walk_pcapng
from msra.limits import MAX_RECORD

T0 = 1_700_000_000
SECTION, INTERFACE, OLD, SIMPLE, ENHANCED, SECRETS = 0x0A0D0D0A, 1, 2, 3, 6, 10


class Writer:
    """Builds blocks in one byte order."""

    def __init__(self, order: str) -> None:
        self.order = order

    def pack(self, form: str, *values: int) -> bytes:
        """Numbers in this byte order."""
        return struct.pack(self.order + form, *values)

    def block(self, kind: int, body: bytes, trailer: int | None = None) -> bytes:
        """A block, padded; `trailer` instead of its second length."""
        body += bytes(-len(body) % 4)
        length = len(body) + 12
        return self.pack("II", kind, length) + body + self.pack("I", length if trailer is None else trailer)

    def option(self, code: int, value: bytes) -> bytes:
        """An option, padded."""
        return self.pack("HH", code, len(value)) + value + bytes(-len(value) % 4)

    def section(self) -> bytes:
        """A section header of unknown length with an option."""
        return self.block(SECTION, self.pack("IHHq", 0x1A2B3C4D, 1, 0, -1) + self.option(4, b"tests"))

    def interface(
        self, link: int = 1, snaplen: int = 0, resolution: int | None = None, offset: int | None = None
    ) -> bytes:
        """An interface, with a name and what is given."""
        options = self.option(2, b"eth0")
        options += b"" if resolution is None else self.option(9, bytes([resolution]))
        options += b"" if offset is None else self.option(14, self.pack("q", offset))
        return self.block(INTERFACE, self.pack("HHI", link, 0, snaplen) + options + self.option(0, b""))

    def enhanced(self, ticks: int, data: bytes, interface: int = 0, captured: int | None = None) -> bytes:
        """An enhanced packet block with a comment behind the packet."""
        size = len(data) if captured is None else captured
        head = self.pack("IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, size, len(data) + 7)
        return self.block(
            ENHANCED, head + data + bytes(-len(data) % 4) + self.option(1, b"comment") + self.option(0, b"")
        )

    def old(self, ticks: int, data: bytes, interface: int = 0) -> bytes:
        """The obsolete packet block."""
        head = self.pack("HHIIII", interface, 3, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data) + 7)
        return self.block(OLD, head + data)

    def simple(self, data: bytes, length: int) -> bytes:
        """A simple packet block."""
        return self.block(SIMPLE, self.pack("I", length) + data)

    def secrets(self, text: bytes, kind: int = 0x544C534B) -> bytes:
        """Decryption secrets."""
        return self.block(SECRETS, self.pack("II", kind, len(text)) + text)


LITTLE, BIG = Writer("<"), Writer(">")


def read(content: bytes, chunk: int = 1 << 20) -> tuple[list[Packet], CaptureLog]:
    """Read a file that arrives in chunks of this size."""
    log = CaptureLog()
    buffer = ReadBuffer(content[at : at + chunk] for at in range(0, len(content), chunk))
    return [packet for records in walk_pcapng(buffer, log) for packet in records.packets(range(len(records)))], log


@pytest.mark.parametrize("writer", [LITTLE, BIG], ids=["little", "big"])
def test_packet_blocks(writer: Writer) -> None:
    """All three kinds, with what each can say; times are microseconds if the interface says nothing."""
    content = writer.section() + writer.interface(link=113, snaplen=6)
    content += writer.enhanced(T0 * 10**6 + 5, b"enhanced") + writer.old(T0 * 10**6 + 6, b"old packet")
    content += writer.simple(b"simple", length=60) + writer.simple(b"abc", length=3)
    packets, log = read(content)
    assert packets == [
        Packet(1, T0 * 10**9 + 5000, 113, b"enhanced", 15),
        Packet(2, T0 * 10**9 + 6000, 113, b"old packet", 17),
        Packet(3, 0, 113, b"simple", 60),
        Packet(4, 0, 113, b"abc", 3),
    ]
    assert log == CaptureLog(packets=4)


@pytest.mark.parametrize(
    ("resolution", "offset", "ticks", "time"),
    [
        (None, None, T0 * 10**6 + 1, T0 * 10**9 + 1000),
        (6, None, T0 * 10**6 + 1, T0 * 10**9 + 1000),
        (9, None, T0 * 10**9 + 1, T0 * 10**9 + 1),
        (0, None, T0, T0 * 10**9),
        (10, None, T0 * 10**10 + 19, T0 * 10**9 + 1),
        (0x80 | 10, None, T0 * 1024 + 512, T0 * 10**9 + 500_000_000),
        (0x80 | 0, None, T0, T0 * 10**9),
        (0x80 | 33, None, (T0 << 33) + (1 << 32), T0 * 10**9 + 500_000_000),
        (9, T0, 1, T0 * 10**9 + 1),
        (6, -10, T0 * 10**6, (T0 - 10) * 10**9),
        (127, None, 1 << 63, 0),
        # Times that no clock shows count as unknown.
        (6, -10, 5, 0),
        (0, None, 1 << 63, 0),
    ],
)
def test_time_stamps(resolution: int | None, offset: int | None, ticks: int, time: int) -> None:
    """if_tsresol in powers of 10 and of 2, if_tsoffset in both directions."""
    content = BIG.section() + BIG.interface(resolution=resolution, offset=offset) + BIG.enhanced(ticks, b"x")
    packets, _ = read(content)
    assert packets[0].time == time


def test_sections_and_interfaces() -> None:
    """Each section has its own byte order and its own interfaces; the numbers of packets go on."""
    content = LITTLE.section() + LITTLE.interface(link=1) + LITTLE.interface(link=101, resolution=9)
    content += LITTLE.enhanced(1, b"a") + LITTLE.enhanced(2, b"b", interface=1)
    content += BIG.section() + BIG.interface(link=276) + BIG.enhanced(3, b"c")
    content += BIG.section() + BIG.enhanced(4, b"no interface here")
    content += LITTLE.section() + LITTLE.interface(link=228) + LITTLE.enhanced(5, b"d")
    packets, log = read(content)
    assert [(p.number, p.time, p.link_type, p.data) for p in packets] == [
        (1, 1000, 1, b"a"),
        (2, 2, 101, b"b"),
        (3, 3000, 276, b"c"),
        (5, 5000, 228, b"d"),
    ]
    assert log.packets == 5
    assert log.notes == ["some packets refer to an interface that the file does not describe; they were skipped"]


def test_secrets() -> None:
    """TLS key logs are handed on, other secrets and malformed ones are not."""
    broken = LITTLE.block(SECRETS, LITTLE.pack("II", 0x544C534B, 1000) + b"short")
    content = LITTLE.section() + LITTLE.secrets(b"CLIENT_RANDOM 1 2\n") + LITTLE.secrets(b"wireguard", kind=0x57474B4C)
    content += broken + LITTLE.interface() + LITTLE.enhanced(1, b"a") + LITTLE.secrets(b"CLIENT_RANDOM 3 4\n")
    packets, log = read(content)
    assert len(packets) == 1
    assert log.tls_secrets == [b"CLIENT_RANDOM 1 2\n", b"CLIENT_RANDOM 3 4\n"]


def test_bounded_secrets() -> None:
    """A file full of secrets must not fill the memory."""
    block = LITTLE.secrets(bytes(1 << 23))
    log = CaptureLog()
    chunks = iter([LITTLE.section(), *[block] * 9])
    assert list(walk_pcapng(ReadBuffer(chunks), log)) == []
    assert sum(map(len, log.tls_secrets)) == 1 << 26
    assert log.notes == ["the file holds more than 64 MiB of TLS secrets; the rest was not read"]


FRAMES = {
    # Blocks without a packet: whether Wireshark gives them a frame number
    "name resolution": (4, bytes(8), False),
    "statistics": (5, bytes(12), False),
    "unknown": (0x12345, bytes(40), False),
    "local": (0x80000001, bytes(40), False),
    "journal": (9, b"__REALTIME_TIMESTAMP=1000\nMESSAGE=a\n", True),
    "system call": (0x204, bytes(40), True),
    "system call with flags": (0x216, bytes(40), True),
    "large system call": (0x221, bytes(40), True),
    "custom": (0xBAD, bytes(40), True),
    "custom, not to be copied": (0x40000BAD, bytes(40), True),
}


@pytest.mark.parametrize(("kind", "body", "numbered"), FRAMES.values(), ids=FRAMES)
def test_other_blocks(kind: int, body: bytes, numbered: bool, tmp_path: Path, tshark: Callable[..., list[str]]) -> None:
    """Frame numbers behind them are Wireshark's."""
    path = tmp_path / "x"
    content = LITTLE.section() + LITTLE.interface() + LITTLE.enhanced(1, bytes(20))
    path.write_bytes(content + LITTLE.block(kind, body) + LITTLE.enhanced(2, bytes(20)))
    packets, log = read(path.read_bytes())
    assert [packet.number for packet in packets] == [1, 3 if numbered else 2]
    assert log.notes == []
    lines = tshark(path, "-T", "fields", "-e", "frame.number")
    assert len(lines) == log.packets


def test_bad_packets_are_counted_and_skipped() -> None:
    """A packet that claims more than its block, or is too short for its kind, harms no other."""
    content = LITTLE.section() + LITTLE.interface() + LITTLE.enhanced(1, b"too long", captured=1000)
    content += LITTLE.block(ENHANCED, bytes(8)) + LITTLE.block(SIMPLE, b"") + LITTLE.enhanced(2, b"fine")
    packets, log = read(content)
    assert [(packet.number, packet.data) for packet in packets] == [(2, b"fine")]
    assert set(log.notes) == {
        "some packets are longer than the blocks they are in; they were skipped",
        "some blocks are shorter than their kind allows; they were skipped",
    }


def test_bad_options_harm_nothing() -> None:
    """Options that run over the end, or have a wrong size."""
    for options in (
        LITTLE.pack("HH", 9, 500),
        LITTLE.option(9, b""),
        LITTLE.option(14, b"short"),
        b"\x09",
        LITTLE.option(0, b"") + LITTLE.option(9, b"\x00"),
    ):
        interface = LITTLE.block(INTERFACE, LITTLE.pack("HHI", 1, 0, 0) + options)
        packets, log = read(LITTLE.section() + interface + LITTLE.enhanced(1, b"a"))
        assert packets == [Packet(1, 1000, 1, b"a", 8)]
        assert log.notes == []


GOOD = LITTLE.section() + LITTLE.interface() + LITTLE.enhanced(1, b"a")
DAMAGED = {
    "second length": LITTLE.block(5, bytes(12), trailer=99),
    "second length of a packet": LITTLE.block(ENHANCED, bytes(40), trailer=0),
    "length 0": LITTLE.pack("III", 5, 0, 0),
    "length 8": LITTLE.pack("III", 5, 8, 8),
    "huge length": LITTLE.pack("III", 5, 0x7FFFFFFF, 0),
    "largest length": LITTLE.pack("III", 5, 0xFFFFFFFF, 0),
    "section without a magic": LITTLE.block(SECTION, bytes(16), trailer=1),
    "text": b"this is no block at all",
}


@pytest.mark.parametrize("garbage", DAMAGED.values(), ids=DAMAGED)
def test_garbage_between_blocks(garbage: bytes) -> None:
    """Without valid lengths there is no next block: reading stops, and what comes before is kept."""
    packets, log = read(GOOD + garbage + LITTLE.enhanced(2, b"b"))
    assert [packet.data for packet in packets] == [b"a"]
    assert log.notes == ["the file is damaged after packet 1; the rest was not read"]


def test_lengths_that_are_no_multiple_of_4() -> None:
    """Some writers leave the padding out of the length; Wireshark rounds it up, too."""
    block = LITTLE.pack("II", 5, 26) + bytes(16) + LITTLE.pack("I", 26)
    assert len(read(GOOD + block + LITTLE.enhanced(2, b"b"))[0]) == 2


def test_a_large_claim_costs_no_memory() -> None:
    """The largest length that is believed needs no more memory than there are bytes."""
    _, log = read(GOOD + LITTLE.pack("III", ENHANCED, MAX_RECORD, 0))
    assert log.notes == ["the file ends in the middle of packet 2"]


@pytest.mark.parametrize("writer", [LITTLE, BIG], ids=["little", "big"])
def test_cut_at_every_byte(writer: Writer) -> None:
    """All whole packets come out, and a note says what is cut."""
    blocks = [
        writer.section(),
        writer.interface(),
        writer.enhanced(1, b"a"),
        writer.simple(b"b", 1),
        writer.old(2, b"c"),
    ]
    whole = b"".join(blocks)
    ends = [sum(map(len, blocks[: count + 1])) for count in range(5)]
    for size in range(12, len(whole)):
        packets, log = read(whole[:size])
        complete = sum(size >= end for end in ends)
        assert len(packets) == max(0, complete - 2)
        into = size - max([0, *(end for end in ends if end <= size)])
        if not into:
            assert log.notes == []
        elif into < 12 or complete < 2:
            assert log.notes == [f"the file ends in the middle of a block, after packet {len(packets)}"]
        else:
            assert log.notes == [f"the file ends in the middle of packet {len(packets) + 1}"]
    for size in range(4, 12):
        with pytest.raises(CaptureError, match="the file ends in the middle of its pcapng header"):
            read(whole[:size])


def test_no_valid_magic() -> None:
    """The first four bytes alone make no pcapng file."""
    with pytest.raises(CaptureError, match="this is no pcap or pcapng file"):
        read(b"\x0a\x0d\x0d\x0a\x1c\0\0\0 text, not a byte-order magic")


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 90), st.sampled_from([LITTLE, BIG]))
def test_chunks_of_the_input_do_not_matter(datas: list[bytes], chunk: int, writer: Writer) -> None:
    """Blocks may lie across any border of the buffer."""
    content = writer.section() + writer.interface() + b"".join(writer.enhanced(1, data) for data in datas)
    packets, log = read(content, chunk)
    assert [packet.data for packet in packets] == datas
    assert log.notes == []


@given(st.binary(max_size=200), st.sampled_from([LITTLE, BIG]))
def test_any_bytes(garbage: bytes, writer: Writer) -> None:
    """Never an exception, behind a header or within every kind of block."""
    read(writer.section() + garbage)
    for kind in (SECTION, INTERFACE, OLD, SIMPLE, ENHANCED, SECRETS):
        read(writer.section() + writer.interface() + writer.block(kind, garbage) + writer.enhanced(1, b"a"))


@given(st.data())
def test_any_change_of_a_file(data: st.DataObject) -> None:
    """Single bytes changed anywhere but in the magic: never an exception."""
    content = bytearray(GOOD + LITTLE.simple(b"b", 9) + LITTLE.old(3, b"c") + LITTLE.secrets(b"d") + GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(12, len(content) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(content))


@pytest.mark.parametrize("writer", [LITTLE, BIG], ids=["little", "big"])
def test_wireshark_agrees(writer: Writer, tmp_path: Path, tshark: Callable[..., list[str]]) -> None:
    """The builder of these tests makes real pcapng files, and they mean the same to both."""
    content = writer.section() + writer.interface(snaplen=20) + writer.interface(resolution=9, offset=T0)
    content += writer.interface(resolution=0x80 | 20)
    content += writer.enhanced(T0 * 10**6 + 1, bytes(20)) + writer.enhanced(123, bytes(30), interface=1)
    content += writer.enhanced((T0 << 20) + 512, bytes(21), interface=2) + writer.old(T0 * 10**6 + 2, bytes(22))
    content += (
        writer.simple(bytes(20), length=99) + LITTLE.section() + LITTLE.interface() + LITTLE.enhanced(T0, bytes(9))
    )
    path = tmp_path / "x"
    path.write_bytes(content)
    fields = ("frame.number", "frame.time_epoch", "frame.cap_len", "frame.len")
    lines = tshark(path, "-T", "fields", *(option for field in fields for option in ("-e", field)))
    packets, _ = read(content)
    times = [f"{p.time // 10**9}.{p.time % 10**9:09}" if p.time else "" for p in packets]
    assert lines == [f"{p.number}\t{time}\t{len(p.data)}\t{p.length}" for p, time in zip(packets, times, strict=True)]
