"""Recognition: RDP is found on any port, in any segmentation, from any point of the stream on, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.transport.recognise import Recognised, Recogniser
from tests.transport import builders as rdp


def feed(*pieces: bytes) -> Recognised | None:
    recogniser = Recogniser()
    for index, piece in enumerate(pieces):
        found = recogniser.feed(piece)
        if found:
            return Recognised(found.from_client, found.data + b"".join(pieces[index + 1 :]))
    return None


@pytest.mark.parametrize(
    ("pdu", "from_client"),
    [
        (rdp.connection_request(), True),
        (rdp.connection_confirm(), False),
        (rdp.send_data(1004, b"data", from_client=True), True),
        (rdp.send_data(1004, bytes(300), from_client=False), False),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 7, 1000])
def test_the_start_of_a_stream(pdu: bytes, from_client: bool, size: int) -> None:
    pieces = [pdu[at : at + size] for at in range(0, len(pdu), size)]
    assert feed(*pieces) == Recognised(from_client, pdu)


@given(st.binary(max_size=100), st.integers(1, 30))
def test_send_data_in_the_middle(before: bytes, size: int) -> None:
    pdu = rdp.send_data(1004, b"data", from_client=True)
    stream = before + pdu
    found = feed(*[stream[at : at + size] for at in range(0, len(stream), size)])
    assert found is not None and found.data.endswith(pdu)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"\x03\x00\x00\x16\x11\x90\x00\x00\x00\x00\x00",  # TPKT, but no X.224 connect
        b"\x00\x00\x00\x85\xffSMB",
        bytes(100),
    ],
)
def test_other_protocols(data: bytes) -> None:
    assert feed(data) is None
