"""Effort: ordinary traffic earns more than it spends; what stands for far more than it takes does not."""

from __future__ import annotations

from msra.engines.effort import Effort, Reserve


def decoded(reserve: Reserve, taken: int, messages: int, size: int, most: int) -> int:
    """How many times so many messages of `size` bytes in all are decoded, which take `taken` bytes in the capture."""
    effort, times = Effort(reserve), 0
    while times < most:
        effort.earn(taken)
        if not effort.is_left:
            break
        effort.spend(messages, size)
        times += 1
    return times


def test_what_is_not_compressed_is_all_decoded() -> None:
    for messages, size in ((1, 10), (1, 1_000), (1, 1 << 24), (10, 160)):
        assert decoded(Reserve(0), size + 25, messages, size, 100_000) == 100_000


def test_what_is_compressed_is_decoded_for_long() -> None:
    """Blocks of a file that become a hundredth."""
    assert decoded(Reserve(), 16 + 25, 1, 1_600, 200_000) == 200_000


def test_a_few_bytes_are_not_decoded_to_many_messages() -> None:
    assert 200 < decoded(Reserve(), 40, 4_064, 16_256, 10_000) < 300


def test_what_one_connection_wastes_another_does_not_need() -> None:
    reserve = Reserve()
    decoded(reserve, 40, 4_064, 16_256, 10_000)
    assert reserve.messages == 0
    assert decoded(reserve, 33, 1, 10, 1_000) == 1_000


def test_decoding_goes_on_when_it_is_earned() -> None:
    effort = Effort(Reserve(100))
    effort.spend(1_100, 0)
    assert not effort.is_left
    effort.earn(16_000)
    assert not effort.is_left
    effort.earn(16)
    assert effort.is_left
