"""What is kept of a handshake, in whatever order its two sides were captured."""

from __future__ import annotations

import itertools

import pytest

from msra.capture.tls.handshake import Handshake
from tests.capture.tls.sessions import client_hello, message, server_hello

CLIENT = [(True, client_hello(b"c" * 32)), (True, message(11, b"\0\0\0")), (True, message(16, b"\0\1x"))]
SERVER = [
    (False, server_hello(0x0303, 0x002F)),
    (False, message(11, b"\0\0\7\0\0\4leaf")),
    (False, message(14, b"")),
]
FLIGHTS = [CLIENT[:1], SERVER, CLIENT[1:], [(True, message(15, b"verify")), (False, message(4, bytes(9)))]]


def collect(messages: list[tuple[bool, bytes]]) -> Handshake:
    shake = Handshake()
    for from_client, data in messages:
        shake.add(from_client, data[0], data)
    return shake


def test_the_transcript_has_the_order_of_the_protocol() -> None:
    """RFC 7627 3: up to the ClientKeyExchange; the sides may reach the capture in another order."""
    expected = b"".join(data for _, data in [*CLIENT[:1], *SERVER, *CLIENT[1:]])
    assert collect(list(itertools.chain(*FLIGHTS))).transcript == expected
    assert collect([*SERVER, *CLIENT, *FLIGHTS[3]]).transcript == expected


def test_a_hello_request_is_not_part_of_it() -> None:
    """RFC 5246 7.4.1.1."""
    assert collect([(False, message(0, b"")), *CLIENT[:1]]).transcript == CLIENT[0][1]


def test_what_is_learned() -> None:
    shake = collect(list(itertools.chain(*FLIGHTS)))
    assert (shake.version, shake.certificate, shake.encrypted_premaster) == (0x0303, b"leaf", b"x")
    assert shake.suite is not None and shake.suite.number == 0x002F
    assert not shake.resumed and not shake.extended_master_secret and not shake.encrypt_then_mac


def test_the_first_of_each_kind_counts() -> None:
    """After a loss, bytes of a record that is not known to be protected may look like a hello."""
    shake = collect([*CLIENT, *SERVER])
    seen = shake.seen
    shake.add(True, 1, client_hello(b"x" * 32))
    shake.add(False, 2, server_hello(0x0302, 0x0005))
    assert shake.seen == seen and shake.version == 0x0303
    assert shake.client_hello is not None and shake.client_hello.random == b"c" * 32


def test_a_hello_retry_request_is_not_the_answer() -> None:
    """RFC 8446 4.1.4: the ServerHello follows."""
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    shake = collect([*CLIENT[:1], (False, server_hello(random=retry))])
    assert shake.version is None
    shake.add(False, 2, server_hello())
    assert shake.version == 0x0304


def test_without_a_key_exchange_it_is_resumed() -> None:
    assert collect([*CLIENT[:1], *SERVER[:1]]).resumed
    assert not collect(CLIENT[:1]).resumed


@pytest.mark.parametrize(("version", "suite"), [(0x0303, 0x1301), (0x0304, 0x002F)])
def test_suites_of_another_version_are_none(version: int, suite: int) -> None:
    assert collect([(False, server_hello(version, suite))]).suite is None


def test_a_loss_matters_until_the_transcript_is_complete() -> None:
    shake = collect(CLIENT)
    shake.lose(True)
    assert shake.whole
    shake.lose(False)
    assert not shake.whole


def test_a_transcript_does_not_grow_without_bound() -> None:
    shake = collect([(False, message(11, bytes(1 << 16)))] * 40)
    assert not shake.whole and len(shake.transcript) <= 1 << 20
