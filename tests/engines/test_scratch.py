"""Temporary files: private, gone afterwards, and whatever goes wrong with them is a sentence."""

from __future__ import annotations

import os
import tempfile
from io import BufferedWriter
from pathlib import Path

import pytest

from msra.engines import scratch
from msra.engines.interface import EngineError
from msra.engines.scratch import temporary_folder, written


def test_private_and_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(KeyError), temporary_folder() as folder:
        assert folder.parent == tmp_path and (os.name == "nt" or folder.stat().st_mode & 0o777 == 0o700)
        with written(folder / "file") as stream:
            stream.write(b"some")
            stream.write(b" bytes")
        assert (folder / "file").read_bytes() == b"some bytes"
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_no_place_for_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(EngineError, match="no temporary folder can be made: No such file"), temporary_folder():
        pass


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is full")
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_full_disk(size: int) -> None:
    """Whether it is noticed at once or when the file is closed."""
    raw = scratch._File(os.open("/dev/full", os.O_WRONLY), "wb")
    with pytest.raises(EngineError, match="cannot be written: No space left on device"), BufferedWriter(raw) as stream:
        stream.write(bytes(size))
