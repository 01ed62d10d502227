"""Protects the window on the input: no byte lost or doubled, bounded reading, and honest ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture import buffer as buffers
from msra.capture.buffer import FileBuffer, FileContent, ReadBuffer, UnpackedAgain, UnpackedContent
from msra.capture.model import CaptureError


@given(st.lists(st.binary(max_size=9), max_size=20), st.lists(st.integers(0, 12), max_size=30))
def test_every_byte_passes_once_whatever_the_pieces(chunks: list[bytes], sizes: list[int]) -> None:
    """Records of any size, cut out of chunks of any size, are the input."""
    buffer, at, taken = ReadBuffer(iter(chunks)), 0, b""
    for size in sizes:
        if not buffer.refill(at, size):
            assert len(buffer.data) < size
            at = 0
            break
        taken += buffer.data[:size]
        at = size
    while buffer.refill(at, 1):
        taken += buffer.data[:1]
        at = 1
    assert taken == b"".join(chunks)


def test_reads_no_more_than_it_needs() -> None:
    """A live pipe must not be waited for while a whole record is there."""
    asked = []

    def chunks() -> Iterator[bytes]:
        for number in range(5):
            asked.append(number)
            yield b"1234"

    buffer = ReadBuffer(chunks())
    assert buffer.refill(0, 6)
    assert asked == [0, 1]
    assert buffer.refill(2, 6)
    assert asked == [0, 1]
    assert buffer.data == b"341234"


def breaking(error: Exception, *chunks: bytes) -> Iterator[bytes]:
    """Input that breaks off."""
    yield from chunks
    raise error


def test_input_that_breaks_ends_and_says_why() -> None:
    """What came before a defect is kept."""
    buffer = ReadBuffer(breaking(CaptureError("the gzip data is damaged"), b"abc"))
    assert not buffer.refill(0, 10)
    assert buffer.data == b"abc"
    assert buffer.failure == "the gzip data is damaged"
    assert not buffer.refill(0, 10)


def test_a_read_error_passes_only_at_the_start() -> None:
    """A file that cannot be read at all is the caller's error; one that fails later is a cut file."""
    with pytest.raises(OSError, match="Input/output"):
        ReadBuffer(breaking(OSError(5, "Input/output error"))).refill(0, 1)
    buffer = ReadBuffer(breaking(OSError(5, "Input/output error"), b"abc"))
    assert buffer.refill(0, 3)
    assert not buffer.refill(3, 1)
    assert buffer.failure == "reading failed: Input/output error; what comes before was read"


@pytest.mark.parametrize("block", [1, 7, 100])
def test_a_file_passes_once_whatever_the_blocks(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole records, and `position` says where they are."""
    monkeypatch.setattr(buffers, "BLOCK", block)
    content = bytes(range(50))
    (tmp_path / "file").write_bytes(content)
    with (tmp_path / "file").open("rb", buffering=0) as file:
        buffer, at = FileBuffer(file), 0
        for size in (3, 9, 1, 20, 17):
            assert buffer.refill(at, size)
            assert buffer.data == content[buffer.position : buffer.position + len(buffer.data)]
            at = size
        assert buffer.position + at == len(content)
        assert not buffer.refill(at, 1)
        assert buffer.data == b"" and buffer.failure is None


def test_a_file_that_breaks(tmp_path: Path) -> None:
    """As with a pipe: an error at the start, a cut file later."""
    with (
        (tmp_path / "file").open("wb", buffering=0) as unreadable,
        pytest.raises(OSError, match="not open for reading"),
    ):
        FileBuffer(unreadable).refill(0, 1)


def test_content_here_and_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    with (tmp_path / "file").open("rb", buffering=0) as file:
        content = FileContent(file, 3)
        assert (content[4:6], content[0:2]) == (b"78", b"34")
        with pytest.raises(OSError, match="shorter"):
            content[5:9]


@given(st.binary(max_size=200), st.integers(1, 50), st.lists(st.tuples(st.integers(0, 210), st.integers(0, 60))))
def test_unpacked_content_is_the_same_wherever_it_is_asked_for(
    content: bytes, piece: int, asked: list[tuple[int, int]]
) -> None:
    again = UnpackedAgain(lambda: iter([content[at : at + piece] for at in range(0, len(content), piece)]))
    for start, size in asked:
        if start + size <= len(content):
            assert UnpackedContent(again, start)[0:size] == content[start : start + size]
        else:
            with pytest.raises(OSError, match="shorter"):
                UnpackedContent(again, start)[0:size]


def test_content_is_unpacked_when_it_is_asked_for_and_once_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "BLOCK", 10)
    unpacked = []

    def unpack() -> Iterator[bytes]:
        unpacked.append(True)
        return iter([b"0123456789"] * 10)

    again = UnpackedAgain(unpack)
    content = UnpackedContent(again, 20)
    assert not unpacked
    assert [content[at : at + 3] for at in (0, 5, 70)] == [b"012", b"567", b"012"]
    assert len(unpacked) == 1
    assert UnpackedContent(again, 0)[0:2] == b"01"
    assert len(unpacked) == 2
