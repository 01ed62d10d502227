"""Packets of RDP, read back by the transport, and compared with those of real peers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.build import rdp
from msra.transport import mcs, x224
from msra.transport.channels import Reassembly, parse_chunk
from msra.transport.licensing import LicenseError, parse_license_error
from msra.transport.share import share_pdus
from msra.transport.tpkt import Framer, Kind


def pdu(packet: bytes) -> bytes:
    """The MCS PDU in a packet."""
    (frame,) = Framer().feed(packet)
    assert frame.kind is Kind.TPKT
    return x224.data_payload(frame.data)


def sent(packet: bytes) -> mcs.SendData:
    found = mcs.parse_send_data(pdu(packet))
    assert found is not None
    return found


def test_negotiation() -> None:
    request, confirm = rdp.connection_request("Eve", 3), rdp.connection_confirm(3, 2)
    assert x224.parse_negotiation(request[4:]) == x224.Negotiation("Eve", x224.NEG_REQUEST, 3)
    assert x224.parse_negotiation(confirm[4:]) == x224.Negotiation(None, x224.NEG_FAILURE, 2)
    assert x224.parse_negotiation(rdp.connection_request(None, None)[4:]) == x224.Negotiation(None, None, None)


@given(st.integers(1001, 0xFFFF), st.binary(max_size=0x7FFF - 100), st.booleans())
def test_channel_data(channel: int, data: bytes, from_client: bool) -> None:
    packet = rdp.send_data(channel, data, from_client)
    assert sent(packet) == mcs.SendData(channel, data)
    assert mcs.domain_type(pdu(packet)) == (mcs.SEND_DATA_REQUEST if from_client else mcs.SEND_DATA_INDICATION)


def test_too_much_data() -> None:
    with pytest.raises(ValueError, match="32768 bytes"):
        rdp.send_data(1003, bytes(0x8000), True)


@given(st.binary(max_size=5000), st.integers(1, 2000))
def test_a_message_in_chunks(message: bytes, size: int) -> None:
    packets = rdp.channel_pdus(1005, message, True, size)
    reassembly, got = Reassembly(), []
    for packet in packets:
        chunk = parse_chunk(sent(packet).data)
        assert chunk is not None and chunk.length == len(message) and len(chunk.data) <= size
        got.append(reassembly.add(chunk.data, chunk.first, chunk.last))
    assert got == [(None, 0)] * (len(packets) - 1) + [(message, 0)]


def test_disconnect() -> None:
    assert [mcs.disconnect_reason(pdu(rdp.disconnect(reason))) for reason in range(5)] == [0, 1, 2, 3, 4]


@given(st.binary(min_size=1, max_size=0x7FFF - 3))
def test_fast_path(data: bytes) -> None:
    (frame,) = Framer().feed(rdp.fast_path(data))
    assert frame.kind is Kind.FAST_PATH and frame.data.endswith(data)


def test_server_pdus() -> None:
    (found,) = share_pdus(rdp.error_info(12))
    assert (found.type2, found.data) == (47, b"\x0c\0\0\0")
    assert parse_license_error(rdp.license_error()) == LicenseError(7, 2)


def test_licence_of_a_real_server() -> None:
    """FreeRDP's server: its initiator is 10, and it leaves the size of the preamble and the data as they are here."""
    real = bytes.fromhex("0300002302f08068000a03eb70801480000000ff031000070000000200000004000000")
    assert sent(real).data == rdp.with_header(rdp.SEC_LICENSE_PKT, rdp.license_error())
