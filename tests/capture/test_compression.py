"""Protects unpacking: recognised by content, in bounded pieces, and all that comes before a defect is kept."""

import gzip
import io
import sys
from typing import BinaryIO, cast

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.compression import CHUNK, unpacked
from msra.capture.model import CaptureError

CONTENT = bytes(range(256)) * 40
ZSTD = zstandard.ZstdCompressor(write_checksum=True)
SKIPPABLE = b"\x5e\x2a\x4d\x18" + b"\x03\0\0\0abc"


class Dribble(io.RawIOBase):
    """A stream that gives a byte at a time, and can't be sought."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, _size: int = -1) -> bytes:
        return self._content.read(1)


def read(stream: BinaryIO) -> tuple[bytes, str | None]:
    """What can be unpacked, and the sentence about the rest."""
    content = b""
    try:
        for piece in unpacked(stream):
            assert len(piece) <= CHUNK
            content += piece
    except CaptureError as error:
        return content, str(error)
    return content, None


@pytest.mark.parametrize(
    ("packed", "content"),
    [
        pytest.param(b"", b"", id="empty"),
        pytest.param(CONTENT, CONTENT, id="plain"),
        pytest.param(b"\x1f", b"\x1f", id="shorter than a magic"),
        pytest.param(gzip.compress(CONTENT), CONTENT, id="gzip"),
        pytest.param(
            gzip.compress(CONTENT) + gzip.compress(b"more") + gzip.compress(b""), CONTENT + b"more", id="members"
        ),
        pytest.param(
            gzip.compress(CONTENT) + b"\0" * 7 + gzip.compress(b"more") + b"\0", CONTENT + b"more", id="padded"
        ),
        pytest.param(ZSTD.compress(CONTENT), CONTENT, id="zstd"),
        pytest.param(ZSTD.compress(CONTENT) + ZSTD.compress(b"more"), CONTENT + b"more", id="frames"),
        pytest.param(SKIPPABLE + ZSTD.compress(CONTENT) + SKIPPABLE, CONTENT, id="skippable frames"),
    ],
)
def test_unpacks(packed: bytes, content: bytes) -> None:
    """Every form, also byte by byte from a stream that has no more than `read`."""
    assert read(io.BytesIO(packed)) == (content, None)
    assert read(cast(BinaryIO, Dribble(packed))) == (content, None)


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK])
def test_sizes_around_a_piece(size: int) -> None:
    """Output that is held back at the end of the input must not be lost."""
    content = b"\0" * size
    assert read(io.BytesIO(gzip.compress(content))) == (content, None)
    assert read(io.BytesIO(ZSTD.compress(content))) == (content, None)


def test_cut_gzip_keeps_what_comes_before() -> None:
    """Cut anywhere, also within the trailer."""
    packed = gzip.compress(CONTENT)
    for size in range(2, len(packed)):
        content, sentence = read(io.BytesIO(packed[:size]))
        assert CONTENT.startswith(content)
        assert sentence == "the gzip data ends too early; what comes before was read"
    assert content == CONTENT


def test_cut_zstd_keeps_what_comes_before() -> None:
    """Zstandard unpacks block by block; whole blocks before the cut are kept."""
    content = bytes(range(256)) * 4096
    packed = ZSTD.compress(content[: len(content) // 2]) + ZSTD.compress(content[len(content) // 2 :])
    for size in range(4, len(packed), 7):
        assert content.startswith(read(io.BytesIO(packed[:size]))[0])
    assert read(io.BytesIO(packed[:-1]))[0] == content


@pytest.mark.parametrize(
    ("packed", "name"), [(gzip.compress(CONTENT), "gzip"), (ZSTD.compress(CONTENT), "Zstandard")], ids=["gzip", "zstd"]
)
def test_damaged_data_is_reported(packed: bytes, name: str) -> None:
    """A wrong checksum, and something else behind the data."""
    sentence = f"the {name} data is damaged from here on; what comes before was read"
    wrong = (
        packed[:-5] + bytes([packed[-5] ^ 1]) + packed[-4:] if name == "gzip" else packed[:-1] + bytes([packed[-1] ^ 1])
    )
    assert read(io.BytesIO(wrong))[1] == sentence
    assert read(io.BytesIO(packed + b"something else")) == (CONTENT, sentence)


@given(st.binary(max_size=60), st.sampled_from([b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18"]))
def test_garbage_behind_a_magic(garbage: bytes, magic: bytes) -> None:
    """Any bytes: a sentence at most."""
    read(io.BytesIO(magic + garbage))


@pytest.mark.parametrize("pack", [gzip.compress, ZSTD.compress], ids=["gzip", "zstd"])
def test_a_bomb_comes_in_small_pieces(pack: type[bytes]) -> None:
    """64 MiB out of a few KiB: `read` checks the size of each piece, and nothing unpacks it as a whole."""
    bomb = pack(bytes(1 << 26))
    total = sum(len(piece) for piece in unpacked(io.BytesIO(bomb)) if len(piece) <= CHUNK)
    assert total == 1 << 26


def test_zstd_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the package to install."""
    monkeypatch.setitem(sys.modules, "zstandard", None)
    _, sentence = read(io.BytesIO(ZSTD.compress(CONTENT)))
    assert sentence == "it is compressed with Zstandard; to read it, install the package zstandard"
