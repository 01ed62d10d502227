"""From the logon to the shared screen: read back by the transport, and as real peers send it."""

from __future__ import annotations

import struct

import pytest

from msra.build import activation, rdp
from msra.transport.client_info import ClientInfo, parse_client_info
from msra.transport.share import share_pdus
from tests.build.test_rdp import sent


def test_client_info() -> None:
    data = sent(activation.client_info("Eve", "id==", shell="secret")).data
    assert struct.unpack_from("<HH", data) == (rdp.SEC_INFO_PKT, 0)
    assert parse_client_info(data[4:]) == ClientInfo("", "Eve", "*", "secret", "id==")


@pytest.mark.parametrize("packet", [activation.demand_active(), activation.confirm_active()], ids=["demand", "confirm"])
def test_capability_sets_fill_their_pdu(packet: bytes) -> None:
    """[MS-RDPBCGR] 2.2.1.13: the sizes of the sets, their number, and that of all of them agree."""
    (pdu,) = share_pdus(sent(packet).data)
    skip = 4 if pdu.type == 1 else 6
    name_size, size = struct.unpack_from("<HH", pdu.data, skip)
    sets = pdu.data[skip + 4 + name_size :][:size]
    number, at, kinds = struct.unpack_from("<H", sets)[0], 4, []
    while at < len(sets):
        kind, length = struct.unpack_from("<HH", sets, at)
        kinds.append(kind)
        at += length
    assert at == size == len(sets) and len(kinds) == number == len(set(kinds)) and {1, 2, 3, 8, 13, 20} <= set(kinds)


def test_finalisation_of_the_annotated_session() -> None:
    """[MS-RDPBCGR] 4.1.14 to 4.1.16 and 4.1.18 to 4.1.22; its client has the user channel 1007.

    What its server leaves to chance (paddings, streams, uncompressed lengths) is here as its client has it.
    """
    annotated = [
        "16001700ef03ea030100000108001f0000000100ea03",
        "1a001700ef03ea03010000010c00140000000400000000000000",
        "1a001700ef03ea03010000010c00140000000100000000000000",
        "1a001700ef03ea03010000010c00270000000000000003003200",
        "16001700ea03ea030100000108001f0000000100ef03",
        "1a001700ea03ea03010000010c00140000000400000000000000",
        "1a001700ea03ea03010000010c00140000000200ef03ea030000",
        "1a001700ea03ea03010000010c00280000000000000003000400",
    ]
    packets = [*activation.client_finalization(), *activation.server_finalization()]
    user = struct.pack("<H", rdp.CLIENT_USER)
    assert [sent(packet).data for packet in packets] == [
        bytes.fromhex(one).replace(b"\xef\x03", user) for one in annotated
    ]


def test_order_of_the_servers_answers() -> None:
    kinds = [pdu.type2 for packet in activation.server_finalization() for pdu in share_pdus(sent(packet).data)]
    assert kinds == [31, 20, 20, 40]
