"""Writing reports and exports: to standard output, or to a file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO


def write_text(text: str, target: Path | None) -> None:
    """Write to `target`, or to standard output if None; raises OSError."""
    if target is None:
        _write_to(sys.stdout, text)
    else:
        with replacing(target) as path, path.open("w", encoding="utf-8", newline="\n") as file:
            _write_to(file, text)


@contextlib.contextmanager
def private_file(target: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner can read; it takes the place of `target` when all is written."""
    with replacing(target) as path, open(path, "wb", opener=_private) as stream:
        yield stream


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside `target` that takes its place when all is written; nothing half is ever left."""
    beside = target.with_name(f".{target.name}.part")
    try:
        yield beside
        beside.replace(target)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write_to(file: TextIO, text: str) -> None:
    """Write the report; characters that the terminal's encoding lacks become escapes, not an error.

    Its line ends stay as they are: CSV has its own (RFC 4180).
    """
    if isinstance(file, TextIOWrapper):
        file.reconfigure(newline="\n")
    file.write(text.encode(file.encoding or "utf-8", "backslashreplace").decode(file.encoding or "utf-8"))
    file.flush()
