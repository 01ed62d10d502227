"""Captures that change while they are read: what was there is reported, and the rest is a sentence or a note."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from msra.engines.embedded import EmbeddedEngine
from msra.engines.interface import Engine, EngineError, Options
from msra.engines.tshark import TsharkEngine
from msra.events import Event, Message
from tests.faults.command import CODE, GOOD, LARGE, MANY, VERDICT, analyze_pcap, environment
from tests.jobs.captures import being_read

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows locks files that are open")
COPIES = LARGE // MANY.stat().st_size + 1


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A capture that is read in two passes: pcapng files may follow one another."""
    path = tmp_path / "large.pcapng"
    path.write_bytes(MANY.read_bytes() * COPIES)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Event]]:
    """What each engine sees in it if nothing happens."""
    path = tmp_path_factory.mktemp("whole") / "large.pcapng"
    path.write_bytes(MANY.read_bytes() * COPIES)
    return {engine.name: list(engine.read(path, Options()).events()) for engine in (EmbeddedEngine(), TsharkEngine())}


def read(engine: Engine, path: Path, change: Callable[[Path], None]) -> tuple[list[Event], str | None]:
    """The events, and the error at their end, if the capture is changed when the first one comes."""
    events = engine.read(path, Options()).events()
    found = [next(events)]
    change(path)
    try:
        found.extend(events)
    except EngineError as error:
        return found, str(error)
    return found, None


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def grown(path: Path) -> None:
    with path.open("ab") as file:
        file.write(MANY.read_bytes())


def deleted(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    """As a rotating capture does it: another file under the same name."""
    (path.parent / "new").write_bytes(GOOD.read_bytes())
    (path.parent / "new").replace(path)


def overwritten(path: Path) -> None:
    """In place, by something that is no capture."""
    with path.open("r+b") as file:
        file.write(b"\xa5" * path.stat().st_size)


def moved(path: Path) -> None:
    """In place, by other parts of itself."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.write(content[-1_000_003:] + content[:-1_000_003])


@pytest.mark.parametrize("change", [grown, deleted, replaced])
def test_what_was_opened_stays_what_it_is(
    large: Path, whole: dict[str, list[Event]], change: Callable[[Path], None]
) -> None:
    """As far as it was when the first pass reached its end."""
    assert read(EmbeddedEngine(), large, change) == (whole["embedded"], None)


@pytest.mark.parametrize("change", [cut, emptied])
def test_a_capture_that_becomes_shorter(large: Path, change: Callable[[Path], None]) -> None:
    """A mapped file would end the whole program here: SIGBUS."""
    found, error = read(EmbeddedEngine(), large, change)
    assert error == "it cannot be read: the file has become shorter" and found


@pytest.mark.parametrize("change", [overwritten, moved])
def test_a_capture_that_is_overwritten(large: Path, change: Callable[[Path], None]) -> None:
    """Other bytes are other packets, and never a defect of ours; what was read before is kept."""
    found, error = read(EmbeddedEngine(), large, change)
    assert error is None and found


@pytest.mark.parametrize("change", [emptied, deleted])
def test_with_tshark(large: Path, whole: dict[str, list[Event]], change: Callable[[Path], None]) -> None:
    """Its slice of the capture was written before the first event comes."""
    assert read(TsharkEngine(), large, change) == (whole["tshark"], None)


@pytest.mark.parametrize("change", [cut, deleted])
def test_the_command_and_its_other_captures(tmp_path: Path, large: Path, change: Callable[[Path], None]) -> None:
    """The first capture is a pipe: while the command waits for it, the second one changes."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(
        [sys.executable, "-c", CODE, "--engine=embedded", "--summary", str(pipe), str(large), str(GOOD)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path),
    ) as process:  # fmt: skip
        with pipe.open("wb") as stream:
            change(large)
            stream.write(GOOD.read_bytes())
        out, err = process.communicate(timeout=60)
    gone = f"analyze-pcap: {large}: it cannot be read: No such file or directory\n"
    assert (process.returncode, err) == ((3, gone) if change is deleted else (0, ""))
    assert out.count(VERDICT) >= 2 and str(GOOD) in out


def test_a_capture_that_is_written_meanwhile(tmp_path: Path) -> None:
    """What is there when the end is reached; a packet that is there in part is a note."""
    path = tmp_path / "growing.pcapng"
    content = GOOD.read_bytes()
    path.write_bytes(content[:-50])
    for engine in (EmbeddedEngine(), TsharkEngine()):
        reading = engine.read(path, Options())
        assert len([event for event in reading.events() if isinstance(event, Message)]) == 4
        (note,) = reading.notes
        assert note.startswith("the file ends in the middle of ")


@pytest.mark.parametrize("engine", ["embedded", "tshark"])
def test_pipes_with_names(tmp_path: Path, engine: str) -> None:
    """They are captures like others; what needs them twice says so at once."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(GOOD.read_bytes()))
    writer.start()
    done = analyze_pcap(tmp_path, f"--engine={engine}", "-q", pipe, GOOD)
    writer.join()
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.count(VERDICT) == 2
    done = analyze_pcap(tmp_path, "--export", tmp_path / "export", pipe)
    assert done.returncode == 2 and "--export reads the captures twice" in done.stderr
    done = analyze_pcap(tmp_path, "--keylog", pipe, GOOD)
    assert done.returncode == 2 and "the key file is a pipe, and it is read more than once" in done.stderr


def test_the_writer_of_a_pipe_that_dies(tmp_path: Path) -> None:
    """What it wrote, half a capture, is reported."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(
        [sys.executable, "-c", CODE, "--engine=embedded", "-q", str(pipe)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(tmp_path),
    ) as process:  # fmt: skip
        with being_read(pipe):
            pass
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "") and "Session 1: INCOMPLETE" in out
