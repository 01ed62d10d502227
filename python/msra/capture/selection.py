"""What of a capture is to be decoded, in parts: all of it, or what can make a difference.

* A small capture is followed whole: that takes less time than to load NumPy, and a tiny one less than to scan it.
* A large file is scanned first (scan.py), and only connections that may carry RDP are followed. A compressed one is
  unpacked twice for that.
* What can be read only once, a pipe, is followed whole as well, but for the data of connections that turned out to
  carry no RDP: after their first 256 KiB they are ignored, and left out of each block before anything else is done to
  their packets. So nothing is held back, and no copy is made. Small compressed files are read in this way, too.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from msra.capture.buffer import BLOCK
from msra.capture.files import CaptureReader
from msra.capture.link import SUPPORTED_LINK_TYPES, FragmentTable, decode_segment
from msra.capture.model import Packet, Segment
from msra.capture.tcp import TcpConnection

if TYPE_CHECKING:
    from msra.capture.ends import Numbers
    from msra.capture.scan import Part, Scan

SMALL = BLOCK
"""Bytes of captures that a process follows whole before it loads NumPy."""
TINY = 1 << 17
"""Bytes of a capture that is followed whole also when NumPy is loaded."""
SMALL_PACKED = SMALL >> 3
"""The same of a compressed one."""


_followed = 0  # bytes of captures that were small


def is_small(size: int) -> bool:
    """Whether a capture of so many bytes is to be followed whole.

    That those before it were small does not make many of them cheap: NumPy is loaded as soon as it pays for all.
    """
    global _followed
    if "numpy" in sys.modules:
        return size <= min(TINY, SMALL)
    _followed += size
    return _followed <= SMALL


class Selected(NamedTuple):
    """Packets to follow, and what to know about those that come before and between them.

    `secrets`: how many TLS key logs the file has before these packets. `latest` is the last TCP segment's packet, if
    it comes behind all of them.
    """

    secrets: int
    packets: Iterable[Packet]
    latest: Callable[[int], Packet | None] = lambda _number: None
    """Given the number of the last segment among the packets."""


def everything(reader: CaptureReader) -> Iterator[Selected]:
    """All packets."""
    for records in reader.records():
        yield Selected(len(reader.tls_secrets), records.packets(range(len(records))))


def candidates(scan: Scan, ignored: Collection[TcpConnection]) -> Iterator[Selected]:
    """The packets of all connections that may carry RDP; `ignored`: those that turned out not to, up to now."""
    import numpy as np

    for part in scan.parts():
        yield _of(part, np.flatnonzero(scan.wanted.hold(part.ends)), ignored)


def once(reader: CaptureReader, ignored: Collection[TcpConnection], unsupported: Counter[int]) -> Iterator[Selected]:
    """The packets of all connections but those that are `ignored`; counts those of unsupported link types."""
    for records in reader.records():
        if records.position < SMALL:
            yield Selected(len(reader.tls_secrets), records.packets(range(len(records))))
            continue
        import numpy as np

        from msra.capture.scan import look_at

        part, segments = look_at(records, len(reader.tls_secrets))
        if segments is not None:
            unsupported.update(segments.unsupported)
        yield _of(part, np.arange(len(part.row)), ignored)


def touching(scan: Scan, ends: Collection[tuple[bytes, int]]) -> Iterator[Packet]:
    """The packets to or from these addresses and ports, of connections that are no candidates."""
    import numpy as np

    from msra.capture.ends import NumberSet, number_of_end

    numbers = NumberSet(np.array([number_of_end(*end) for end in ends], np.uint64))
    for part in scan.parts():
        rows = part.row[part.ends.touch(numbers) & ~scan.wanted.hold(part.ends)]
        yield from part.records.packets(rows.tolist())


def decode(
    packets: Iterable[Packet], fragments: FragmentTable, unsupported: Counter[int] | None = None
) -> Iterator[tuple[Packet, Segment]]:
    """The TCP segments in these packets, with the packets they are in (or completed by)."""
    for packet in packets:
        if packet.link_type in SUPPORTED_LINK_TYPES:
            segment = decode_segment(packet.link_type, packet.data, packet.length, fragments)
            if segment is not None:
                yield packet, segment
        elif unsupported is not None:
            unsupported[packet.link_type] += 1


def _of(part: Part, these: Numbers, ignored: Collection[TcpConnection]) -> Selected:
    def latest(number: int) -> Packet | None:
        rows = part.row[-1:].tolist()
        behind = rows and part.records.first + rows[0] > number
        return next(part.records.packets(rows), None) if behind else None

    return Selected(part.secrets, part.packets(_without(ignored, part, these)), latest)


def _without(ignored: Collection[TcpConnection], part: Part, these: Numbers) -> Numbers:
    """Those of the segments whose connection is not ignored, or may end, and so begin anew, in this part."""
    if not ignored or not len(these):
        return these
    import numpy as np

    from msra.capture.ends import NumberSet

    connection = part.ends.connection[these]
    unwanted = NumberSet(np.array([_number(one) for one in ignored], np.uint64)).hold(connection)
    ending = connection[unwanted & part.control[these]]
    return these[~unwanted | np.isin(connection, ending)]


def _number(connection: TcpConnection) -> int:
    from msra.capture.ends import number_of_connection, number_of_end

    return number_of_connection(
        number_of_end(connection.initiator, connection.initiator_port),
        number_of_end(connection.acceptor, connection.acceptor_port),
    )
