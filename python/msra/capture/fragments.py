"""IP fragments put together again (RFC 791 3.2, RFC 8200 4.5), with bounded state."""

from __future__ import annotations

from collections.abc import Hashable

from msra.limits import MAX_FRAGMENTS

_LARGEST_DATAGRAM = 65_535


class _Datagram:
    """The fragments of one datagram so far: `pieces` by their offset; `total` bytes, -1 until the last one is there."""

    __slots__ = ("born", "pieces", "size", "spoilt", "total")

    def __init__(self, born: int) -> None:
        self.born = born
        self.pieces: dict[int, bytes] = {}
        self.size = 0
        self.total = -1
        self.spoilt = False

    def spoil(self) -> None:
        """Its fragments contradict each other."""
        self.spoilt = True
        self.pieces.clear()


class FragmentTable:
    """Collects fragments until their datagram is complete.

    A datagram that is not complete when 1024 more fragments have come is dropped. That bounds the state (1024
    fragments of 64 KiB), and keeps old fragments apart from new ones whose identification is the same.
    A datagram whose fragments overlap is dropped, as receivers do (RFC 5722 4); exact repetitions are no overlap.
    """

    def __init__(self) -> None:
        self._datagrams: dict[Hashable, _Datagram] = {}  # oldest first
        self._fed = 0

    def add(self, key: Hashable, offset: int, data: bytes, more: bool) -> bytes | None:
        """Add the fragment at `offset` of the datagram `key`; `more` follow it, or it is the last one.

        Returns the payload of the datagram when this completes it.
        """
        self._forget_old()
        datagram = self._datagrams.get(key)
        if datagram is None:
            datagram = self._datagrams[key] = _Datagram(self._fed)
        end = offset + len(data)
        if end > _LARGEST_DATAGRAM or (not more and datagram.total not in (-1, end)):
            datagram.spoil()
        if datagram.spoilt:
            return None
        if not more:
            datagram.total = end
        if offset not in datagram.pieces:
            datagram.pieces[offset] = data
            datagram.size += len(data)
        elif len(datagram.pieces[offset]) != len(data):
            datagram.spoil()
        return self._complete(key, datagram) if 0 <= datagram.total <= datagram.size else None

    def _complete(self, key: Hashable, datagram: _Datagram) -> bytes | None:
        """The datagram if its fragments, of which there are enough bytes, fit together."""
        whole = bytearray()
        for offset, piece in sorted(datagram.pieces.items()):
            if offset == len(whole):
                whole += piece
        if len(whole) != datagram.size or datagram.size != datagram.total:
            datagram.spoil()
            return None
        del self._datagrams[key]
        return bytes(whole)

    def _forget_old(self) -> None:
        self._fed += 1
        while self._datagrams:
            key, oldest = next(iter(self._datagrams.items()))
            if self._fed - oldest.born < MAX_FRAGMENTS:
                return
            del self._datagrams[key]
