"""The server's side of RDP: it answers what a client has to know, and nothing that comes in breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.build import activation, connect, rdp, script
from msra.novice.rdp_server import Activated, Item, Left, NotRdpError, RdpServer, Received, Reply
from tests.novice.expert import CHANNELS, IDS, connecting, saying


def test_whole_connection() -> None:
    """Each request gets the answer that the builder of captures knows, too."""
    server = RdpServer()
    replies = [item.data for packet in connecting() for item in server.feed(packet) if isinstance(item, Reply)]
    joined = [rdp.CLIENT_USER, rdp.IO_CHANNEL, *IDS.values()]
    assert replies == [
        rdp.connection_confirm(),
        connect.connect_response(list(IDS.values())),
        connect.attach_confirm(),
        *map(connect.join_confirm, joined),
        activation.license_valid() + activation.demand_active(),
        b"".join(activation.server_finalization()),
    ]


def activated(server: RdpServer) -> list[Item]:
    return [item for packet in connecting() for item in server.feed(packet) if not isinstance(item, Reply)]


def test_channels_open_once() -> None:
    server = RdpServer()
    assert activated(server) == [Activated(CHANNELS)]
    assert list(server.feed(activation.font_list())) == []


@given(st.integers(1, 2000), st.integers(1, 300))
def test_messages_in_any_pieces(chunk_size: int, piece: int) -> None:
    server = RdpServer()
    activated(server)
    steps = script.version_2() + script.chat("expert", "x" * 700) + script.share_control()
    stream, items = b"".join(saying(steps, chunk_size)), []
    for at in range(0, len(stream), piece):
        items += list(server.feed(stream[at : at + piece]))
    assert items == [Received(step.channel, step.data) for step in steps if step.sender == "expert"]


def test_messages_of_the_server() -> None:
    server = RdpServer()
    activated(server)
    assert server.message("remdesk", b"abc") == b"".join(rdp.channel_pdus(IDS["remdesk"], b"abc", False))
    with pytest.raises(KeyError):
        server.message("cliprdr", b"abc")


def test_the_client_leaves() -> None:
    assert list(RdpServer().feed(rdp.disconnect(3))) == [Left(3)]


def test_what_is_left_unanswered() -> None:
    """Input, other channels, and what is cut."""
    server = RdpServer()
    activated(server)
    unheard = [
        rdp.fast_path(b"\x00\x1e"),
        rdp.send_data(2000, b"data", True),
        rdp.send_data(IDS["remdesk"], b"cut", True),
    ]
    unheard += [rdp.data_tpdu(b"\x38\0"), rdp.data_tpdu(b"\x64\0\0\x03"), rdp.data_tpdu(b"")]
    assert [item for packet in unheard for item in server.feed(packet)] == []


def test_another_protocol() -> None:
    with pytest.raises(NotRdpError, match="are no RDP"):
        list(RdpServer().feed(b"GET / HTTP/1.1\r\n" + bytes(70_000)))


MUTATED = st.tuples(
    st.binary(max_size=40), st.sampled_from(list(connecting())), st.integers(0, 60), st.binary(max_size=9)
)


@given(
    st.lists(st.one_of(st.binary(max_size=200), MUTATED.map(lambda m: m[1][: m[2]] + m[3] + m[1][m[2] + len(m[3]) :])))
)
def test_anything_at_all(pieces: list[bytes]) -> None:
    server = RdpServer()
    for piece in pieces:
        try:
            list(server.feed(piece))
        except NotRdpError:
            return
    assert len(server.ids) <= 31
