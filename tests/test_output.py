"""Writing: a file is there whole or not at all, and what is private stays so."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from msra.output import private_file, replacing, write_text


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
    with pytest.raises(OSError, match="full"), replacing(target) as path:
        path.write_text("half")
        raise OSError("the disk is full")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_private_files(tmp_path: Path) -> None:
    with private_file(tmp_path / "secret") as stream:
        stream.write(b"x")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
