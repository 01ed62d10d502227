"""Two captures of one session side by side: the clocks, and what only one of them shows, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from msra.analysis.differences import Difference, differences
from msra.analysis.linking import same_sessions
from msra.analysis.model import CaptureReport, SessionPlace
from msra.analyzer import analyze
from tests.analysis.sightings import PCAPS, SECOND, Sight, captures, recapture, report

DAY = 86_400.0
HERE, THERE = SessionPlace(0, 1), SessionPlace(1, 1)


def compared(here: CaptureReport | Sight, there: CaptureReport | Sight) -> Difference:
    (found,) = differences(
        [one if isinstance(one, CaptureReport) else report(one) for one in (here, there)], [HERE, THERE]
    )
    return found


def one_sided(found: Difference) -> list[tuple[SessionPlace, str, str]]:
    return [(one.place, one.message.type, one.why) for one in found.one_sided]


def talk(sight: Sight, way: float = 0, until: int = 9) -> Sight:
    """A second between the messages; `way` is the time from the place of the capture to the expert, and from there."""
    sight.syns()
    for number in range(1, until + 1):
        expert = number % 2 == 1
        sight.say(number + (way if expert else -way), "expert" if expert else "novice", f"MESSAGE {number}")
    return sight


def test_clocks() -> None:
    """The way there and back does not count; it tells which capture is closer to the expert."""
    found = compared(talk(Sight()), talk(Sight(clock=DAY), way=0.04))
    assert (found.offset, found.delay) == (DAY * SECOND, 0.04 * SECOND)
    assert (found.first, found.second) == (HERE, THERE)
    back = compared(talk(Sight(clock=DAY), way=0.04), talk(Sight()))
    assert (back.offset, back.delay) == (-DAY * SECOND, -0.04 * SECOND)
    assert [(mine.frame, theirs.frame) for mine, theirs in found.matched] == [(n, n) for n in range(3, 12)]
    assert found.one_sided == ()


def test_one_that_came_late_does_not_move_the_clock() -> None:
    """TCP sent it again."""
    late = talk(Sight(clock=DAY), until=4).say(25, "expert", "MESSAGE 5").say(26, "novice", "MESSAGE 6")
    found = compared(talk(Sight(), until=6), late)
    assert found.offset == DAY * SECOND
    assert found.one_sided == ()


def test_only_one_side_tells() -> None:
    here, there = (Sight(clock=clock).say(1, "novice", "RESULT") for clock in (0, 5))
    assert (compared(here, there).offset, compared(here, there).delay) == (5 * SECOND, None)
    strangers = compared(Sight().say(1, "novice", "A"), Sight().say(1, "novice", "B"))
    assert (strangers.offset, strangers.delay, strangers.matched) == (None, None, ())
    assert one_sided(strangers) == [(HERE, "A", "uncovered"), (THERE, "B", "uncovered")]


def test_a_refusal_that_never_arrived() -> None:
    """The connection broke before: the expert's capture shows it closed, and no RESULT."""
    novice = talk(Sight(), until=4).say(8, "novice", "RESULT", result=41)
    expert = talk(Sight(clock=DAY), until=4).fact(6, "tcp_close", "expert", how="rst")
    (one,) = compared(expert, novice).unseen
    assert (one.place, one.message.type, one.message.frame, one.message.fields) == (THERE, "RESULT", 7, {"result": 41})
    assert compared(novice, expert).unseen[0].place == HERE


def test_the_end_of_a_capture() -> None:
    """An open connection at the end: unless other sessions show that the capture goes on, there may be more."""
    whole, cut = talk(Sight()), talk(Sight(clock=DAY), until=8).fact(8, "tcp_close", None, how="end")
    assert one_sided(compared(whole, cut)) == [(HERE, "MESSAGE 9", "uncovered")]
    goes_on = report(cut, Sight(2, start=10, clock=DAY))
    assert one_sided(compared(whole, goes_on)) == [(HERE, "MESSAGE 9", "unseen")]


def test_the_start_of_a_capture() -> None:
    late = Sight(start=1.5, clock=DAY)
    for number in range(2, 10):
        late.say(number, "expert" if number % 2 else "novice", f"MESSAGE {number}")
    assert one_sided(compared(late, talk(Sight()))) == [(THERE, "MESSAGE 1", "uncovered")]


