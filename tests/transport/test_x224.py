"""X.224: what the negotiation says, and telling RDP from other protocols by its first packet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msra.transport import x224
from tests.transport import builders as rdp


def test_request_with_cookie_and_protocols() -> None:
    tpdu = rdp.connection_request("Administrator", 3)[4:]
    assert x224.code(tpdu) == x224.CONNECTION_REQUEST
    assert x224.parse_negotiation(tpdu) == x224.Negotiation("Administrator", x224.NEG_REQUEST, 3)


def test_request_without_anything() -> None:
    assert x224.parse_negotiation(rdp.connection_request(None, None)[4:]) == x224.Negotiation(None, None, None)


def test_routing_token_is_no_cookie() -> None:
    tpdu = bytes([6 + 29, 0xE0, 0, 0, 0, 0, 0]) + b"Cookie: msts=3640205228.1\r\n" + b"\x01\x00"
    assert x224.parse_negotiation(tpdu).cookie is None


def test_failure() -> None:
    tpdu = rdp.connection_confirm(kind=3, value=5)[4:]
    assert x224.code(tpdu) == x224.CONNECTION_CONFIRM
    assert x224.parse_negotiation(tpdu) == x224.Negotiation(None, x224.NEG_FAILURE, 5)


def test_recognising() -> None:
    request, confirm = rdp.connection_request(), rdp.connection_confirm()
    assert x224.is_connect(request) == x224.CONNECTION_REQUEST
    assert x224.is_connect(confirm) == x224.CONNECTION_CONFIRM
    assert all(x224.is_connect(request[:size]) is None for size in range(6))
    assert x224.is_connect(b"GET / HTTP/1.1") == 0
    assert x224.is_connect(request[:4] + b"\x05" + request[5:]) == 0
    assert x224.is_connect(rdp.send_data(1004, b"", True)) == 0


@given(st.binary(max_size=64))
def test_any_bytes_can_be_parsed(data: bytes) -> None:
    x224.is_connect(data)
    x224.code(data)
    if data:
        x224.parse_negotiation(data)
        x224.data_payload(data)
