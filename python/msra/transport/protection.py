"""What one side protects: the cipher that runs through all of its packets, and their MACs ([MS-RDPBCGR] 5.3.6, 5.3.7).

INVARIANT: a packet whose MAC was found right is read right: 64 bits don't agree by chance. So wherever the text is
silent or bytes are missing, this module tries what is possible, and believes the MAC.

What is tried after lost bytes. RC4: the key stream moves on with each byte that was encrypted, and the bytes of a
lost PDU are its headers and its encrypted data. With the number of lost bytes the position depends only on how many
PDUs there were and of which kind:

    slow path   TPKT 4, X.224 3, MCS 7 or 8, security header 12      26 or 27        data
    fast path   header 2 or 3, MAC 8                                 10 or 11        data

A key update in the hole adds each position in the new key stream. Without luck there is the next update, whose key
depends only on the initial and the current one: a packet that verifies at the start of it puts everything right.
Triple DES: only the first block depends on the packet before, and only the packet count is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from msra.limits import MAX_LOST_BYTES, MAX_LOST_PACKETS, MAX_NEW_OFFSET, MAX_SEARCH_BYTES, MAX_SEARCHES
from msra.transport.ciphers import BLOCK, Rc4, TripleDesCbc, xor
from msra.transport.session_keys import FIPS_IV, FipsMac, Rc4Mac, updated

KEY_LIFETIME = 4096
"""Packets until a direction changes its RC4 key (5.3.7.1)."""

_SMALLEST_HEADERS, _LARGEST_HEADERS = 10, 27

MISMATCH = "its MAC does not match"
RC4_LOST = "bytes before it are lost, and the position in the RC4 stream is not known until the next key update"
BLOCK_LOST = "bytes before it are lost, and its first block can't be decrypted without them"


class Opened(NamedTuple):
    """Clear data, and why it can't be trusted. `mac_ok` None: there was no way to check."""

    data: bytes
    mac_ok: bool | None
    reason: str | None


@dataclass(slots=True)
class _Key:
    """An RC4 key in use; `before` packets were sent before it."""

    key: bytes
    stream: Rc4
    before: int


class _Place(NamedTuple):
    """Where a packet may stand: at `offset` from the reading position of `key`, after one of `counts` packets."""

    key: _Key
    offset: int
    counts: range


