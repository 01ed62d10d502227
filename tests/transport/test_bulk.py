"""Bulk decompression as the rest of the transport uses it: real streams, the flags of every type, and bad data."""

from __future__ import annotations

import base64
import hashlib
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.transport.bulk import TYPE_NAMES, BulkDecompressor, BulkError, HistoryLostError
from msra.transport.room import Room
from tests.transport import bulk_reference as spec
from tests.transport.bulk_reference import AT_FRONT, COMPRESSED, FLUSHED

MPPC_8K, MPPC_64K, RDP6, RDP61 = range(4)
TYPES = pytest.mark.parametrize("kind", [MPPC_8K, MPPC_64K, RDP6, RDP61])
MOST = {MPPC_8K: 8192, MPPC_64K: 65536, RDP6: 65536, RDP61: 16384}
SEQUENCES: list[dict[str, Any]] = spec.load("bulk_freerdp.json")["sequences"]


def pack(kind: int, tokens: spec.Tokens) -> bytes:
    """A PDU of its own: literals and copies."""
    if kind == RDP61:
        return b"\x12\x21" + spec.encode_mppc(tokens, spec.RDP5_OFFSETS)
    if kind == RDP6:
        return spec.encode_ncrush(tokens, [0, 0, 0, 0])
    return spec.encode_mppc(tokens, (spec.RDP4_OFFSETS, spec.RDP5_OFFSETS)[kind])


@pytest.mark.parametrize("name", spec.KNOWN_ANSWERS)
def test_known_answers(name: str) -> None:
    """What FreeRDP and IronRDP test themselves with."""
    flags, data, clear = spec.KNOWN_ANSWERS[name]
    assert BulkDecompressor().decompress(flags, data) == clear


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda sequence: f"{sequence['type']} {sequence['data']}")
def test_sequences_of_freerdp(sequence: dict[str, Any]) -> None:
    """Whole directions: histories that are shared, go round, slide, and are flushed in between."""
    decompressor = BulkDecompressor()
    for number, (flags, data, size, digest) in enumerate(sequence["pdus"]):
        clear = decompressor.decompress(flags, base64.b64decode(data))
        assert (number, len(clear), hashlib.sha256(clear).hexdigest()[:32]) == (number, size, digest)


def test_the_sequences_contain_what_they_are_for() -> None:
    """Else the test above would prove less than it says: AT_FRONT, plain FLUSHED, and both levels of RDP 6.1."""
    flags = {kind: {pdu[0] for one in SEQUENCES if one["type"] == kind for pdu in one["pdus"]} for kind in TYPE_NAMES}
    assert flags[MPPC_8K] >= {0x20, 0x60, 0x80, 0xE0}
    assert flags[MPPC_64K] >= {0x21, 0x61, 0x81, 0xE1}
    assert flags[RDP6] >= {0x22, 0x62, 0x82, 0xA2}
    levels = {
        tuple(base64.b64decode(pdu[1])[:2]) for one in SEQUENCES for pdu in one["pdus"] if pdu[0] == COMPRESSED | RDP61
    }
    assert {(0x12, 0x61), (0x11, 0x21), (0x11, 0x00), (0x15, 0x21)} <= levels


@TYPES
def test_plain_data_do_not_enter_the_history(kind: int) -> None:
    decompressor = BulkDecompressor()
    assert decompressor.decompress(COMPRESSED | kind, pack(kind, b"abc")) == b"abc"
    for flags in (0, kind, 0x10 | kind):
        assert decompressor.decompress(flags, b"plain") == b"plain"
    assert decompressor.decompress(COMPRESSED | kind, pack(kind, [(3, 3)])) == b"abc"


@TYPES
def test_flushed_alone_is_plain_and_empties_the_history(kind: int) -> None:
    """What real peers send when data did not become smaller. (RDP 6.1 has flags of its own for level 2.)"""
    decompressor = BulkDecompressor()
    decompressor.decompress(COMPRESSED | kind, pack(kind, b"abc"))
    assert decompressor.decompress(FLUSHED | kind, b"plain") == b"plain"
    expected = b"abc" if kind == RDP61 else bytes(3)
    assert decompressor.decompress(COMPRESSED | kind, pack(kind, [(3, 3)])) == expected


