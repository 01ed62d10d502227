"""The embedded engine: capture files, TCP and RDP read by this package alone; needs no other program."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

from msra.engines.connects import RDP_PORT
from msra.engines.interface import Options
from msra.engines.rdp_connections import RdpConnections
from msra.engines.secrets import GrowingKeylog, keylog_of, load_secrets
from msra.engines.slice import Slice
from msra.engines.tcp_walk import TcpWalk
from msra.events import Event


class EmbeddedReading:
    """One capture being read (see interface.Reading)."""

    def __init__(
        self,
        path: Path | None,
        options: Options,
        stream: BinaryIO | None = None,
        full: bool = False,
        sliced: Slice | None = None,
    ) -> None:
        """`full`: every connection is followed, also those that the scan would leave out; the events are the same.

        `sliced` is given the packets that are followed. `stream` is read if there is no path, not standard input.
        """
        secrets = load_secrets(options)
        ports = options.decode_as | {RDP_PORT}
        self._walk = TcpWalk(path, secrets.tls.add_keylog, stream, ports, full, sliced)
        self._connections = RdpConnections(self._walk.tracker, secrets, options.decode_as)
        self._walk.novices = self._connections.novices
        self._secrets = secrets
        keylog = keylog_of(options)
        self._keylog = GrowingKeylog(keylog) if keylog and path is None else None

    @property
    def packets(self) -> int:
        """Packets read so far."""
        return self._walk.packets

    @property
    def position(self) -> int:
        """Bytes of the file that were read so far."""
        return self._walk.position

    @property
    def notes(self) -> list[str]:
        """Sentences about the capture as a whole."""
        return self._walk.notes + self._connections.notes

    def events(self) -> Generator[Event, None, None]:
        """Read the whole capture."""
        for item in self._walk.items():
            if self._keylog and (news := self._keylog.news()):
                self._secrets.tls.add_keylog(news)
            yield from self._connections.feed(item)
        yield from self._connections.finish()


class EmbeddedEngine:
    """Reads captures with this package alone (see interface.Engine)."""

    name = "embedded"

    def read(self, path: Path | None, options: Options, stream: BinaryIO | None = None) -> EmbeddedReading:
        """Start reading the capture at `path`; without one `stream`, or else standard input."""
        return EmbeddedReading(path, options, stream)
