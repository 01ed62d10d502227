"""Capturing: what dumpcap writes comes, what it complains about is said, and it never stays behind."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from msra.capture import CaptureError
from msra.engines import dumpcap
from msra.engines.dumpcap import Dumpcap, find_dumpcap
from msra.engines.interface import EngineError


def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program that is found as dumpcap."""
    program = tmp_path / "dumpcap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(dumpcap, "find_dumpcap", lambda: os.fspath(program))


def test_the_bytes_and_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, 'echo "$*"')
    began: list[int] = []
    capture = Dumpcap("if 0", lambda: began.append(1))
    assert b"".join(iter(capture.read, b"")) == b"-q -i if 0 -w -\n" and began == [1]
    capture.close()


def test_why_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, 'printf data; echo "Capturing on x" >&2; echo "dumpcap: no permission" >&2; exit 1')
    capture = Dumpcap("x")
    assert capture.read() == b"data"
    with pytest.raises(CaptureError, match=r"^dumpcap ended: no permission$"):
        capture.read()
    capture.close()


def test_stopping_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, monkeypatch, "trap 'printf last; exit 3' TERM; printf first; while :; do sleep 0.05; done")
    capture = Dumpcap("x")
    assert capture.read() == b"first"
    capture.stop()
    assert b"".join(iter(capture.read, b"")) == b"last"
    capture.close()
    assert capture._process.returncode == 3


def test_closing_ends_it_in_any_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumpcap, "_PATIENCE", 0.3)
    fake(tmp_path, monkeypatch, "trap '' TERM; printf x; while :; do sleep 0.05; done")
    capture = Dumpcap("x")
    assert capture.read() == b"x"
    capture.close()
    assert capture._process.returncode == -9


def test_without_dumpcap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumpcap, "find_dumpcap", lambda: None)
    with pytest.raises(EngineError, match="not installed"):
        Dumpcap("x")


def test_a_dumpcap_that_may_not_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian lets only the group wireshark run it."""
    (tmp_path / "dumpcap").write_text("")
    monkeypatch.setattr(dumpcap, "find_dumpcap", lambda: os.fspath(tmp_path / "dumpcap"))
    with pytest.raises(EngineError, match="may you capture"):
        Dumpcap("x")


def test_it_is_found() -> None:
    program = find_dumpcap()
    assert program and Path(program).stem == "dumpcap", "tests/install-tools installs it with tshark"