@pytest.mark.parametrize(
    ("kind", "flags", "expected"),
    [
        (MPPC_8K, AT_FRONT, b"fghaabc"),  # at the front, six bytes back: the end of the round before, then its start
        (MPPC_64K, AT_FRONT, b"\0\0\0aabc"),  # the round before did not come to the end
        (RDP6, AT_FRONT, b"cdeaabc"),
        (MPPC_8K, FLUSHED | AT_FRONT, b"\0\0\0aabc"),
        (MPPC_64K, FLUSHED | AT_FRONT, b"\0\0\0aabc"),
        (RDP6, FLUSHED | AT_FRONT, b"\0\0\0aabc"),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_at_front_moves_the_history(kind: int, flags: int, expected: bytes, together: bool) -> None:
    """In the PDU that needs it, or alone before it ([MS-RDPBCGR] 3.1.8.3 lists the flags one by one)."""
    decompressor = BulkDecompressor()
    filler: list[spec.Token] = [0, (1, 8192 - 9)] if kind == MPPC_8K else [0, (1, 9000)]
    decompressor.decompress(COMPRESSED | kind, pack(kind, [*filler, *b"abcdefgh"]))
    if not together:
        assert decompressor.decompress(flags | kind, b"plain") == b"plain"
        flags = 0
    tokens: list[spec.Token] = [(6, 3), *b"aabc"] if kind == RDP6 else [(3, 3), *b"aabc"]
    assert decompressor.decompress(COMPRESSED | flags | kind, pack(kind, tokens)) == expected


@pytest.mark.parametrize("kind", [MPPC_64K, RDP6])
def test_after_flushed_there_is_nothing_to_move(kind: int) -> None:
    """FLUSHED comes first ([MS-RDPBCGR] 3.1.8.3): the whole history is free, also when RDP 6.0 would slide."""
    tokens: list[spec.Token] = [0, *[(1, 16000)] * 4]
    flags = COMPRESSED | FLUSHED | AT_FRONT | kind
    assert BulkDecompressor().decompress(flags, pack(kind, tokens)) == bytes(64001)


def test_each_type_has_its_own_history() -> None:
    """A peer that changes the type in mid-stream goes on, in each, where it stopped."""
    decompressor = BulkDecompressor()
    for kind in TYPE_NAMES:
        text = bytes((0x61 + kind,)) * 3
        assert decompressor.decompress(COMPRESSED | kind, pack(kind, text)) == text
    assert decompressor.decompress(FLUSHED | MPPC_8K, b"") == b""
    for kind in (MPPC_64K, RDP6, RDP61):
        assert decompressor.decompress(COMPRESSED | kind, pack(kind, [(3, 3)])) == bytes((0x61 + kind,)) * 3


@pytest.mark.parametrize("kind", [4, 15])
def test_unknown_types_are_refused_only_if_they_matter(kind: int) -> None:
    assert BulkDecompressor().decompress(FLUSHED | kind, b"plain") == b"plain"
    with pytest.raises(BulkError, match=f"type {kind}"):
        BulkDecompressor().decompress(COMPRESSED | kind, b"abc")


@TYPES
@pytest.mark.parametrize("how", ["lose", "start in the middle", "an error"])
def test_what_was_lost_is_not_guessed_and_a_flush_ends_it(kind: int, how: str) -> None:
    decompressor = BulkDecompressor(synchronised=how != "start in the middle")
    if how == "lose":
        decompressor.decompress(COMPRESSED | kind, pack(kind, b"abc"))
        decompressor.lose()
    if how == "an error":
        decompressor.decompress(COMPRESSED | kind, pack(kind, b"abc"))
        with pytest.raises(BulkError):
            decompressor.decompress(COMPRESSED | kind, b"\x12\x21\xff\xff\xff\xff\xff\xff")
    with pytest.raises(HistoryLostError):
        decompressor.decompress(COMPRESSED | kind, pack(kind, [(3, 3)]))
    assert decompressor.decompress(COMPRESSED | kind, pack(kind, [*b"own", (3, 3)])) == b"ownown"
    data = pack(kind, [(3, 3)])
    if kind == RDP61:  # level 2 has its own FLUSHED
        data = bytes((data[0], data[1] | FLUSHED)) + data[2:]
    assert decompressor.decompress(COMPRESSED | FLUSHED | kind, data) == bytes(3)


def test_a_loss_concerns_the_types_that_were_not_used_yet() -> None:
    decompressor = BulkDecompressor()
    decompressor.lose()
    with pytest.raises(HistoryLostError):
        decompressor.decompress(COMPRESSED | RDP6, pack(RDP6, [(3, 3)]))


PDUS = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=200)), max_size=8)


