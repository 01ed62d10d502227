"""Dynamic channels, read back by the transport."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from msra.build import dynamic
from msra.transport import channels

CHANNELS = st.integers(0, 0xFFFFFFFF)


@given(CHANNELS, st.binary(min_size=1, max_size=70_000), st.integers(100, 2000))
def test_a_message_in_parts(channel: int, message: bytes, size: int) -> None:
    got = b""
    for index, part in enumerate(dynamic.data(channel, message, size)):
        pdu = channels.parse_dynamic(part)
        assert pdu is not None and pdu.channel == channel and len(part) <= size + dynamic.MOST_HEADER - 1
        whole = len(message) <= size
        assert (pdu.command, pdu.length) == (
            (channels.DATA_FIRST, len(message)) if index == 0 and not whole else (channels.DATA, None)
        )
        got += pdu.data
    assert got == message


@given(CHANNELS)
def test_life_of_a_channel(channel: int) -> None:
    made = [dynamic.create_request(channel, "RC_CTL"), dynamic.create_response(channel, 5), dynamic.close(channel)]
    pdus = [channels.parse_dynamic(part) for part in made]
    assert [(pdu.command, pdu.channel, pdu.data) for pdu in pdus if pdu] == [
        (channels.CREATE, channel, b"RC_CTL\0"),
        (channels.CREATE, channel, b"\5\0\0\0"),
        (channels.CLOSE, channel, b""),
    ]


def test_both_sides_can_version_2() -> None:
    assert struct.unpack_from("<BBH", dynamic.capabilities_request()) == (0x50, 0, 2)
    assert struct.unpack("<BBH", dynamic.capabilities_response()) == (0x50, 0, 2)
