"""A pipe hands on what is there, and ends when it is told to, without losing anything."""

from __future__ import annotations

import io
import os
import threading
import time

import pytest

from msra.engines.pipe import CHUNK, Pipe


@pytest.fixture
def ends() -> tuple[io.BufferedReader, int]:
    output, target = os.pipe()
    return os.fdopen(output, "rb"), target


def test_all_bytes_in_pieces_of_the_size_asked_for() -> None:
    data = bytes(range(256)) * 1000
    pipe = Pipe(io.BytesIO(data))
    pieces = list(iter(lambda: pipe.read(1000), b""))
    assert b"".join(pieces) == data and max(map(len, pieces)) == 1000
    assert pipe.read() == b"" and not pipe.stopped


def test_what_is_there_comes_at_once(ends: tuple[io.BufferedReader, int]) -> None:
    reader, target = ends
    pipe = Pipe(reader)
    for data in (b"a", b"bc"):
        os.write(target, data)
        assert pipe.read(CHUNK) == data
    os.close(target)
    assert pipe.read() == b""


def test_a_pipe_that_waits_for_ever_can_be_ended(ends: tuple[io.BufferedReader, int]) -> None:
    """What was written before it, and in the time of grace behind it, is read."""
    reader, target = ends
    pipe = Pipe(reader, grace=0.5)
    os.write(target, b"before")
    threading.Timer(0.2, lambda: (pipe.stop(), os.write(target, b" behind"))).start()
    started = time.monotonic()
    assert b"".join(iter(pipe.read, b"")) == b"before behind"
    assert 0.5 < time.monotonic() - started < 5 and pipe.stopped
    assert pipe.read() == b""
    os.close(target)


def test_stopped_twice_is_stopped_now(ends: tuple[io.BufferedReader, int]) -> None:
    reader, target = ends
    pipe = Pipe(reader, grace=3600)
    pipe.stop()
    pipe.stop()
    assert pipe.read() == b""
    os.close(target)


def test_an_error_is_handed_on_once() -> None:
    class Broken(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise OSError(5, "broken")

    pipe = Pipe(Broken())  # type: ignore[arg-type]
    with pytest.raises(OSError, match="broken"):
        pipe.read()
    assert pipe.read() == b""


def test_a_closed_source_is_an_end() -> None:
    source = io.BytesIO(b"x")
    source.close()
    assert Pipe(source).read() == b""


def test_little_is_read_ahead() -> None:
    """A fast writer waits for a slow reader."""

    class Endless(io.RawIOBase):
        count = 0

        def read(self, size: int = -1) -> bytes:
            self.count += 1
            return bytes(size)

    source = Endless()
    pipe = Pipe(source)  # type: ignore[arg-type]
    pipe.read()
    time.sleep(0.3)
    assert source.count < 100