def take(decompressor: BulkDecompressor, flags: int, data: bytes) -> bytes | None:
    """What comes out; None if it is a BulkError. Any other exception fails the test."""
    try:
        return decompressor.decompress(flags, data)
    except BulkError as error:
        assert str(error).endswith(".")
        assert "\n" not in str(error)
        return None


@given(PDUS)
def test_garbage_raises_bulk_error_only_and_stays_within_bounds(pdus: list[tuple[int, bytes]]) -> None:
    decompressor = BulkDecompressor()
    for flags, data in pdus:
        clear = take(decompressor, flags, data)
        if flags & COMPRESSED and clear is not None:
            assert len(clear) <= MOST[flags & 0x0F]
        elif not flags & COMPRESSED:
            assert clear == data


@given(st.sampled_from(SEQUENCES), st.integers(0, 2**32), st.integers(1, 255), st.integers(0, 5))
def test_damaged_streams_never_do_worse_than_an_error(
    sequence: dict[str, Any], where: int, change: int, number: int
) -> None:
    """One byte of a real stream is wrong: nothing but BulkError, and what comes out is bounded."""
    decompressor = BulkDecompressor()
    for at, (flags, encoded, *_) in enumerate(sequence["pdus"][:8]):
        data = bytearray(base64.b64decode(encoded))
        if at == number and data:
            data[where % len(data)] ^= change
        clear = take(decompressor, flags, bytes(data))
        assert clear is None or len(clear) <= MOST[sequence["type"]]


@given(PDUS, st.sampled_from([one for one in SEQUENCES if one["type"] != RDP61]))
def test_after_garbage_a_flush_brings_the_stream_back(pdus: list[tuple[int, bytes]], sequence: dict[str, Any]) -> None:
    decompressor = BulkDecompressor()
    for flags, data in pdus:
        take(decompressor, flags, data)
    for at, (flags, data, size, digest) in enumerate(sequence["pdus"][:3]):
        clear = decompressor.decompress(flags | FLUSHED * (at == 0), base64.b64decode(data))
        assert (len(clear), hashlib.sha256(clear).hexdigest()[:32]) == (size, digest)


@pytest.mark.parametrize("kind", [MPPC_64K, RDP6])
@pytest.mark.parametrize("copy", [(1, 16000), (16000, 16000)])
def test_a_bomb_stops_at_the_size_of_the_history(kind: int, copy: tuple[int, int]) -> None:
    """As many long copies as a PDU has room for would be more than a hundred megabytes."""
    bomb = pack(kind, [0, (1, 16000), *[copy] * 9000])
    assert len(bomb) < MOST[kind]
    decompressor = BulkDecompressor()
    take(decompressor, COMPRESSED | kind, b"")  # makes the tables
    tracemalloc.start()
    with pytest.raises(BulkError, match="expand beyond"):
        decompressor.decompress(COMPRESSED | FLUSHED | kind, bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * len(bomb)


def test_histories_of_all_connections_share_one_room() -> None:
    """The one that is idle for the longest is forgotten, as after a loss; a side that has ended takes none."""
    room = Room(3 * 2_131_072)
    sides = [BulkDecompressor(room=room) for _ in range(4)]
    first, copy = pack(MPPC_64K, [*b"abcdef"]), pack(MPPC_64K, [(6, 6)])
    for side in sides[:3]:
        side.decompress(COMPRESSED | RDP61, pack(RDP61, [*b"abcdef"]))
    assert room.total == 3 * 2_131_072
    sides[0].decompress(COMPRESSED | RDP61, pack(RDP61, [*b"in use"]))
    sides[3].decompress(COMPRESSED | MPPC_64K, first)
    with pytest.raises(HistoryLostError):
        sides[1].decompress(COMPRESSED | RDP61, pack(RDP61, [(6, 6)]))
    assert sides[3].decompress(COMPRESSED | MPPC_64K, copy) == b"abcdef"
    assert sides[0].decompress(COMPRESSED | RDP61, pack(RDP61, [(6, 6)])) == b"in use"
    for side in sides:
        side.end()
    assert room.total == 0
