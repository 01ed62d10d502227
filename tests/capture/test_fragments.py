"""Protects the reassembly of IP fragments: any order gives the datagram, contradictions and floods give nothing."""

from hypothesis import given
from hypothesis import strategies as st

from msra.capture.fragments import FragmentTable

DATAGRAM = bytes(range(200))
PIECES = [(at, DATAGRAM[at : at + 40], at + 40 < len(DATAGRAM)) for at in range(0, len(DATAGRAM), 40)]


@given(st.permutations(PIECES), st.lists(st.sampled_from(PIECES), max_size=4))
def test_any_order_with_repetitions(
    pieces: list[tuple[int, bytes, bool]], repeated: list[tuple[int, bytes, bool]]
) -> None:
    """The last one to come completes the datagram; repetitions before it change nothing."""
    table = FragmentTable()
    results = [
        table.add("key", *piece) for piece in [*pieces[:-1], *(p for p in repeated if p != pieces[-1]), pieces[-1]]
    ]
    assert results == [None] * (len(results) - 1) + [DATAGRAM]


def test_datagrams_are_kept_apart() -> None:
    """By their key; and when one is complete, its key can be used again."""
    table = FragmentTable()
    assert table.add("a", 0, b"aaaaaaaa", True) is None
    assert table.add("b", 0, b"bbbbbbbb", True) is None
    assert table.add("b", 8, b"B", False) == b"bbbbbbbbB"
    assert table.add("a", 8, b"A", False) == b"aaaaaaaaA"
    assert table.add("a", 8, b"C", False) is None
    assert table.add("a", 0, b"cccccccc", True) == b"ccccccccC"


def test_contradictions_give_nothing() -> None:
    """Overlaps, two ends, bytes behind the end, too large a datagram: receivers drop them all."""
    for pieces in (
        [(0, bytes(16), True), (8, bytes(16), True), (24, bytes(8), False)],
        [(0, bytes(16), True), (8, bytes(8), True), (16, bytes(8), False)],
        [(0, bytes(16), True), (0, bytes(8), True), (16, bytes(8), False)],
        [(16, bytes(8), False), (24, bytes(8), False), (0, bytes(16), True)],
        [(8, bytes(8), False), (16, bytes(8), True), (0, bytes(8), True)],
        [(65528, bytes(16), False), (0, bytes(16), True)],
    ):
        table = FragmentTable()
        for piece in pieces:
            assert table.add("key", *piece) is None
        assert table.add("key", 0, bytes(16), True) is None


def test_old_fragments_expire() -> None:
    """Identifications are used again; an unfinished datagram must not mix with a new one."""
    table = FragmentTable()
    table.add("old", 0, b"old-old-", True)
    for number in range(1024):
        table.add(number, 0, b"12345678", True)
    assert table.add("old", 8, b"new", False) is None


def test_bounded_state() -> None:
    """Half a million fragments that never become a datagram."""
    table = FragmentTable()
    for number in range(500_000):
        table.add(number, 0, b"12345678", True)
    assert len(table._datagrams) <= 1024


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 70_000), st.binary(max_size=20), st.booleans())))
def test_anything(fragments: list[tuple[str, int, bytes, bool]]) -> None:
    """Never an exception."""
    table = FragmentTable()
    for fragment in fragments:
        table.add(*fragment)
