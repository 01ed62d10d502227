"""CredSSP is stepped over, whatever its segmentation, and a failed logon is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msra.transport.credssp import Prelude
from msra.transport.model import Origin
from tests.transport import builders as rdp


def integer(tag: int, value: bytes) -> bytes:
    return rdp.ber(bytes([tag]), rdp.ber(b"\x02", value))


def ts_request(*elements: bytes) -> bytes:
    return rdp.ber(b"\x30", integer(0xA0, b"\x06") + b"".join(elements))


REQUEST = ts_request(rdp.ber(b"\xa1", bytes(300)))
FAILED = ts_request(integer(0xA4, b"\xc0\x00\x00\x6d"))


def feed(stream: bytes, size: int, from_client: bool = False) -> tuple[list[tuple[str, dict[str, object]]], bytes]:
    prelude, facts = Prelude(), []
    for at in range(0, len(stream), size):
        facts += prelude.feed(Origin(from_client, 1, 0), stream[at : at + size])
    return [(fact.name, dict(fact.data)) for fact in facts], prelude.rest if prelude.done else b"not done"


@given(st.integers(1, 700))
def test_requests_and_result_in_any_segmentation(size: int) -> None:
    facts, rest = feed(REQUEST + REQUEST + b"\0\0\0\0" + rdp.connection_confirm(), size)
    assert facts == [
        ("credssp", {"credssp_version": 6}),
        ("credssp", {"credssp_version": 6}),
        ("early_authorization", {"authorization_result": 0}),
    ]
    assert rest == rdp.connection_confirm()


def test_a_failed_logon() -> None:
    facts, _ = feed(FAILED + b"\5\0\0\0\3", 50)
    assert facts == [
        ("credssp", {"credssp_version": 6, "error_code": 0xC000006D}),
        ("early_authorization", {"authorization_result": 5}),
    ]


def test_rdp_starts_at_once_without_nla() -> None:
    assert feed(rdp.connection_request(), 5, from_client=True) == ([], rdp.connection_request())


def test_a_request_that_is_too_large_is_none() -> None:
    assert feed(b"\x30\x84\x7f\xff\xff\xff", 10)[1] == b"\x30\x84\x7f\xff\xff\xff"


@given(st.binary(max_size=60), st.integers(1, 20))
def test_any_bytes_can_be_fed(data: bytes, size: int) -> None:
    feed(data, size)
    feed(rdp.ber(b"\x30", data), size)
