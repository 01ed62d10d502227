"""One pass over a capture's packets: every engine walks them the same way, from the file to the streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from msra.capture import CaptureError, CaptureReader, open_capture_file, selection
from msra.capture.link import FragmentTable
from msra.capture.selection import Selected
from msra.capture.tcp import StreamClosed, StreamItem, TcpConnection, TcpTracker
from msra.engines.interface import EngineError
from msra.engines.slice import Slice
from msra.events import Endpoint

if TYPE_CHECKING:
    from msra.capture.scan import Scan


class TcpWalk:
    """The TCP streams of one capture. `packets` and `notes` are complete when the items are exhausted."""

    def __init__(
        self,
        path: Path | None,
        on_keylog: Callable[[bytes], None] = lambda _keylog: None,
        stream: BinaryIO | None = None,
        ports: Collection[int] = (),
        full: bool = False,
        sliced: Slice | None = None,
    ) -> None:
        """`path`: the capture file; without one `stream`, or else standard input.

        `on_keylog` is given the TLS key logs inside it. `ports`: TCP ports whose connections are followed whatever
        they carry; `full`: all are. `sliced` is given what is followed.
        """
        self._path = path
        self._stream = stream
        self._on_keylog = on_keylog
        self._ports = ports
        self._full = full
        self._slice = sliced
        self._reader: CaptureReader | None = None
        self._scan: Scan | None = None
        self._unsupported: Counter[int] = Counter()
        self.tracker = TcpTracker()
        self.novices: Set[Endpoint] = frozenset()
        """Where connects that led to nothing are of interest; looked at when everything else was read."""

    @property
    def packets(self) -> int:
        """Packets read so far."""
        return self._reader.packets if self._reader else 0

    @property
    def position(self) -> int:
        """Bytes of the file that were read so far."""
        return self._reader.position if self._reader else 0

    @property
    def notes(self) -> list[str]:
        """Sentences about the capture as a whole."""
        notes = list(self._reader.notes) if self._reader else []
        for link_type, count in sorted(self._unsupported.items()):
            notes.append(f"{count} packets have link type {link_type}, which is not supported")
        return notes

    def items(self) -> Iterator[StreamItem]:
        """Read the whole capture; raises EngineError if that is not possible.

        Last come the connections to one of the `novices` that ended before anything was sent, as StreamClosed only.
        """
        try:
            with open_capture_file(self._path, self._stream) as reader:
                self._reader = reader
                yield from self._follow(self._select(reader), reader.tls_secrets)
                yield from self.tracker.finish()
                if self._scan:
                    yield from self._empty_connections(self._scan)
        except CaptureError as error:
            raise EngineError(str(error)) from error
        except OSError as error:
            raise EngineError(f"it cannot be read: {error.strerror or error}") from error

    def _select(self, reader: CaptureReader) -> Iterator[Selected]:
        size = reader.size
        if self._full or (size is not None and not reader.packed and selection.is_small(size)):
            return selection.everything(reader)
        if size is None or (reader.packed and size <= selection.SMALL_PACKED):
            return selection.once(reader, self.tracker.ignored.values(), self._unsupported)
        from msra.capture.scan import Scan

        self._scan = Scan(reader, partial(open_capture_file, self._path), self._ports)
        self._unsupported = self._scan.unsupported
        return selection.candidates(self._scan, self.tracker.ignored.values())

    def _follow(self, selected: Iterable[Selected], keylogs: Sequence[bytes]) -> Iterator[StreamItem]:
        fragments, known = FragmentTable(), 0
        unsupported = None if self._scan else self._unsupported
        for part in selected:
            for keylog in keylogs[known : part.secrets]:
                self._on_keylog(keylog)
                if self._slice:
                    self._slice.keylog(keylog)
            known, number = part.secrets, 0
            packets = self._slice.passing(part.packets) if self._slice else part.packets
            for packet, segment in selection.decode(packets, fragments, unsupported):
                number = packet.number
                yield from self.tracker.feed(number, packet.time, segment)
            latest = part.latest(number)
            if latest is not None:
                self.tracker.now = latest.time

    def _empty_connections(self, scan: Scan) -> Iterator[StreamItem]:
        """The connections to novices among those that were not followed."""
        ends = [(ip_address(end.ip).packed, end.port) for end in self.novices if end.port not in self._ports]
        if not ends:
            return
        tracker, carrying, end = TcpTracker(), set(), self.tracker.now

        def closed(items: Iterable[StreamItem]) -> Iterator[StreamItem]:
            for item in items:
                if not isinstance(item, StreamClosed):
                    carrying.add(item.connection.number)
                elif item.connection.number in carrying:
                    carrying.remove(item.connection.number)
                else:
                    yield item

        for packet, segment in selection.decode(selection.touching(scan, ends), FragmentTable()):
            self.tracker.now = packet.time
            yield from closed(tracker.feed(packet.number, packet.time, segment))
        self.tracker.now = end
        yield from closed(tracker.finish())


def endpoints(connection: TcpConnection) -> tuple[Endpoint, Endpoint]:
    """Initiator and acceptor in text form."""
    return (
        Endpoint(str(ip_address(connection.initiator)), connection.initiator_port),
        Endpoint(str(ip_address(connection.acceptor)), connection.acceptor_port),
    )
