"""Which sessions belong together, and, as much, which do not: a retry is not the attempt before it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from msra.analysis import linking
from msra.analysis.linking import MIN_PAUSES, reconnects, same_sessions
from msra.analysis.model import CaptureReport, SessionPlace
from msra.analyzer import analyze
from tests.analysis.sightings import NUMBERS, PCAPS, Sight, captures, recapture, report

DAY, RANDOM = 86_400.0, "a9835a5b" * 8
NAT: dict[str, Any] = {"expert": ("203.0.113.7", 61234), "novice": ("192.168.178.20", 40001)}
"""Where the other capture sees the same two ends."""


def joined(*sights: Sight) -> bool:
    """Whether these, each of another capture, are one session."""
    places = tuple(SessionPlace(index, 1) for index in range(len(sights)))
    return same_sessions([report(sight) for sight in sights]) == [places]


# -- real captures -------------------------------------------------------------------------------------------------

SAME = (
    {
        "v2_ok_3389.pcapng", "link_gzip.pcapng.gz", "link_vlan.pcap", "tcp_out_of_order.pcap", "tcp_lost_segment.pcap",
        "tcp_retransmission.pcap", "cut_start50.pcapng", "cut_end_after_verify.pcapng",
    },
    {"v2_ok_49230.pcap", "cut_file_truncated.pcap"},
    {"v2_tls13.pcapng", "v2_tls13_dsb.pcapng"},
)  # fmt: skip
"""The captures that were made from one original (pcaps/README.md)."""


@cache
def read(path: Path) -> CaptureReport:
    return analyze(path, "embedded")


def test_the_sample_captures_are_joined_if_and_only_if_they_have_one_original() -> None:
    """Nearly all of them hold the same messages with the same password, from one address to one port."""
    names = [path.name for path in sorted(PCAPS.iterdir()) if ".pcap" in path.name]
    pairs = [
        {one, other} for one, other in combinations(names, 2) if same_sessions([read(PCAPS / one), read(PCAPS / other)])
    ]
    assert pairs == [pair for pair in map(set, combinations(names, 2)) if any(pair <= group for group in SAME)]
    groups = same_sessions([read(PCAPS / name) for name in names])
    assert [{names[place.capture] for place in group} for group in groups] == sorted(SAME, key=min)


@pytest.mark.parametrize("clock", [0, -20, 3 * DAY])
@pytest.mark.parametrize("keep", [lambda _n: True, lambda n: n < 72, lambda n: n > 1, lambda n: n < 4 or n > 50])
def test_the_other_side_of_nat(tmp_path: Path, clock: float, keep: Callable[[int], bool]) -> None:
    """Other addresses, another clock; an early end, no SYN, no set-up."""
    other = recapture(PCAPS / "v2_ok_3389.pcapng", tmp_path / "other.pcapng", clock, keep=keep)
    assert len(same_sessions([read(PCAPS / "v2_ok_3389.pcapng"), analyze(other, "embedded")])) == 1


def test_many_attempts_and_each_finds_its_own(tmp_path: Path) -> None:
    """48 sessions in a row, with one password. The clock is off by the time from one to the next; number 3 is cut."""
    other = recapture(PCAPS / "v2_all48_codes.pcapng", tmp_path / "other.pcapng", -2.26, keep=lambda n: n > 250)
    groups = same_sessions([read(PCAPS / "v2_all48_codes.pcapng"), analyze(other, "embedded")])
    assert groups == [(SessionPlace(0, number), SessionPlace(1, number - 2)) for number in range(4, 49)]


@pytest.mark.parametrize("nat", [False, True])
@pytest.mark.parametrize("clock", [0, 20, -20])
@pytest.mark.parametrize("keep", [lambda _n: True, lambda n: n > 1])
def test_a_retry_is_another_session(tmp_path: Path, nat: bool, clock: float, keep: Callable[[int], bool]) -> None:
    """The same in everything, but for the sequence numbers: from the same ports, and even at the same time."""
    retry = recapture(PCAPS / "v2_ok_3389.pcapng", tmp_path / "r.pcapng", clock, nat, numbers=123_456_789, keep=keep)
    assert same_sessions([read(PCAPS / "v2_ok_3389.pcapng"), analyze(retry, "embedded")]) == []


def test_a_late_capture_behind_nat_may_be_one_of_a_retry(tmp_path: Path) -> None:
    """Nothing is left but what programs say, and in their rhythm."""
    late = recapture(PCAPS / "v2_ok_3389.pcapng", tmp_path / "late.pcapng", keep=lambda n: n > 50)
    assert same_sessions([read(PCAPS / "v2_ok_3389.pcapng"), analyze(late, "embedded")]) == []


def test_keys_for_one_side_and_a_firewall_that_rewrites_sequence_numbers(tmp_path: Path) -> None:
    other = recapture(PCAPS / "v2_tls13.pcapng", tmp_path / "other.pcapng", DAY, numbers=123_456_789)
    assert len(same_sessions([read(PCAPS / "v2_tls13_dsb.pcapng"), analyze(other, "embedded")])) == 1


# -- the rules -----------------------------------------------------------------------------------------------------


def known(sight: Sight, **marks: Any) -> Sight:
    """What the capture shows of who is who; the names of the facts do not matter to the tests."""
    facts = {
        "client_random": "tls_session", "cookie": "connection_request", "client_name": "client_core",
        "user_name": "client_info", "working_dir": "client_info", "sha256": "server_key",
    }  # fmt: skip
    for key, value in marks.items():
        sight.fact(0, facts[key], **{key: value})
    return sight


def test_client_random() -> None:
    """Alone enough, whatever happened to the sequence numbers."""
    here, there = Sight().syns(), Sight(**NAT, clock=DAY).syns((5, 6))
    assert joined(known(here, client_random=RANDOM), known(there, client_random=RANDOM))


@pytest.mark.parametrize("numbers", [(NUMBERS[0], 5), (5, NUMBERS[1])])
def test_one_sequence_number_that_differs(numbers: tuple[int, int]) -> None:
    here, there = (known(sight, cookie="Eve") for sight in (Sight().syns(), Sight(**NAT).syns(numbers)))
    assert not joined(here, there)


@pytest.mark.parametrize("side", ["tcp_syn", "tcp_syn_ack"])
def test_one_sequence_number_needs_support(side: str) -> None:
    number = NUMBERS[side == "tcp_syn_ack"]
    assert not joined(Sight().syns(), Sight(**NAT).fact(0, side, sequence_number=number))
    for mark in ("cookie", "client_name", "user_name", "working_dir", "sha256"):
        half = Sight(**NAT).fact(0, side, sequence_number=number)
        assert joined(known(Sight().syns(), **{mark: "x"}), known(half, **{mark: "x"})), mark


def test_marks_alone_are_those_of_every_retry() -> None:
    marks = {"cookie": "Eve", "client_name": "PC", "user_name": "Eve", "working_dir": "id", "sha256": "00"}
    assert not joined(known(Sight(), **marks), known(Sight(**NAT), **marks))


@pytest.mark.parametrize("mark", ["client_random", "cookie", "client_name", "user_name", "working_dir", "sha256"])
def test_what_contradicts(mark: str) -> None:
    """Where both have it; what one capture does not show contradicts nothing."""
    assert joined(known(Sight().syns(), **{mark: "one"}), Sight(**NAT).syns())
    assert joined(known(Sight().syns(), **{mark: "one"}), known(Sight(**NAT).syns(), **{mark: ""}))
    assert not joined(known(Sight().syns(), **{mark: "one"}), known(Sight(**NAT).syns(), **{mark: "other"}))


def test_control_messages_contradict() -> None:
    """What the same TCP connection carries is the same, as far as both captures have all of it."""

    def told(code: int, **ends: Any) -> Sight:
        return Sight(**ends).syns().say(1, "expert", "ASK").say(2, "novice", "RESULT", result=code)

    assert joined(told(0), told(0, **NAT))
    assert not joined(told(0), told(41, **NAT))
    lost = Sight(**NAT).syns().say(1, "expert", "ASK").gap(1.5, "novice").say(2, "novice", "RESULT", result=41)
    assert joined(told(0), lost)
    assert joined(told(0), Sight(**NAT).syns().say(1, "expert", "ASK"))


def test_other_messages_do_not_contradict() -> None:
    """What a message on a file channel is depends on what the other side said before, and that may cross on the way."""
    block, command = (
        Sight(**ends).syns().say(1, "expert", kind, "RA_FX")
        for ends, kind in (({}, "FILE_DATA"), (NAT, "FILEXFERREJECT"))
    )
    assert joined(block, command)


def test_a_number_that_every_connection_has_is_no_evidence() -> None:
    """Captures that programs made, and stacks that begin with a constant."""
    twice = report(Sight(1).syns(), Sight(2, expert=("10.0.0.1", 50001), start=100).syns())
    assert same_sessions([twice, report(Sight(**NAT).syns())]) == []
    assert same_sessions([report(Sight().syns((0, 0))), report(Sight(**NAT).syns((0, 0)))]) == []


def test_a_gateway_that_captured_both_sides_of_its_nat() -> None:
    """It shows the session twice, and by its numbers it could be both. The ends decide, and one of them is enough."""
    gateway = report(Sight(1, **NAT).syns(), Sight(2).syns())
    assert same_sessions([report(Sight().syns()), report(Sight(**NAT).syns()), gateway]) == [
        (SessionPlace(0, 1), SessionPlace(1, 1), SessionPlace(2, 2))
    ]
    assert same_sessions([report(Sight().syns()), gateway]) == [(SessionPlace(0, 1), SessionPlace(1, 2))]


def ends(clock: float, novice: int = 49230) -> Sight:
    """A minute of a connection that nothing else is known of."""
    return Sight(novice=("10.0.0.2", novice), clock=clock).fact(60, "tcp_close", None, how="end")


def test_the_same_ends() -> None:
    assert joined(ends(0), ends(0))
    assert joined(ends(0), ends(20)), "the clock is wrong, but not by much"
    assert not joined(ends(0), ends(40)), "mostly at other times"
    assert not joined(ends(0), ends(0, novice=49231))


def test_the_same_ends_and_messages() -> None:
    """What the end of one capture and the beginning of the other have in common."""
    assert joined(ends(0).say(59, "expert", "HELLO"), ends(55).say(4, "expert", "HELLO"))
    assert not joined(ends(0).say(59, "expert", "HELLO"), ends(61).say(0, "expert", "HELLO"))


def test_the_same_ends_twice() -> None:
    """It could be either of them."""
    twice = report(ends(-30), Sight(2, clock=30).fact(60, "tcp_close", None, how="end"))
    assert same_sessions([report(ends(0)), twice]) == []


def test_the_same_ends_elsewhere() -> None:
    """Private addresses and ports may be the same by chance: other things are said there."""
    here, there = Sight(), Sight()
    for second in range(4):
        here.say(second, "expert", "HERE")
        there.say(second, "expert", "THERE")
    assert not joined(here, there)


PAUSES = (3.1, 12.6, 5.5, 4.2, 8.9)


def chat(pauses: tuple[float, ...] = PAUSES, jitter: float = 0, text: str = "hello", **where: Any) -> Sight:
    sight, second = Sight(**where), 10.0
    for number, pause in enumerate(pauses):
        second += pause
        sight.say(second + jitter * (number % 2), "expert", "CHAT", "70", text=f"{text} {number}")
        sight.say(second + 0.01, "novice", "RCCOMMAND", "71", name="TYPINGSTART")
    return sight


def test_a_conversation_of_people() -> None:
    """Four different pauses are enough; the same pause again is that of a program."""
    assert len(PAUSES) == MIN_PAUSES + 1, "the first message has no pause before it"
    assert joined(chat(), chat(**NAT, clock=DAY))
    assert joined(chat(), chat(**NAT, clock=DAY, jitter=0.2))
    assert not joined(chat(), chat(**NAT, jitter=0.5))
    assert not joined(chat(PAUSES[1:]), chat(PAUSES[1:], **NAT))
    assert not joined(chat((5,) * 9), chat((5,) * 9, **NAT))


def test_a_conversation_with_other_pauses() -> None:
    """One may come from a loss on the way; two may not."""
    longer = (*PAUSES, 7.7, 10.1)
    assert joined(chat(longer), chat((*longer[:-1], 15.5), **NAT))
    assert not joined(chat(longer), chat((*longer[:-2], 8.7, 11.6), **NAT))


def test_heartbeats_are_no_conversation() -> None:
    """They come by the clock: what they cut pauses into is no more evidence than the pauses."""

    def told(**where: Any) -> Sight:
        sight = Sight(**where)
        for number, second in enumerate((13.1, 20.3, 38.6, 50.3, 66.3)):
            if number % 2:
                sight.say(second, "expert", "REMOTEDESKTOP_CTL_ISCONNECTED")
            else:
                sight.say(second, "expert", "CHAT", "70", text=f"hello {number}")
        return sight

    assert not joined(told(), told(**NAT))


def test_a_conversation_proves_nothing_against_its_sequence_number_or_if_it_happens_twice() -> None:
    assert not joined(chat().syns(), chat(**NAT).syns((5, 6)))
    twice = report(chat(), chat(number=2, expert=("10.0.0.1", 50001), start=100))
    assert same_sessions([report(chat()), report(chat(**NAT)), twice])[0][:2] != (
        SessionPlace(0, 1),
        SessionPlace(1, 1),
    )
    assert same_sessions([twice, report(chat(**NAT))]) == []
    assert not joined(chat(), chat(**NAT).say(30, "expert", "ONLY HERE"))


def test_three_captures_and_two_sessions() -> None:
    first = [Sight(1).syns() for _ in range(3)]
    second = [Sight(2, expert=("10.0.0.1", 50001)).syns((7, 8)) for _ in range(3)]
    captures = [report(*sights) for sights in zip(first, second, strict=True)]
    assert same_sessions(captures) == [tuple(SessionPlace(index, number) for index in range(3)) for number in (1, 2)]


def test_what_one_capture_shows_counts_for_all_that_are_joined_with_it() -> None:
    """The second one could be the first or the third; these two are different sessions."""
    bare = Sight().syns()
    names = [known(Sight().syns(), client_name=name) for name in "AB"]
    results = [Sight().syns().say(1, "novice", "RESULT", result=code) for code in (0, 41)]
    for one, other in (names, results):
        assert same_sessions([report(one), report(bare), report(other)]) == [(SessionPlace(0, 1), SessionPlace(1, 1))]


def test_one_capture_has_nothing_to_join() -> None:
    assert same_sessions([]) == same_sessions([report(Sight(), Sight(2))]) == []


@pytest.mark.parametrize(("alike", "most"), [("ends", 8), ("words", 16)])
def test_a_flood_is_not_compared_with_itself(alike: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each session of one capture might be any of the other: the comparisons grow with their number, not its square."""
    count, original = 0, linking.compare

    def compare(*args: Any) -> Any:
        nonlocal count
        count += 1
        return original(*args)

    monkeypatch.setattr(linking, "compare", compare)
    both: list[list[Sight]] = [[], []]
    for at in range(100):
        for capture, seen in enumerate(both):
            seen.append(Sight(at + 1, **({"expert": ("10.0.0.1", at + capture * 1000)} if alike == "words" else {})))
            for other in range(100 if alike == "words" else 1):
                seen[-1].say(other, "expert", f"{at} {other}" if capture == 0 else f"{other} {at}")
    same_sessions([report(*seen) for seen in both])
    assert 0 < count <= 200 * most


