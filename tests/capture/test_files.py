"""Protects the way in: any capture, from any stream, gives its packets or a sentence."""

import gzip
import io
import os
import random
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.files import CaptureReader, open_capture_file
from msra.capture.model import CaptureError

PCAP = struct.pack("<IHHiIIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1, 7, 8, 3, 4) + b"abc"
PCAPNG = (
    struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    + struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)
    + struct.pack("<IIIIIII4sI", 6, 36, 0, 0, 7_000_008, 3, 4, b"abc", 36)
)
PLAIN = {"pcap": PCAP, "pcapng": PCAPNG}
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("packing", PACKED)
@pytest.mark.parametrize("name", PLAIN)
def test_recognised_by_content(name: str, packing: str, tmp_path: Path) -> None:
    """The suffix lies; a path, a stream and a pipe give the same."""
    content = PACKED[packing](PLAIN[name])
    path = tmp_path / "capture.txt"
    path.write_bytes(content)
    for reader in (open_capture_file(path), open_capture_file(str(path)), CaptureReader(io.BytesIO(content))):
        with reader:
            assert reader.format == name
            packets = list(reader)
            assert [(p.number, p.time, p.link_type, p.data, p.length) for p in packets] == [
                (1, 7_000_008_000, 1, b"abc", 4)
            ]
            assert (reader.packets, reader.notes) == (1, [])


@pytest.mark.parametrize("packing", PACKED)
def test_the_content_of_a_file_can_be_had_again(packing: str, tmp_path: Path) -> None:
    """Unpacked, as far as it is asked for; that of a pipe cannot."""
    path = tmp_path / "capture"
    path.write_bytes(PACKED[packing](PCAP))
    with open_capture_file(path) as reader:
        list(reader)
        assert reader.size == path.stat().st_size
        assert reader.packed == (packing != "plain")
        assert reader.content(24)[16:19] == reader.content(40)[0:3] == b"abc"
        assert reader.content(0)[0:24] == PCAP[:24]
    stream = CaptureReader(io.BytesIO(path.read_bytes()))
    assert (stream.size, stream.packed) == (None, False)
    with pytest.raises(ValueError, match="once"):
        stream.content(0)


@pytest.mark.parametrize("packing", PACKED)
def test_a_pipe(packing: str) -> None:
    """Standard input can't be sought, and comes in small pieces."""
    content = PACKED[packing](PCAP[:24] + PCAP[24:] * 20_000)
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(content)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb") as stream:
        reader = open_capture_file(None, stream)
        assert sum(1 for _ in reader) == reader.packets == 20_000
    writer.join()


def test_packets_come_while_a_pipe_is_open() -> None:
    """Live use: a packet must not wait until a buffer is full."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, os.fdopen(writing, "wb", buffering=0) as out:
        out.write(PCAP)
        packets = iter(CaptureReader(stream))
        assert next(packets).data == b"abc"
        out.write(PCAP[24:])
        assert next(packets).number == 2


SENTENCES = {
    "empty": (b"", "the file is empty"),
    "empty gzip": (gzip.compress(b""), "the file is empty"),
    "text": (b"No.,Time,Source\n", "this is no pcap or pcapng file"),
    "short": (b"\xd4\xc3", "this is no pcap or pcapng file"),
    "gzip of text": (gzip.compress(b"text"), "this is no pcap or pcapng file"),
    "nothing of gzip": (gzip.compress(PCAP)[:5], "the gzip data ends too early; what comes before was read"),
    "nothing of zstd": (PACKED["zstd"](PCAP)[:9], "nothing can be unpacked from the Zstandard data"),
    "magic alone": (PCAP[:4], "the file ends in the middle of its pcap header"),
    "section header alone": (PCAPNG[:8], "the file ends in the middle of its pcapng header"),
}


@pytest.mark.parametrize(("content", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_no_captures(content: bytes, sentence: str) -> None:
    """One clear sentence for each."""
    with pytest.raises(CaptureError) as caught:
        list(CaptureReader(io.BytesIO(content)))
    assert str(caught.value) == sentence


def test_missing_files_and_folders(tmp_path: Path) -> None:
    """These are the operating system's to explain."""
    with pytest.raises(FileNotFoundError):
        open_capture_file(tmp_path / "missing.pcap")
    with pytest.raises(IsADirectoryError):
        open_capture_file(tmp_path)


