"""Which sequence numbers a record may have, after what was lost before it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msra.capture.tls.place import Place
from msra.limits import MAX_LOST_RECORDS


def test_in_an_unbroken_stream_there_is_one() -> None:
    place = Place()
    for number in range(3):
        assert place.sequences == range(number, number + 1)
        place.verified(number, b"fragment")
    assert place.tail == b"fragment"


def test_an_unread_record_may_or_may_not_have_counted() -> None:
    """In TLS 1.3 a record of early data is unread, but under other keys."""
    place = Place(5)
    place.passed(5, b"unread")
    assert (place.sequences, place.unread_size, place.tail) == (range(5, 7), 11, b"unread")


@given(st.integers(1, 1 << 30))
def test_a_loss_leaves_room_for_the_records_it_may_have_held(size: int) -> None:
    """None may be missed as long as there are not more than the bound; 22 bytes is the smallest protected record."""
    place = Place(7)
    place.lose(size)
    assert place.tail is None
    assert place.sequences.start == 7
    assert len(place.sequences) > min(size // 22 + 1, MAX_LOST_RECORDS)
    assert len(place.sequences) <= MAX_LOST_RECORDS + 1


def test_a_verified_record_ends_all_doubt() -> None:
    place = Place(7)
    place.lose(1000)
    place.passed(5, b"x")
    place.verified(20, b"y")
    assert place == Place(21, tail=b"y")