class Rc4Direction:
    """RC4 with MACs (5.3.6.1), and key updates (5.3.7.1)."""

    def __init__(self, method: int, key: bytes, mac_key: bytes) -> None:
        self._method = method
        self._initial = key
        self._mac = Rc4Mac(mac_key)
        self._current = _Key(key, Rc4(key), 0)
        self._following: _Key | None = None
        self._used = 0
        """Packets protected with the current key; after a loss, at least so many."""
        self._unsure = 0
        """How many more they may have been."""
        self._lost = 0
        """Bytes of the stream between the last packet that was read and the next one."""
        self._searches = 0

    def lost(self, size: int, _skipped: bytes = b"") -> None:
        """`size` bytes of the stream were not read as PDUs."""
        self._lost += size

    def open(self, signature: bytes, data: bytes, salted: bool = False, _padding: int = 0) -> Opened:
        """Decrypt the next packet; `salted`: its MAC covers the packet count."""
        if self._used >= KEY_LIFETIME:
            self._current, self._following = self._next(), None
            self._used = self._unsure = 0
        if self._lost:
            found = self._search(signature, data, salted)
            if found is None:
                self._lost += len(data) + _LARGEST_HEADERS
                self._searches += 1
                return Opened(b"", None, RC4_LOST)
            return Opened(found, True, None)
        clear = self._current.stream.apply(data)
        if self._stands(self._here(), signature, clear, salted):
            return Opened(clear, True, None)
        self._used += 1
        found = self._search(signature, data, salted)
        return Opened(clear, False, MISMATCH) if found is None else Opened(found, True, None)

    def _search(self, signature: bytes, data: bytes, salted: bool) -> bytes | None:
        """Look for a packet that does not stand where it should, and go on behind it."""
        work = 0
        for place in self._places():
            clear = xor(data, place.key.stream.peek(len(data), place.offset))
            if self._stands(place, signature, clear, salted):
                place.key.stream.skip(place.offset + len(data))
                if place.key is self._following:
                    self._current, self._following = place.key, None
                self._lost = self._searches = 0
                return clear
            work += len(data) + 256 * (2 + len(place.counts))
            if work > MAX_SEARCH_BYTES:
                break
        return None

    def _places(self) -> Iterator[_Place]:
        """Where the next packet may stand, the likely places first; see the text above."""
        yield _Place(self._next(), 0, range(1))
        if not self._lost or self._lost > MAX_LOST_BYTES or self._searches >= MAX_SEARCHES:
            return
        yield self._here()
        for headers in range(min(self._lost, _LARGEST_HEADERS * MAX_LOST_PACKETS) + 1):
            fewest, most = -(-headers // _LARGEST_HEADERS), headers // _SMALLEST_HEADERS
            if fewest <= most:
                counts = range(self._used + fewest, self._used + self._unsure + most + 1)
                yield _Place(self._current, self._lost - headers, counts)
        most = self._used + self._unsure + min(self._lost // _SMALLEST_HEADERS, MAX_LOST_PACKETS) - KEY_LIFETIME
        for offset in range(1, min(self._lost, MAX_NEW_OFFSET) if most > 0 else 1):
            yield _Place(self._next(), offset, range(1, min(most, offset) + 1))

    def _here(self) -> _Place:
        return _Place(self._current, 0, range(self._used, self._used + self._unsure + 1))

    def _next(self) -> _Key:
        if self._following is None:
            key = updated(self._method, self._initial, self._current.key)
            self._following = _Key(key, Rc4(key), self._current.before + KEY_LIFETIME)
        return self._following

    def _stands(self, place: _Place, signature: bytes, clear: bytes, salted: bool) -> bool:
        """Whether the MAC proves that a packet stands there; if so, it is counted."""
        counts = place.counts
        if not salted:
            proven = self._mac.plain(clear) == signature
        else:
            count = self._find_count(place, signature, clear)
            proven = count is not None
            counts = range(count or 0, (count or 0) + 1)
        if proven:
            self._used, self._unsure = counts.start + 1, min(len(counts) - 1, KEY_LIFETIME)
        return proven

    def _find_count(self, place: _Place, signature: bytes, clear: bytes) -> int | None:
        """5.3.6.1.1: the count is cumulative. A peer that begins again with each key is understood as well."""
        counts = place.counts
        for base in dict.fromkeys((place.key.before, 0)):
            found = self._mac.find(signature, clear, range(base + counts.start, base + counts.stop))
            if found is not None:
                return found - base
        return None


class FipsDirection:
    """Triple DES with MACs (5.3.6.2); the key never changes (5.3.7.2).

    The text does not say whether each packet starts with the initialization vector or with the last block of the
    packet before. Peers do the latter; both are read.
    """

    def __init__(self, key: bytes, mac_key: bytes) -> None:
        self._cipher = TripleDesCbc(key, FIPS_IV)
        self._mac = FipsMac(mac_key)
        self._count = 0
        """Packets so far; after a loss, at least so many."""
        self._unsure = 0
        """How many more they may have been."""
        self._broken = False
        """Bytes are lost since the last packet."""
        self._block = b""
        """The last block before the next packet, if it is known from the rest of a lost PDU."""
        self._failures = 0

    def lost(self, size: int, skipped: bytes = b"") -> None:
        """`size` bytes of the stream were not read as PDUs; `skipped` are those directly before the next PDU."""
        self._broken = True
        self._block = skipped[-BLOCK:]
        self._unsure = min(self._unsure + size // (_SMALLEST_HEADERS + BLOCK), KEY_LIFETIME)

    def open(self, signature: bytes, data: bytes, _salted: bool = False, padding: int = 0) -> Opened:
        """Decrypt the next packet; the last `padding` bytes of it are none of its data."""
        chained = self._cipher.iv
        blocks = self._cipher.decrypt(data)
        counts = range(self._count, self._count + self._unsure + 1)
        for iv in dict.fromkeys((self._block, chained, FIPS_IV)):
            if len(iv) == BLOCK:
                clear = xor(blocks[:BLOCK], xor(chained, iv)[: len(blocks)]) + blocks[BLOCK:]
                clear = clear[: max(len(clear) - padding, 0)]
                count = self._mac.find(signature, clear, counts)
                if count is not None:
                    self._count, self._unsure, self._failures = count + 1, 0, 0
                    self._broken, self._block = False, b""
                    return Opened(clear, True, None)
        return self._unproven(blocks[: max(len(blocks) - padding, 0)])

    def _unproven(self, clear: bytes) -> Opened:
        self._count += 1
        broken, self._broken, self._block = self._broken, False, b""
        if broken:
            return Opened(b"", None, BLOCK_LOST)
        self._failures += 1
        if self._failures >= MAX_SEARCHES:
            self._unsure = 0
        return Opened(clear, False, MISMATCH)
