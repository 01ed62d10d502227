"""Temporary files for tshark: in a folder that only this user can enter, and gone when they were used."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from msra.engines.interface import EngineError
from msra.engines.uninterrupted import uninterrupted


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder; raises EngineError if there is no place for one."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="analyze-pcap-")
    except OSError as error:
        raise EngineError(f"no temporary folder can be made: {error.strerror or error}") from error
    try:
        yield Path(folder.name)
    finally:
        with uninterrupted():
            folder.cleanup()


def written(path: Path) -> BinaryIO:
    """A new file; whatever cannot be written to it is an EngineError."""
    return cast("BinaryIO", io.BufferedWriter(_File(path, "xb"), 1 << 16))


class _File(io.FileIO):
    def write(self, data: bytes, /) -> int | None:  # type: ignore[override]
        try:
            return super().write(data)
        except OSError as error:
            raise EngineError(f"the temporary file {self.name} cannot be written: {error.strerror}") from error
