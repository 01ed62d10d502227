"""GCC settings: the channel list decides what is Remote Assistance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msra.transport import gcc, mcs
from tests.transport import builders as rdp


def blocks_of(packet: bytes) -> dict[int, bytes]:
    return dict(gcc.blocks(mcs.connect_user_data(packet[7:])))


def test_client_blocks() -> None:
    blocks = blocks_of(rdp.connect_initial("rdpdr", "remdesk", "encomsp"))
    assert gcc.channel_names(blocks[gcc.CS_NET]) == ("rdpdr", "remdesk", "encomsp")


def test_the_client_says_who_it_is() -> None:
    """15 characters at most ([MS-RDPBCGR] 2.2.1.3.2); a block cut before the end of the name tells nothing."""
    blocks = blocks_of(rdp.connect_initial("remdesk", core=rdp.client_core("B\xdcRO-PC", 22631)))
    assert gcc.client_core(blocks[gcc.CS_CORE]) == ("B\xdcRO-PC", 22631)
    assert gcc.client_core(rdp.client_core("X" * 16)) == ("X" * 16, 19045)
    assert gcc.client_core(rdp.client_core()[:51]) is None


def test_server_blocks() -> None:
    blocks = blocks_of(rdp.connect_response(1004, 1005, method=2, level=3))
    assert gcc.channel_ids(blocks[gcc.SC_NET]) == (1003, (1004, 1005))
    assert blocks[gcc.SC_SECURITY][:8] == bytes([2, 0, 0, 0, 3, 0, 0, 0])


def test_counts_that_lie_do_no_harm() -> None:
    assert gcc.channel_names(b"\xff\xff\xff\xff" + b"remdesk\0" + bytes(4)) == ("remdesk",)
    assert gcc.channel_ids(b"\xeb\x03\xff\xff\xec\x03") == (1003, (1004,))
    assert gcc.channel_names(b"") == () and gcc.channel_ids(b"") == (0, ())


def test_a_block_without_length_ends_the_list() -> None:
    data = b"Duca\x0c" + rdp.block(gcc.CS_NET, bytes(4)) + bytes(4)
    assert [kind for kind, _ in gcc.blocks(data)] == [gcc.CS_NET]


@given(st.binary(max_size=200))
def test_any_bytes_can_be_parsed(data: bytes) -> None:
    for _kind, block in gcc.blocks(b"Duca" + data):
        gcc.channel_names(block)
        gcc.channel_ids(block)
        gcc.message_channel(block)
