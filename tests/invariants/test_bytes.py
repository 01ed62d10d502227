"""Every byte of a channel is in a message or in a gap, and so is every byte of a message in an event."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from msra.engines.rdp_stream import WANTED
from msra.layers.decode import decode_message
from msra.layers.encomsp import decode_encomsp
from msra.transport.channels import CHUNK_HEADER
from msra.transport.connection import Connection
from msra.transport.model import ChannelMessage, Gap, Item, Origin
from tests.invariants import EXAMPLES, RANDOMS
from tests.transport import builders as rdp
from tests.transport import bulk_reference as spec

REMDESK, ENCOMSP, RDPDR = 1004, 1005, 1006
SENDERS = st.booleans()


@dataclass(frozen=True)
class Sent:
    """One channel PDU, or lost bytes if `flags` is None."""

    from_client: bool
    channel: int
    flags: int | None
    data: bytes
    packed: bool


SENT = st.builds(
    Sent,
    SENDERS,
    st.sampled_from((REMDESK, REMDESK, ENCOMSP, RDPDR)),
    st.sampled_from((rdp.FIRST | rdp.LAST, rdp.FIRST, rdp.LAST, 0, None)),
    st.binary(max_size=40),
    st.booleans(),
)


def connection() -> Connection:
    made = Connection(WANTED, True, True)
    for from_client, packet in (
        (True, rdp.connection_request()),
        (False, rdp.connection_confirm()),
        (True, rdp.connect_initial("remdesk", "encomsp", "rdpdr")),
        (False, rdp.connect_response(REMDESK, ENCOMSP, RDPDR)),
    ):
        list(made.feed(Origin(from_client, 1, 1), packet))
    return made


def fed(made: Connection, sent: Sent) -> tuple[list[Item], int]:
    """What comes of it, and how many bytes of a wanted channel, or missing ones, it has."""
    origin = Origin(sent.from_client, 2, 2)
    if sent.flags is None:
        return list(made.hole(origin, len(sent.data), "lost_segment")), len(sent.data)
    data, flags = sent.data, sent.flags
    if sent.packed:  # flushed, so that it can always be read
        data, flags = spec.encode_mppc(data, spec.RDP5_OFFSETS), flags | rdp.COMPRESSED | 0x81 << 16
    pdu = rdp.send_data(sent.channel, rdp.chunk(data, len(sent.data), flags), sent.from_client)
    return list(made.feed(origin, pdu)), 0 if sent.channel == RDPDR else len(sent.data)


def size(items: list[Item]) -> int:
    return sum(len(item.data) if isinstance(item, ChannelMessage) else getattr(item, "size", 0) for item in items)


@settings(max_examples=8 * EXAMPLES)
@given(st.lists(SENT, max_size=30))
def test_each_byte_of_a_channel_comes_back_once(sent: list[Sent]) -> None:
    made = connection()
    items: list[Item] = []
    total = 0
    for one in sent:
        found, expected = fed(made, one)
        items += found
        total += expected
    items += made.finish([Origin(True, 3, 3), Origin(False, 3, 3)])
    assert size(items) == total


@settings(max_examples=4 * EXAMPLES)
@given(RANDOMS)
def test_what_cannot_be_read_is_counted(random: Random) -> None:
    """Damaged: PDUs too short for their header, and compressed data that mean nothing, count as they stand there."""
    made, total = connection(), 0
    items: list[Item] = []
    for _ in range(random.randrange(1, 12)):
        data = random.randbytes(random.randrange(30))
        damaged = data[: random.randrange(CHUNK_HEADER)]
        compressed = rdp.chunk(b"\xff" * 20, 20, 3 | rdp.COMPRESSED | 1 << 16)
        for content, counted in ((damaged, len(damaged)), (compressed, 20), (rdp.chunk(data, 90, 1), len(data))):
            items += made.feed(Origin(False, 1, 1), rdp.send_data(REMDESK, content, False))
            total += counted
    items += made.finish([Origin(False, 3, 3)])
    assert size(items) == total
    assert "compressed" in {item.kind for item in items if isinstance(item, Gap)}


@settings(max_examples=8 * EXAMPLES)
@given(st.binary(max_size=200))
def test_each_byte_of_a_message_is_decoded_or_told_of(data: bytes) -> None:
    orders, unread = decode_encomsp(data)
    assert sum(order.size for order in orders) + unread == len(data)
    decoded = decode_message(data)
    if decoded is not None:
        name = int.from_bytes(data[:4], "little")
        told = 8 + name + decoded.body_len
        assert told <= len(data) and (told == len(data) or "bad_length" in decoded.notes)
