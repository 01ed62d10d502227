"""MCS: channel data, lengths as real peers write them, and the reason of a disconnect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.transport import mcs
from tests.transport import builders as rdp


@pytest.mark.parametrize("size", [0, 1, 127, 128, 0x3FFF, 0x4000, 0x7F00])
def test_send_data(size: int) -> None:
    pdu = rdp.send_data(1007, bytes(size), from_client=False)[7:]
    assert mcs.domain_type(pdu) == mcs.SEND_DATA_INDICATION
    assert mcs.parse_send_data(pdu) == mcs.SendData(1007, bytes(size))
    assert mcs.parse_send_data(pdu[:-1]) is None


@pytest.mark.parametrize("reason", range(5))
def test_disconnect_reason(reason: int) -> None:
    pdu = rdp.disconnect(reason)[7:]
    assert mcs.domain_type(pdu) == mcs.DISCONNECT_PROVIDER_ULTIMATUM
    assert mcs.disconnect_reason(pdu) == reason


def test_the_example_of_the_specification() -> None:
    """[MS-RDPBCGR] 4.2.3: 21 80 is rn-user-requested (3)."""
    assert mcs.disconnect_reason(b"\x21\x80") == 3


def test_user_data_is_the_last_element() -> None:
    pdu = rdp.connect_initial("remdesk")[7:]
    assert mcs.connect_type(pdu) == mcs.CONNECT_INITIAL
    assert mcs.connect_user_data(pdu).startswith(b"\x00\x05\x00\x14\x7c\x00\x01")
    assert mcs.connect_user_data(rdp.connect_response(1004)[7:]).startswith(b"\x00\x05\x00\x14\x7c\x00\x01")


@given(st.binary(max_size=64))
def test_any_bytes_can_be_parsed(data: bytes) -> None:
    mcs.connect_type(data)
    mcs.parse_send_data(data)
    mcs.connect_user_data(b"\x7f\x65" + data)
    mcs.disconnect_reason(b"\x21" + data)
