"""TLS records without keys: their sizes, and the version that the server chose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.tls import Record, RecordStream, server_hello_version
from tests.engines.test_rdp_stream import server_hello, tls_record

STREAM = tls_record(22, b"hello") + tls_record(20, b"\x01") + tls_record(23, bytes(300))


@given(st.integers(1, 50))
def test_records_in_any_segmentation(size: int) -> None:
    stream = RecordStream()
    got = [record for at in range(0, len(STREAM), size) for record in stream.feed(STREAM[at : at + size])]
    assert got == [Record(22, b"hello"), Record(20, b"\x01"), Record(23, bytes(300))]
    assert stream.finish() == 0


def test_after_foreign_bytes_all_the_rest_is_unknown() -> None:
    stream = RecordStream()
    assert list(stream.feed(tls_record(23, b"x") + b"garbage")) == [Record(23, b"x"), Record(0, b"garbage")]
    assert list(stream.feed(STREAM)) == [Record(0, STREAM)]


def test_a_hole_counts_the_unfinished_record() -> None:
    stream = RecordStream()
    assert list(stream.feed(STREAM[:8])) == []
    assert stream.hole() == 8
    assert list(stream.feed(b"abc")) == [Record(0, b"abc")]


@pytest.mark.parametrize(("version", "name"), [(0x0304, "tls1.3"), (0x0302, "tls1.1"), (0x7F1C, "0x7f1c")])
def test_supported_versions_decides(version: int, name: str) -> None:
    assert server_hello_version(server_hello(version)) == name


def test_without_the_extension_the_old_field_decides() -> None:
    body = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x35" + b"\x00"
    assert server_hello_version(b"\x02" + len(body).to_bytes(3, "big") + body) == "tls1.2"
    assert all(server_hello_version((b"\x02" + bytes(3) + body)[:size]) is None for size in range(4))


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(data: bytes) -> None:
    server_hello_version(data)
    server_hello_version(b"\x02" + data)
    stream = RecordStream()
    sizes = sum(len(record.fragment) + (5 if record.type else 0) for record in stream.feed(data))
    assert sizes + stream.finish() == len(data)
