"""Saves the files that the sides of a session sent each other.

    <capture> - session 1, file 2 - notes.txt              the numbers are those of the report
    <capture> - session 1, file 2 - notes (2).txt          there was one of that name already
    <capture> - session 1, file 3 - notes.txt.partial      not all of its bytes were captured

Names and contents come from the network. The names are harmless on every system; the contents are what was sent:
nothing here opens or runs them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from msra.analysis.model import CaptureReport, Transfer
from msra.analysis.transfers import contents

LONGEST_NAME = 150
"""Characters of a name, extension and all."""
_MOST_BYTES = 240
"""Of the same in UTF-8: most file systems take 255."""
_LONGEST_CAPTURE, _LONGEST_EXTENSION = 40, 20
_MOST_OF_A_NAME = 1000
"""Files that are there already under a name and its numbers."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
"""On Windows; a colon there begins the name of an alternate data stream."""
_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in range(10)}
)
"""Names that Windows gives to devices, with any extension."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A file that was saved. `whole`: all bytes that were announced are in it."""

    path: Path
    session: int
    transfer: Transfer
    whole: bool


def extract(capture: CaptureReport, folder: Path) -> list[SavedFile]:
    """Save what was captured of the files of one capture; what is in the folder already stays as it is.

    The folder is made if there is none. The files are for their owner only (mode 0600). Raises OSError if something
    cannot be written; files that were complete before stay, of others nothing is left.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    saved: list[SavedFile] = []
    for session in capture.sessions:
        for transfer, blocks in zip(session.transfers, contents(session.messages), strict=True):
            if transfer.sha256:
                whole = _is_whole(transfer)
                name = _name(capture.path, session.id, transfer)
                path = _save(blocks, folder, _candidates(name, "" if whole else ".partial"))
                saved.append(SavedFile(path, session.id, transfer, whole))
    return saved


def _is_whole(transfer: Transfer) -> bool:
    """By its size, or by FILEXFEREND where none was announced."""
    if transfer.file_size is None:
        return transfer.state == "complete"
    return transfer.received >= transfer.file_size


def _name(capture_path: str, session: int, transfer: Transfer) -> str:
    capture = Path(capture_path).stem[:_LONGEST_CAPTURE]
    return f"{capture} - session {session}, file {transfer.number} - {_last_part(transfer.file_name)}"


def _last_part(path: str) -> str:
    """The file's own name: peers of either system may send a path."""
    return re.split(r"[/\\]", path)[-1].strip(" .") or "no name"


def safe_name(name: str, suffix: str = "") -> str:
    """A name of one file, with the suffix, that is harmless on every system.

    No separators, colons or other characters that Windows forbids, nothing invisible or bidirectional; no dot, blank
    or dash in front, no dot or blank at the end; no device of Windows; at most LONGEST_NAME characters.
    """
    return next(_candidates(name, suffix))


def _candidates(name: str, suffix: str) -> Iterator[str]:
    """Safe names, to be tried one after the other: notes.txt, notes (2).txt, notes (3).txt..."""
    stem, extension = _split(_clean(name))
    yield _joined(stem, extension + suffix)
    for number in range(2, _MOST_OF_A_NAME + 1):
        yield _joined(stem, f" ({number}){extension}{suffix}")


def _clean(name: str) -> str:
    encoding = sys.getfilesystemencoding()
    name = name.encode(encoding, "replace").decode(encoding)  # lone surrogates, and what the system has no code for
    name = _FORBIDDEN.sub("_", "".join(c if c.isprintable() else "_" for c in name))
    return name.lstrip(" .-").rstrip(" .") or "file"


def _split(name: str) -> tuple[str, str]:
    """Stem and extension, the dot with it; what is too long for an extension is none."""
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem and len(extension) < _LONGEST_EXTENSION else (name, "")


def _joined(stem: str, tail: str) -> str:
    """The stem gives way where both together are too long."""
    stem = stem[: LONGEST_NAME - 1 - len(tail)]
    while len(f"{stem}{tail}".encode()) >= _MOST_BYTES:
        stem = stem[:-1]
    name = f"{stem}{tail}" if tail else stem.rstrip(" .")
    return f"_{name}" if _is_device(name) else name


def _is_device(name: str) -> bool:
    """What precedes the first dot counts, without blanks; superscript digits are digits there."""
    return unicodedata.normalize("NFKC", name.partition(".")[0]).strip().upper() in _DEVICES


def _save(blocks: Iterable[bytes], folder: Path, names: Iterable[str]) -> Path:
    """Write beside, then rename: a name is taken when all is written, so that nothing half ever has it."""
    descriptor, beside = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(blocks)
        target = _take(folder, names)
        try:
            Path(beside).replace(target)
        except BaseException:
            target.unlink()
            raise
        return target
    finally:
        with contextlib.suppress(OSError):
            Path(beside).unlink()


def _take(folder: Path, names: Iterable[str]) -> Path:
    """An empty file under the first name that is free; links are not followed, nothing is overwritten."""
    for name in names:
        path = folder / name
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            return path
    raise FileExistsError(errno.EEXIST, "too many files of this name are there already", str(folder))
