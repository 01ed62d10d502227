"""Handshake messages: whole, cut, and hostile ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.tls.messages import (
    ClientHello,
    HandshakeStream,
    read_certificate,
    read_client_hello,
    read_encrypted_premaster,
    read_server_hello,
    read_ticket,
    version_name,
)
from tests.capture.tls.sessions import client_hello, message, server_hello

READERS = (read_client_hello, read_server_hello, read_ticket, read_encrypted_premaster)


@given(st.integers(1, 40))
def test_messages_are_joined_over_records(size: int) -> None:
    """RFC 8446 5.1: a message may be cut over records, and records may hold several."""
    stream = HandshakeStream()
    sent = message(1, bytes(70)) + message(14, b"") + message(11, b"abc")
    got = [item for at in range(0, len(sent), size) for item in stream.feed(sent[at : at + size])]
    assert got == [(1, message(1, bytes(70))), (14, message(14, b"")), (11, message(11, b"abc"))]


def test_a_message_of_absurd_length_is_not_waited_for() -> None:
    stream = HandshakeStream()
    assert list(stream.feed(b"\x01\xff\xff\xff" + bytes(100))) == []
    assert list(stream.feed(message(14, b""))) == [(14, message(14, b""))]


def test_after_a_loss_the_message_begun_is_dropped() -> None:
    stream = HandshakeStream()
    assert list(stream.feed(message(11, bytes(50))[:20])) == []
    stream.clear()
    assert list(stream.feed(message(14, b""))) == [(14, message(14, b""))]


def test_client_hello() -> None:
    ticket = b"\x00\x23\x00\x03abc"
    early = b"\x00\x2a\x00\x00"
    assert read_client_hello(client_hello(b"r" * 32, b"id")) == ClientHello(b"r" * 32, b"id", b"", False)
    assert read_client_hello(client_hello(extensions=ticket + early)) == ClientHello(bytes(32), b"", b"abc", True)


@pytest.mark.parametrize(
    ("version", "name"), [(0x0304, "tls1.3"), (0x7F1C, "0x7f1c"), (0x0302, "tls1.1"), (0x0300, "ssl3.0")]
)
def test_the_version_is_in_the_extension_or_the_field(version: int, name: str) -> None:
    sent = server_hello(version)
    hello = read_server_hello(sent)
    assert hello is not None and version_name(hello.version) == name
    assert all(read_server_hello(sent[:size]) is None for size in range(len(sent)))


def test_a_hello_without_extensions() -> None:
    hello = read_server_hello(message(2, b"\x03\x03" + bytes(32) + b"\x00\x00\x35\x00"))
    assert hello is not None and (hello.version, hello.suite, hello.extensions, hello.retry) == (
        0x0303,
        0x35,
        {},
        False,
    )


def test_hello_retry_request() -> None:
    """RFC 8446 4.1.3: told from a ServerHello by its random alone."""
    special = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    hello = read_server_hello(server_hello(random=special))
    assert hello is not None and hello.retry


def test_the_leaf_of_a_chain() -> None:
    chain = b"\x00\x00\x04leaf\x00\x00\x02ca"
    assert read_certificate(message(11, b"\x00\x00\x0c" + chain), 0x0303) == b"leaf"
    entry = b"\x00\x00\x04leaf\x00\x05\x00\x05\x00\x01x"
    assert read_certificate(message(11, b"\x02ab\x00\x00\x0e" + entry), 0x0304) == b"leaf"
    assert read_certificate(message(11, b"\x00\x00\x00"), 0x0303) == b""


def test_ticket_and_premaster() -> None:
    assert read_ticket(message(4, b"\x00\x00\x0e\x10\x00\x03abc")) == b"abc"
    assert read_encrypted_premaster(message(16, b"\x00\x02xy")) == b"xy"
    assert read_ticket(message(16, b"\x00\x02xy")) == read_encrypted_premaster(b"") == b""


@given(st.binary(max_size=120), st.sampled_from([1, 2, 4, 11, 16]))
def test_any_bytes_can_be_read(data: bytes, kind: int) -> None:
    for read in READERS:
        read(data)
        read(message(kind, data))
    for version in (0x0303, 0x0304, None):
        read_certificate(message(11, data), version)
    list(HandshakeStream().feed(data))
