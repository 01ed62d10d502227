"""One pass over a capture's packets: every engine walks them the same way, from the file to the streams."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from msra.capture import CaptureError, CaptureReader, open_capture_file
from msra.capture.link import SUPPORTED_LINK_TYPES, FragmentTable, decode_segment
from msra.capture.tcp import StreamItem, TcpConnection, TcpTracker
from msra.engines.interface import EngineError
from msra.events import Endpoint


class TcpWalk:
    """The TCP streams of one capture. `packets` and `notes` are complete when the items are exhausted."""

    def __init__(self, path: Path | None, on_keylog: Callable[[bytes], None] = lambda _keylog: None) -> None:
        """`path`: the capture file, or standard input if None; `on_keylog` is given the TLS key logs inside it."""
        self._path = path
        self._on_keylog = on_keylog
        self._reader: CaptureReader | None = None
        self._unsupported: Counter[int] = Counter()
        self.tracker = TcpTracker()

    @property
    def packets(self) -> int:
        """Packets read so far."""
        return self._reader.packets if self._reader else 0

    @property
    def notes(self) -> list[str]:
        """Sentences about the capture as a whole."""
        notes = list(self._reader.notes) if self._reader else []
        for link_type, count in sorted(self._unsupported.items()):
            notes.append(f"{count} packets have link type {link_type}, which is not supported")
        return notes

    def items(self) -> Iterator[StreamItem]:
        """Read the whole capture; raises EngineError if that is not possible."""
        try:
            with open_capture_file(self._path) as reader:
                self._reader = reader
                yield from self._read(reader)
        except CaptureError as error:
            raise EngineError(str(error)) from error
        except OSError as error:
            raise EngineError(f"it cannot be read: {error.strerror or error}") from error

    def _read(self, reader: CaptureReader) -> Iterator[StreamItem]:
        fragments = FragmentTable()
        keylogs = 0
        for packet in reader:
            while keylogs < len(reader.tls_secrets):
                self._on_keylog(reader.tls_secrets[keylogs])
                keylogs += 1
            if packet.link_type not in SUPPORTED_LINK_TYPES:
                self._unsupported[packet.link_type] += 1
                continue
            segment = decode_segment(packet.link_type, packet.data, packet.length, fragments)
            if segment is not None:
                yield from self.tracker.feed(packet.number, packet.time, segment)
        yield from self.tracker.finish()


def endpoints(connection: TcpConnection) -> tuple[Endpoint, Endpoint]:
    """Initiator and acceptor in text form."""
    return (
        Endpoint(str(ipaddress.ip_address(connection.initiator)), connection.initiator_port),
        Endpoint(str(ipaddress.ip_address(connection.acceptor)), connection.acceptor_port),
    )