@pytest.mark.parametrize(("sender", "at", "why"), [
    ("expert", 1.5, "unreadable"), ("expert", 3.5, "unreadable"), ("expert", 4.5, "unreadable"),
    ("novice", 2.5, "unseen"), ("expert", 0.5, "unseen"), ("expert", 6.0, "unseen"),
])  # fmt: skip
def test_a_gap_hides_what_its_sender_sent_at_its_place(sender: str, at: float, why: str) -> None:
    """MESSAGE 3 of the expert is missing between its messages 1 and 5."""
    there, told = Sight(clock=DAY).syns(), False
    for number in range(1, 10):
        if number > at and not told:
            there.gap(at, "expert" if sender == "expert" else "novice")
            told = True
        if number != 3:
            there.say(number, "expert" if number % 2 else "novice", f"MESSAGE {number}")
    assert one_sided(compared(talk(Sight()), there)) == [(HERE, "MESSAGE 3", why)]


@pytest.mark.parametrize("missing", range(6))
def test_repeated_messages(missing: int) -> None:
    """Which heart-beat is missing shows the time, not the number."""
    here, there = Sight().syns(), Sight(clock=DAY).syns()
    for number in range(6):
        here.say(30 * number, "expert", "BEAT")
        if number != missing:
            there.say(30 * number + 0.2, "expert", "BEAT")
    there.fact(200, "tcp_close", "expert", how="fin")
    found = compared(here, there)
    assert [(one.message.time, one.why) for one in found.one_sided] == [(30 * missing * SECOND, "unseen")]
    assert len(found.matched) == 5


def test_repeated_messages_of_two_times() -> None:
    """As many in both captures, but not the same ones."""
    here, there = Sight().syns(), Sight(clock=DAY).syns()
    for number in range(3):
        here.say(30 * number, "expert", "BEAT")
        there.say(30 * number + 30, "expert", "BEAT")
    for found in (compared(here, there), compared(there, here)):
        assert len(found.matched) == 2


def test_quick_repetitions() -> None:
    """The first of four equal messages is missing: the others are paired with their own."""
    here, there = Sight().syns(), Sight().syns()
    for second in range(1, 5):
        here.say(second, "expert", "TYPING")
        if second > 1:
            there.say(second, "expert", "TYPING")
    assert [one.message.time for one in compared(here, there).one_sided] == [SECOND]
    assert [one.message.time for one in compared(there, here).one_sided] == [SECOND]


# -- real captures -------------------------------------------------------------------------------------------------


def test_a_lost_segment(tmp_path: Path) -> None:
    """A capture without the segment of EXPERT_ON_VISTA."""
    other = recapture(PCAPS / "v2_ok_3389.pcapng", tmp_path / "other.pcapng", DAY, keep=lambda n: n != 71)
    reports = [analyze(PCAPS / "v2_ok_3389.pcapng", "embedded"), analyze(other, "embedded")]
    (group,) = same_sessions(reports)
    (found,) = differences(reports, group)
    assert found.offset == DAY * SECOND
    assert one_sided(found) == [(HERE, "REMOTEDESKTOP_EXPERT_ON_VISTA", "unreadable")]
    assert [mine.frame for mine, _ in found.matched] == [61, 72, 83]


def test_keys_for_one_side() -> None:
    """Without keys nothing is read; the clocks are known all the same. Three captures are two differences."""
    names = ("v2_tls13.pcapng", "v2_tls13_dsb.pcapng", "v2_tls13.pcapng")
    reports = [analyze(PCAPS / name, "embedded") for name in names]
    ((*places,),) = same_sessions(reports)
    with_keys, without = differences(reports, places)
    assert (with_keys.offset, without.offset, without.one_sided) == (0, 0, ())
    assert len(with_keys.one_sided) == 4
    assert {why for _, _, why in one_sided(with_keys)} == {"unreadable"}


@given(captures())
def test_any_sessions(reports: list[CaptureReport]) -> None:
    """Never an exception; every message is either in both or in one of them."""
    places = [SessionPlace(index, one.id) for index, report in enumerate(reports) for one in report.sessions]
    if not places:
        return
    for found in differences(reports, places):
        for place, side in ((found.first, 0), (found.second, 1)):
            (session,) = [one for one in reports[place.capture].sessions if one.id == place.session]
            both = [pair[side] for pair in found.matched]
            alone = [one.message for one in found.one_sided if one.place == place]
            assert sorted(map(id, [*both, *alone])) == sorted(map(id, session.messages))
        assert all(mine.sender == theirs.sender and mine.type == theirs.type for mine, theirs in found.matched)
