"""Wireshark's programs are found on PATH, and where its installers put them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from msra import wireshark
from msra.wireshark import find_tshark


def program(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return os.fspath(path)


def test_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path / "bin"))
    assert find_tshark() is None
    assert find_tshark() != program(tmp_path / "bin" / "tshark") == find_tshark()


def test_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its installer leaves PATH alone."""
    there = program(Path(rf"{tmp_path}/Program Files (x86)\Wireshark") / "tshark")
    monkeypatch.setenv("PATH", os.fspath(tmp_path / "bin"))
    monkeypatch.setenv("ProgramFiles", os.fspath(tmp_path / "Program Files"))
    monkeypatch.setenv("ProgramFiles(x86)", os.fspath(tmp_path / "Program Files (x86)"))
    looked: list[str | None] = []

    def which(name: str, path: str | None = None) -> str | None:
        looked.append(path)
        return there if path and Path(path, name).exists() else None

    monkeypatch.setattr(wireshark.shutil, "which", which)
    monkeypatch.setattr(sys, "platform", "win32")
    assert find_tshark() == there
    assert looked == [None, rf"{tmp_path}/Program Files\Wireshark", rf"{tmp_path}/Program Files (x86)\Wireshark"]


def test_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = "/Applications/Wireshark.app/Contents/MacOS"
    monkeypatch.setattr(wireshark.shutil, "which", lambda name, path=None: f"{path}/{name}" if path else None)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert find_tshark() == f"{folder}/tshark"
