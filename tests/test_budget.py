"""The budget: what is counted, when it is used up, and what every connection can count on."""

from __future__ import annotations

import sys

import pytest

from msra import budget
from msra.budget import Account, Budget, cost
from msra.events import Event, Fact, Gap, Message
from msra.limits import MAX_REPORT_RESERVED


def message(size: int) -> Message:
    return Message(1, 1, 1, "novice", "RC_CTL", "UNKNOWN", {"data": "0" * 2 * size}, (), bytes(size))


def test_one_connection_takes_no_more_than_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_REPORT_OF_A_CONNECTION", 50_000)
    shared = Budget(1_000_000)
    account = Account(shared)
    assert [account.take(message(10_000)) for _ in range(3)] == [True, False, False]
    assert account.full and not account.take(message(0)), "what comes later is not kept without what came before"
    assert shared.left == 1_000_000 - cost(message(10_000))
    assert Account(shared).take(message(10_000))


def test_what_is_used_up_leaves_each_connection_a_little() -> None:
    shared = Budget(0)
    for _ in range(3):
        account, kept = Account(shared), 0
        while account.take(message(100)):
            kept += cost(message(100))
        assert MAX_REPORT_RESERVED - cost(message(100)) < kept <= MAX_REPORT_RESERVED


def test_what_is_kept_no_longer_is_given_back() -> None:
    shared = Budget(100_000)
    for _ in range(10):
        account = Account(shared)
        assert account.take(message(20_000))
        account.close()
    assert shared.left == 100_000


@pytest.mark.parametrize(
    "event",
    [
        message(0),
        message(100_000),
        Message(1, 1, 1, "expert", "71", "RCCOMMAND", {f"a{number}": "" for number in range(1000)}, (), bytes(8000)),
        Fact(1, 1, 1, "expert", "client_channels", {"channel_names": tuple(f"c{number}" for number in range(31))}),
        Gap(1, 1, 1, "expert", "encrypted", 1 << 40),
    ],
    ids=["small", "large", "many fields", "fact", "gap"],
)
def test_the_estimate_is_near(event: Event) -> None:
    assert size_of(event) / 2 < cost(event) < size_of(event) * 3


def size_of(event: Event) -> int:
    """Bytes in memory."""
    values = [getattr(event, name, None) for name in ("fields", "data", "frame", "time")]
    for value in values:
        if isinstance(value, dict):
            values += [*value, *value.values()]
        elif isinstance(value, tuple):
            values += value
    return sys.getsizeof(event) + sum(sys.getsizeof(value) for value in values)
