"""The framing: nothing is lost between two PDUs, however the stream is cut, and reading goes on after garbage."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msra.transport.tpkt import Frame, Framer, Kind, is_send_data
from tests.transport import builders as rdp

PDUS = [
    rdp.connection_request(),
    rdp.send_data(1004, b"hello", from_client=True),
    rdp.fast_path(10),
    rdp.fast_path(300),
    rdp.send_data(1004, bytes(500), from_client=False),
]


def frames(framer: Framer, *pieces: bytes) -> list[Frame]:
    return [frame for piece in pieces for frame in framer.feed(piece)]


def test_pdus_of_both_kinds_share_a_stream() -> None:
    got = frames(Framer(), b"".join(PDUS))
    assert [frame.kind for frame in got] == [Kind.TPKT, Kind.TPKT, Kind.FAST_PATH, Kind.FAST_PATH, Kind.TPKT]
    assert [frame.data for frame in got] == [PDUS[0][4:], PDUS[1][4:], PDUS[2], PDUS[3], PDUS[4][4:]]


@given(st.lists(st.integers(1, 900), max_size=40))
def test_segmentation_does_not_matter(cuts: list[int]) -> None:
    stream = b"".join(PDUS)
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(stream[at : at + cut])
        at += cut
    assert frames(Framer(), *pieces, stream[at:]) == frames(Framer(), stream)


def test_reading_goes_on_after_garbage() -> None:
    garbage = b"\x01garbage\x03\x00"
    got = frames(Framer(), PDUS[1] + garbage + PDUS[4])
    assert got == [Frame(Kind.TPKT, PDUS[1][4:]), Frame(Kind.SKIPPED, garbage), Frame(Kind.TPKT, PDUS[4][4:])]


def test_an_unsynchronised_stream_starts_at_the_next_send_data_pdu() -> None:
    framer = Framer(synchronised=False)
    got = frames(framer, b"rest of a PDU" + PDUS[3][:50], PDUS[4][:9], PDUS[4][9:] + PDUS[2])
    assert [frame.kind for frame in got] == [Kind.SKIPPED, Kind.TPKT, Kind.FAST_PATH]


def test_lengths_that_cannot_be_are_no_pdu() -> None:
    for start in (b"\x03\x00\x00\x06", b"\x03\x01\x00\x20", b"\x00\x02", b"\x00\x80\x03"):
        framer = Framer()
        assert frames(framer, start + bytes(40)) == []
        assert not framer.synchronised


def test_send_data_is_told_from_its_first_15_bytes() -> None:
    for pdu in (PDUS[1], PDUS[4]):
        assert is_send_data(pdu, 0) is True
        assert all(is_send_data(pdu[:size], 0) is None for size in range(1, 15))
        assert is_send_data(pdu[:2] + b"\xff\xff" + pdu[4:], 0) is False
    assert is_send_data(PDUS[0], 0) is False


@given(st.binary(max_size=400), st.booleans(), st.integers(1, 50))
def test_every_byte_comes_back(data: bytes, synchronised: bool, size: int) -> None:
    framer = Framer(synchronised)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    got = sum(len(frame.data) + (4 if frame.kind is Kind.TPKT else 0) for frame in frames(framer, *pieces))
    assert got + framer.drop() == len(data)


def test_skipped_bytes_do_not_pile_up() -> None:
    framer = Framer(synchronised=False)
    got = frames(framer, *[b"\x55" * 10_000] * 20)
    assert sum(len(frame.data) for frame in got) + framer.drop() == 200_000
    assert len(got) >= 2
