"""Records are cut the same in any segmentation, and found again after a loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.tls.records import Record, RecordStream
from tests.capture.tls.sessions import record

STREAM = record(22, b"hello", 0x0301) + record(20, b"\x01") + record(23, bytes(300))
RECORDS = [Record(22, b"hello"), Record(20, b"\x01"), Record(23, bytes(300))]


@given(st.integers(1, 50))
def test_records_in_any_segmentation(size: int) -> None:
    stream = RecordStream()
    assert [item for at in range(0, len(STREAM), size) for item in stream.feed(STREAM[at : at + size])] == RECORDS
    assert stream.finish() == 0


@pytest.mark.parametrize(
    "foreign", [b"garbage", b"\x19\x03\x03\x00\x00", b"\x17\x04\x03\x00\x00", b"\x17\x03\x03\xff\xff"]
)
def test_foreign_bytes_are_skipped(foreign: bytes) -> None:
    stream = RecordStream()
    items = list(stream.feed(record(23, b"x") + foreign + STREAM))
    assert b"".join(fragment for kind, fragment in items if kind == 0) == foreign
    assert [item for item in items if item.type] == [Record(23, b"x"), *RECORDS]


def test_a_hole_counts_the_unfinished_record_and_the_next_header_is_found() -> None:
    stream = RecordStream()
    assert list(stream.feed(STREAM[:8])) == []
    assert stream.hole() == 8
    assert list(stream.feed(STREAM[9:])) == [Record(0, STREAM[9:10]), *RECORDS[1:]]


@given(st.integers(1, 8))
def test_a_header_cut_in_the_search_is_not_missed(size: int) -> None:
    """Bytes that may be the start of a header are kept until it can be told."""
    stream = RecordStream()
    stream.hole()
    sent = b"\x17\x17\x03" + STREAM
    items = [item for at in range(0, len(sent), size) for item in stream.feed(sent[at : at + size])]
    assert b"".join(item.fragment for item in items if item.type == 0) == b"\x17\x17\x03"
    assert [item for item in items if item.type] == RECORDS


def test_a_rejected_record_is_searched_through() -> None:
    """What looked like a record hid a real one."""
    hidden = record(23, b"real")
    stream = RecordStream()
    stream.hole()
    found = []
    for item in stream.feed(record(23, b"abc" + hidden[:6]) + hidden[6:] + STREAM):
        if item.fragment.startswith(b"abc"):
            stream.reject()
        elif item.type:
            found.append(item)
    assert found == [Record(23, b"real"), *RECORDS]


@given(st.binary(max_size=300), st.integers(1, 100), st.booleans())
def test_no_byte_is_lost_or_counted_twice(data: bytes, size: int, lost: bool) -> None:
    stream = RecordStream()
    if lost:
        stream.hole()
    items = [item for at in range(0, len(data), size) for item in stream.feed(data[at : at + size])]
    assert sum(len(fragment) + (5 if kind else 0) for kind, fragment in items) + stream.finish() == len(data)
