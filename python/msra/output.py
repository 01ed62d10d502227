"""Writing reports and exports: to standard output, or to a file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO

_STDOUT = "standard output"


class OutputError(Exception):
    """Something cannot be written; the text is one clear sentence that names it."""


def write_text(text: str, target: Path | None) -> None:
    """Write to `target`, or to standard output if None.

    Raises OutputError; but BrokenPipeError if whoever reads standard output (`| head`) has seen enough. In both cases
    whatever is written there later vanishes, and is no error at the exit of the interpreter.
    """
    if target is None:
        with writing(_STDOUT):
            try:
                _write_to(sys.stdout, text)
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise
    else:
        with _replacing(target, 0o666) as stream, TextIOWrapper(stream, "utf-8", newline="\n") as file:
            _write_to(file, text)


@contextlib.contextmanager
def private_file(target: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner can read; it takes the place of `target` when all is written."""
    with _replacing(target, 0o600) as stream:
        yield stream


@contextlib.contextmanager
def _replacing(target: Path, mode: int) -> Iterator[BinaryIO]:
    """What is written here takes the place of `target` when all of it is there; nothing half is ever left.

    A link stays, and what it leads to is replaced. Devices and pipes are written to: nothing can take their place.
    """
    with writing(str(target)):
        if target.exists() and not target.is_file():
            with target.open("wb") as stream:
                yield stream
            return
        target = target.resolve()
        beside = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            # Made here and by nobody else: a link that somebody put there is not followed.
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode), "wb") as stream:
                yield stream
            beside.replace(target)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink()


_BINARY: int = getattr(os, "O_BINARY", 0)  # Windows translates line ends without it


@contextlib.contextmanager
def writing(name: str) -> Iterator[None]:
    """Every OSError is an OutputError about what has this name."""
    try:
        yield
    except OSError as error:
        if isinstance(error, BrokenPipeError) and name == _STDOUT:
            raise
        raise OutputError(f"{name}: it cannot be written: {error.strerror or error}") from error


def _write_to(file: TextIO, text: str) -> None:
    """Write the report; characters that the terminal's encoding lacks become escapes, not an error.

    Its line ends stay as they are: CSV has its own (RFC 4180).
    """
    if isinstance(file, TextIOWrapper):
        file.reconfigure(newline="\n")
    file.write(text.encode(file.encoding or "utf-8", "backslashreplace").decode(file.encoding or "utf-8"))
    file.flush()