# -- reconnects ----------------------------------------------------------------------------------------------------


def after(start: float = 100, port: int = 50001, novice: int = 49230, **marks: Any) -> Sight:
    """A later session of the same addresses."""
    sight = Sight(2, ("10.0.0.1", port), ("10.0.0.2", novice), start)
    return known(sight, **marks).say(start + 5, "expert", "X") if marks else sight.say(start + 5, "expert", "X")


def before(**marks: Any) -> Sight:
    """A session of ten seconds."""
    return known(Sight(), **marks).say(10, "expert", "X")


FOLLOWS = {
    "the novice's port": (before(), after(), True),
    "another port": (before(), after(novice=3389), False),
    "the invitation": (
        before(working_dir="id", user_name="Eve"), after(novice=1, working_dir="id", user_name="Eve"), True
    ),
    "another user": (
        before(working_dir="id", user_name="Eve"), after(novice=1, working_dir="id", user_name="Bob"), False
    ),
    "a new invitation": (before(working_dir="id"), after(working_dir="other"), True),
    "the cookie": (before(cookie="Eve"), after(novice=1, cookie="Eve"), True),
    "another cookie": (before(cookie="Eve"), after(cookie="Bob"), False),
    "the client name": (before(client_name="PC"), after(novice=1, client_name="PC"), True),
    "another computer behind the same address": (before(client_name="PC"), after(client_name="LAPTOP"), False),
    "at the same time": (before(), after(start=9), False),
    "right behind": (before(), after(start=10), True),
    "the same port, without a SYN": (before(), after(port=50000), False),
    "another expert": (before(), Sight(2, ("10.0.0.9", 50001), start=100), False),
    "another novice": (before(), Sight(2, novice=("10.0.0.9", 49230), start=100), False),
}  # fmt: skip