def test_cut_gzip() -> None:
    """Packets before the cut are kept; the notes tell both what is cut and why."""
    source = random.Random(7)  # fixed, because a cut between two packets would need no first note
    records = (struct.pack("<IIII", n, 0, 500, 500) + source.randbytes(500) for n in range(100))
    reader = CaptureReader(io.BytesIO(gzip.compress(PCAP[:24] + b"".join(records), mtime=0)[:30_000]))
    count = sum(1 for _ in reader)
    assert 50 < count < 60
    assert reader.notes == [
        f"the file ends in the middle of packet {count + 1}",
        "the gzip data ends too early; what comes before was read",
    ]


class Failing(io.BytesIO):
    """A disk that fails after the content."""

    def read1(self, size: int | None = -1) -> bytes:
        piece = super().read1(size)
        if not piece:
            raise OSError(5, "Input/output error")
        return piece


def test_a_failing_disk() -> None:
    """What was read before is kept."""
    reader = CaptureReader(Failing(PCAP))
    assert len(list(reader)) == 1
    assert reader.notes == ["reading failed: Input/output error; what comes before was read"]
    with pytest.raises(OSError, match="Input/output error"):
        CaptureReader(Failing(b""))


def test_files_are_closed(tmp_path: Path) -> None:
    """Only those that were opened here, and also when they are no captures."""
    path = tmp_path / "x"
    path.write_bytes(PCAP)
    with open_capture_file(path) as reader:
        opened = reader._opened
        assert opened is not None
        assert not opened.closed
    assert opened.closed
    stream = io.BytesIO(PCAP)
    with CaptureReader(stream):
        pass
    assert not stream.closed


def test_wireshark_agrees_on_all_captures(pcaps: list[Path], tshark: Callable[..., list[str]]) -> None:
    """Number, time to the ns, captured and original length of every packet."""
    fields = ("frame.number", "frame.time_epoch", "frame.cap_len", "frame.len")
    for path in pcaps:
        cut = path.name == "cut_file_truncated.pcap"
        options = (option for field in fields for option in ("-e", field))
        lines = tshark(path, "-T", "fields", *options, exit_status=2 if cut else 0)
        with open_capture_file(path) as reader:
            ours = [f"{p.number}\t{p.time // 10**9}.{p.time % 10**9:09}\t{len(p.data)}\t{p.length}" for p in reader]
        assert ours == lines, path.name
        assert reader.notes == (["the file ends in the middle of packet 74"] if cut else []), path.name
        assert len(reader.tls_secrets) == (path.name == "v2_tls13_dsb.pcapng"), path.name


def test_secrets_of_a_real_file(pcaps: list[Path]) -> None:
    """The key log inside the file is the one that lies beside it."""
    path = next(path for path in pcaps if path.name == "v2_tls13_dsb.pcapng")
    with open_capture_file(path) as reader:
        list(reader)
    keys = path.with_name("v2_tls13.keys.txt").read_bytes()
    assert set(reader.tls_secrets[0].splitlines()) & set(keys.splitlines())


@given(st.binary(max_size=100), st.sampled_from([b"", PCAP[:24], PCAPNG[:48], b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd"]))
def test_any_bytes(garbage: bytes, start: bytes) -> None:
    """Packets, or CaptureError; nothing else."""
    for content in (start + garbage, gzip.compress(start + garbage)):
        try:
            list(CaptureReader(io.BytesIO(content)))
        except CaptureError as error:
            assert str(error)


@pytest.mark.parametrize("packing", PACKED)
def test_position(packing: str, tmp_path: Path) -> None:
    """What was taken from the file, not what was unpacked."""
    source = random.Random(7)
    records = (struct.pack("<IIII", n, 0, 500, 500) + source.randbytes(500) for n in range(20_000))
    content = PACKED[packing](PCAP[:24] + b"".join(records))
    (tmp_path / "capture").write_bytes(content)
    with open_capture_file(tmp_path / "capture") as reader:
        positions = [reader.position for _ in reader]
    assert 0 < positions[0] < len(content) / 2
    assert positions == sorted(positions) and positions[-1] == len(content)
