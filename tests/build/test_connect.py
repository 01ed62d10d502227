"""The MCS connect, read back by the transport; and byte by byte as real servers confirm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msra.build import connect
from msra.transport import gcc, mcs
from msra.transport.security import parse_server_security
from tests.build.test_rdp import pdu

NAMES = st.lists(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=7), max_size=31, unique=True)


@given(NAMES)
def test_channels(names: list[str]) -> None:
    client = dict(gcc.blocks(mcs.connect_user_data(pdu(connect.connect_initial(names)))))
    assert gcc.channel_names(client[gcc.CS_NET]) == tuple(names)
    ids = connect.channel_ids(names)
    server = dict(gcc.blocks(mcs.connect_user_data(pdu(connect.connect_response(list(ids.values()))))))
    assert gcc.channel_ids(server[gcc.SC_NET]) == (1003, tuple(range(1004, 1004 + len(names))))


def test_who_the_client_is() -> None:
    assert gcc.client_core(connect.client_core("HELPDESK-7", 18363)) == ("HELPDESK-7", 18363)
    assert len(connect.client_core("x" * 99)) == 0xEA - 4 - 18  # that of FreeRDP, up to serverSelectedProtocol


def test_encryption() -> None:
    server = dict(gcc.blocks(mcs.connect_user_data(pdu(connect.connect_response([1004], 2, 1)))))
    security = parse_server_security(server[gcc.SC_SECURITY])
    assert security is not None and (security.method, security.level) == (2, 1)


def test_confirms_of_a_real_server() -> None:
    assert connect.attach_confirm(1011) == bytes.fromhex("0300000b02f0802e00000a")
    assert connect.join_confirm(1011, 1011) == bytes.fromhex("0300000f02f0803e00000a03f303f3")


def test_requests_of_a_client() -> None:
    """[MS-RDPBCGR] 4.1.5, 4.1.6, 4.1.8.1.1."""
    assert connect.erect_domain() == bytes.fromhex("0300000c02f0800401000100")
    assert connect.attach_user() == bytes.fromhex("0300000802f08028")
    assert connect.join(1007, 1007) == bytes.fromhex("0300000c02f08038000603ef")
