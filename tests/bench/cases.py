"""The captures to measure with, made in a folder that keeps them."""

from __future__ import annotations

import gzip
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from tests.bench import captures
from tests.bench.long_sessions import write_compressed, write_encrypted

FILES, PACKETS_OF_A_FILE = 300, 2_000
_NOTHING = "nothing"
_HEADER, _RECORD = 24, 16
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Case:
    """One or several captures; `make` writes them into a folder of their own, at a scale of up to 1."""

    name: str
    title: str
    """What is in it at scale 1."""
    make: Callable[[Path, float], None]
    keylog: bool = False
    """`make` writes a TLS key log, too."""
    parts: int = 1
    """What takes very long is measured with one of so many parts, and multiplied."""


def _large(folder: Path, scale: float) -> None:
    captures.write(folder / "large.pcap", int(1_000_000 * scale), max(1, int(100 * scale)))


def _only(folder: Path, scale: float) -> None:
    captures.write(folder / "only.pcap", 0, max(1, int(2_000 * scale)))


def _files(folder: Path, scale: float) -> None:
    for number in range(max(2, int(FILES * scale))):
        captures.write(folder / f"{number:03}.pcap", PACKETS_OF_A_FILE, 1, seed=number)


def _encrypted(folder: Path, scale: float) -> None:
    write_encrypted(folder / "encrypted.pcap", folder / "keys.txt", int(10_000 * scale))


def _compressed(folder: Path, scale: float) -> None:
    write_compressed(folder / "compressed.pcap", max(1, int(500 * scale)))


def _packed(folder: Path, scale: float) -> None:
    _large(folder, scale)
    plain = folder / "large.pcap"
    with plain.open("rb") as source, gzip.open(folder / "large.pcap.gz", "wb", compresslevel=1) as target:
        shutil.copyfileobj(source, target, 1 << 20)
    plain.unlink()


CASES = (
    Case("a", "1,000,000 packets, among them 100 sessions", _large, parts=50),
    Case("b", "nothing but 2,000 sessions", _only, parts=20),
    Case("c", f"{FILES} files of {PACKETS_OF_A_FILE:,} packets, each with a session", _files, parts=20),
    Case("d1", "one long session, encrypted (TLS 1.2, with its key log)", _encrypted, keylog=True, parts=4),
    Case("d2", "one long session, compressed (MPPC 64K, which tshark cannot read)", _compressed, parts=4),
    Case("e", "(a) packed with gzip", _packed, parts=50),
)


@dataclass(frozen=True, slots=True)
class Captures:
    """The captures of a case, and one part of them."""

    whole: tuple[Path, ...]
    part: tuple[Path, ...]
    parts: float
    """How many times the work of the part the whole is, both without that of `nothing`."""
    nothing: Path
    """A capture without packets."""
    keylog: Path | None

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return sum(path.stat().st_size for path in self.whole)

    def read(self) -> None:
        """From now on they are in the disk cache."""
        for path in (*self.whole, *self.part):
            with path.open("rb", buffering=0) as file:
                while file.read(1 << 24):
                    pass


def ensure(case: Case, folder: Path, scale: float) -> None:
    """Make what is not there. A folder that has its name is complete."""
    here = folder / f"{case.name}-{scale:g}"
    if here.exists():
        return
    making = here.with_suffix(".making")
    shutil.rmtree(making, ignore_errors=True)
    (making / "part").mkdir(parents=True)
    case.make(making, scale)
    whole = _captures(making)
    if len(whole) > 1:
        for path in whole[: max(2, len(whole) // case.parts)]:
            shutil.copy(path, making / "part")
    else:
        write_part(whole[0], making / "part" / whole[0].name, case.parts)
    captures.write_frames(making / "part" / _NOTHING, [])
    making.rename(here)


def captures_of(case: Case, folder: Path, scale: float) -> Captures:
    """What `ensure` made."""
    here = folder / f"{case.name}-{scale:g}"
    whole, part = _captures(here), _captures(here / "part")
    sizes = whole[0].stat().st_size, part[0].stat().st_size
    parts = (len(whole) - 1) / (len(part) - 1) if len(part) > 1 else sizes[0] / sizes[1]
    keylog = here / "keys.txt" if case.keylog else None
    return Captures(whole, part, parts, here / "part" / _NOTHING, keylog)


def write_part(whole: Path, part: Path, parts: int) -> None:
    """The first of `parts` parts of a capture, of equal size."""
    with _opened(whole, "rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        data = file.read(max(_HEADER + _RECORD, size // parts))
    at = end = _HEADER
    while at + _RECORD <= len(data):
        end = at
        at += _RECORD + _LENGTH.unpack_from(data, at + 8)[0]
    with _opened(part, "wb") as file:
        file.write(data[: at if at <= len(data) else end])


def _opened(path: Path, mode: str) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, mode) if path.suffix == ".gz" else path.open(mode))


def _captures(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.iterdir() if ".pcap" in path.name))