@pytest.mark.parametrize("case", FOLLOWS)
def test_reconnects(case: str) -> None:
    first, second, follows = FOLLOWS[case]
    assert reconnects([second.session, first.session]) == ({2: 1} if follows else {})


def test_the_same_port_with_a_syn_of_its_own() -> None:
    again = Sight(2, start=100).syns(seconds=100)
    assert reconnects([before().session, again.session]) == {2: 1}


@pytest.mark.parametrize(("how", "follows"), [("rst", True), ("fin", False), ("end", False)])
def test_a_connection_that_was_cut(how: str, follows: bool) -> None:
    """The expert is long back when the novice gives up the old connection with a reset."""
    cut = before().fact(200, "tcp_close", how=how)
    assert reconnects([cut.session, after().session]) == ({2: 1} if follows else {})


def test_a_row_of_attempts() -> None:
    """Each follows the one before; others behind the same address have a row of their own."""
    report_ = read(PCAPS / "v2_all48_codes.pcapng")
    assert reconnects(report_.sessions) == {number: number - 1 for number in range(2, 49)}
    for number, session in enumerate(report_.sessions):
        assert session.reconnects == (number or None)
    two = [
        known(
            Sight(number, ("10.0.0.1", 50000 + number), start=number * 20), client_name="PC" if number % 2 else "LAPTOP"
        )
        for number in range(1, 9)
    ]
    assert reconnects([sight.session for sight in two]) == {number: number - 2 for number in range(3, 9)}


# -- anything ------------------------------------------------------------------------------------------------------


@given(captures())
def test_any_sessions(reports: list[CaptureReport]) -> None:
    """Never an exception; nobody is in two groups, and no group has two of one capture; who follows comes later."""
    groups = same_sessions(reports)
    places = [place for group in groups for place in group]
    assert len(places) == len(set(places))
    for group in groups:
        assert len(group) >= 2
        assert [place.capture for place in group] == sorted({place.capture for place in group})
    for one in reports:
        times = {session.id: session.start for session in one.sessions}
        assert all(
            times[first] <= times[second] and first != second for second, first in reconnects(one.sessions).items()
        )


@given(captures())
def test_the_order_of_the_captures_does_not_matter(reports: list[CaptureReport]) -> None:
    """For two captures: more of them may be told apart by one that is looked at first."""
    there, back = reports[:2], reports[1::-1] if len(reports) > 1 else reports[:1]
    mirrored = [
        tuple(SessionPlace(1 - place.capture, place.session) for place in group) for group in same_sessions(back)
    ]
    assert {frozenset(group) for group in same_sessions(there)} == {frozenset(group) for group in mirrored}
