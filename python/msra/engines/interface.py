"""What an engine is: it reads one capture and yields its events, as they become known."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from msra.events import Event


class EngineError(Exception):
    """An engine could not do its work; the text is one clear sentence without the capture's name."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the user gives to read a capture with."""

    keylog: Path | None = None
    """TLS key log (NSS format)."""
    rdp_keys: tuple[Path, ...] = ()
    """RSA private keys, PEM or xrdp's rsakeys.ini, for Standard RDP Security and TLS with RSA key exchange."""
    decode_as: frozenset[int] = frozenset()
    """TCP ports that are taken for RDP."""


class Reading(Protocol):
    """One capture being read. `packets` and `notes` are complete when the events are exhausted."""

    @property
    def packets(self) -> int:
        """Packets read so far."""

    @property
    def notes(self) -> list[str]:
        """Sentences about the capture as a whole: cut file, unsupported link types."""

    @property
    def position(self) -> int:
        """Bytes of the file that were read so far, as they lie there: compressed, if it is. 0 if that is not known.

        May be asked from any thread, at any time.
        """

    def events(self) -> Generator[Event, None, None]:
        """The events; raises EngineError if the capture cannot be read at all. Closing it ends all that was begun."""


class Engine(Protocol):
    """Reads captures."""

    @property
    def name(self) -> str:
        """The name that the command line and the reports use."""

    def read(self, path: Path | None, options: Options, stream: BinaryIO | None = None) -> Reading:
        """Start reading the capture at `path`; without one `stream`, or else standard input. `stream` is left open.

        What has no path may still grow: its events come as soon as their packets do.
        """
