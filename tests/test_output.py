"""Writing: a file is there whole or not at all, and what is private stays so."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from msra.output import OutputError, private_file, write_text, writing

on_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions, and no such files")


def test_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    write_text("Ü\n", None)
    assert capsys.readouterr().out == "Ü\n"


def test_characters_that_the_terminal_lacks_become_escapes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "terminal").open("w", encoding="ascii") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        write_text("Ü\n", None)
    assert (tmp_path / "terminal").read_text() == "\\xdc\n"


def test_line_ends_stay_as_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "pipe").open("w", newline="\r\n") as pipe:  # as on Windows
        monkeypatch.setattr(sys, "stdout", pipe)
        write_text("a\nb\r\n", None)
    assert (tmp_path / "pipe").read_bytes() == b"a\nb\r\n"


def test_a_file_replaces_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.write_text("old")
    write_text("Ü\n", target)
    assert target.read_bytes() == b"\xc3\x9c\n"
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_half_is_left(tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.write_text("old")
    with pytest.raises(OutputError, match="report: it cannot be written: full"), private_file(target) as stream:
        stream.write(b"half")
        stream.flush()
        assert len(list(tmp_path.iterdir())) == 2 and target.read_text() == "old"
        raise OSError("full")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@on_posix
def test_private_files(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with private_file(tmp_path / "secret") as stream:
            stream.write(b"x")
            assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
        write_text("x", tmp_path / "report")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "report").stat().st_mode) == 0o644


@on_posix
def test_a_link_stays(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    write_text("new", tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "new"


@on_posix
def test_pipes_are_written_to(tmp_path: Path) -> None:
    """What is no file cannot be replaced by one."""
    target, read = tmp_path / "pipe", []
    os.mkfifo(target)
    reader = threading.Thread(target=lambda: read.append(target.read_text()))
    reader.start()
    write_text("text", target)
    reader.join()
    assert read == ["text"] and target.is_fifo() and list(tmp_path.iterdir()) == [target]


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    for target, reason in ((tmp_path, "Is a directory"), (tmp_path / "no" / "where", "No such file or directory")):
        with pytest.raises(OutputError, match=reason) as caught:
            write_text("x", target)
        assert str(caught.value) == f"{target}: it cannot be written: {reason}"
    with pytest.raises(OutputError, match=r"^here: it cannot be written: gone$"), writing("here"):
        raise OSError("gone")


def test_after_a_failure_nothing_is_written_to_standard_output() -> None:
    """Whoever reads the pipe is gone; what is still written vanishes, also at the exit of the interpreter."""
    script = """
import os, sys
from msra.output import write_text
try:
    write_text("x" * 100_000, None)
except BrokenPipeError:
    print("unseen")
"""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", script], stdout=write, stderr=subprocess.PIPE, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
