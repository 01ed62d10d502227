"""Where in its direction a protected record is. Sequence numbers are counted, not sent (RFC 8446 5.3, RFC 5246 6.1)."""

from __future__ import annotations

from dataclasses import dataclass

from msra.limits import MAX_LOST_RECORDS

_SMALLEST_RECORD = 21  # with any MAC or tag but CCM_8's
_TAIL = 64  # holds the last block, also where a MAC is behind it


@dataclass(slots=True)
class Place:
    """The place of the next record, as far as it is known.

    `sequence` is its number if nothing was lost since the last record that verified; `lost` counts the bytes lost
    since then (with the parts of records around them), `unread` the whole records that were not read, `unread_size`
    their bytes with headers. `tail` is the end of the record before it: empty at the start, None if it was lost.
    """

    sequence: int = 0
    lost: int = 0
    unread: int = 0
    unread_size: int = 0
    tail: bytes | None = b""

    @property
    def slack(self) -> int:
        """How many sequence numbers may have been used without being seen."""
        missing = self.lost // _SMALLEST_RECORD + 1 if self.lost else 0
        return min(self.unread + missing, MAX_LOST_RECORDS)

    @property
    def sequences(self) -> range:
        """The sequence numbers that the record may have."""
        if not self.lost and not self.unread:
            return range(self.sequence, self.sequence + 1)
        return range(self.sequence, self.sequence + 1 + self.slack)

    def verified(self, sequence: int, fragment: bytes) -> None:
        """A record was read: it had this sequence number."""
        self.sequence = sequence + 1
        self.tail = fragment[-_TAIL:]
        if self.lost or self.unread:
            self.lost = self.unread = self.unread_size = 0

    def passed(self, header: int, fragment: bytes) -> None:
        """A whole record could not be read."""
        self.unread += 1
        self.unread_size += header + len(fragment)
        self.tail = fragment[-_TAIL:]

    def lose(self, size: int) -> None:
        """Bytes are missing, or belong to no whole record."""
        self.lost += size
        self.tail = None
