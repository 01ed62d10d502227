"""What comes out of a pipe is read before it is asked for, as far as there is room, and given in its order."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import IO

import pytest

from msra.engines import read_ahead
from msra.engines.read_ahead import ReadAhead


class Pipe:
    def __init__(self) -> None:
        output, target = os.pipe()
        self.target: IO[bytes] = os.fdopen(target, "wb", buffering=0)
        self.ahead = ReadAhead(os.fdopen(output, "rb", buffering=0))


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    with made.target:
        yield made


def written(pipe: Pipe, data: bytes) -> threading.Thread:
    """Whoever writes into a pipe may have to wait."""
    thread = threading.Thread(target=lambda: (pipe.target.write(data), pipe.target.close()), daemon=True)
    thread.start()
    return thread


def test_everything_in_its_order(pipe: Pipe) -> None:
    data = os.urandom(1_000_000)
    thread = written(pipe, data)
    thread.join(60)  # nobody has read anything yet
    assert not thread.is_alive()
    read = bytearray()
    while piece := pipe.ahead.read(1_000):
        assert len(piece) <= 1_000
        read += piece
    assert read == data and pipe.ahead.read(1) == b""


def test_what_is_there_is_given_at_once(pipe: Pipe) -> None:
    pipe.target.write(b"a")
    assert pipe.ahead.read(10) == b"a"
    pipe.target.write(b"b")
    assert pipe.ahead.read(10) == b"b"


def test_no_more_than_there_is_room_for(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "MAX_READ_AHEAD", 100_000)
    thread = written(pipe, bytes(2_000_000))
    thread.join(0.3)
    assert thread.is_alive() and pipe.ahead._held < 100_000 + (1 << 16)
    assert sum(map(len, iter(lambda: pipe.ahead.read(1 << 20), b""))) == 2_000_000
    thread.join(60)
    assert not thread.is_alive()


def test_closed_before_the_end(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the thread waits for room. Who writes finds nobody there."""
    monkeypatch.setattr(read_ahead, "MAX_READ_AHEAD", 1)
    before = threading.active_count()
    pipe.target.write(bytes(60_000))
    pipe.target.write(bytes(60_000))
    with closing(pipe.ahead):
        pass
    assert pipe.ahead.read(10) == b"" and threading.active_count() == before - 1
    with pytest.raises(BrokenPipeError):
        pipe.target.write(bytes(60_000))
