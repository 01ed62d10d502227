"""Filters: the sessions that were asked for, and a word on those that were not."""

from __future__ import annotations

import argparse
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.analysis.differences import Difference, OneSided
from msra.analysis.model import Attempt, CaptureReport, Outcome, Report, SameSession, Session, SessionPlace
from msra.events import Endpoint
from msra.filters import Filters, add_options, address, code, from_options, instant, outcomes, select
from tests.analysis.builders import EXPERT, NOVICE, SECOND, Story, sessions

FAILED, REFUSED = Outcome.FAILED, Outcome.REFUSED


def session(result: int = 61) -> Session:
    """On from second 1 to second 4."""
    return Story().version2().result(result).session()


def passes(**wanted: object) -> bool:
    return Filters(**wanted).session(session())  # type: ignore[arg-type]


def test_outcomes() -> None:
    assert passes(outcomes=frozenset({FAILED, REFUSED}))
    assert not passes(outcomes=frozenset({REFUSED}))


def test_codes_are_those_that_decided() -> None:
    assert passes(codes=frozenset({41, 61}))
    assert not passes(codes=frozenset({0}))
    assert not Filters(codes=frozenset({0})).session(Story().session()), "no result is not code 0"


def test_times_take_sessions_that_were_on() -> None:
    assert passes(since=4 * SECOND, until=9 * SECOND) and passes(since=0, until=SECOND)
    assert not passes(since=4 * SECOND + 1) and not passes(until=SECOND - 1)
    assert passes(since=2 * SECOND, until=3 * SECOND), "a session around the time is on, too"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0.0.1", True), ("10.0.0.2:49230", True), ("10.0.0.2:50000", False), ("10.0.0.3", False), ("::1", False),
    ],
)  # fmt: skip
def test_addresses_of_either_side(text: str, found: bool) -> None:
    assert passes(addresses=(address(text),)) == found
    assert passes(addresses=(address("192.0.2.1"), address(text))) == found


def test_kinds_narrow_each_other() -> None:
    assert passes(outcomes=frozenset({FAILED}), codes=frozenset({61}))
    assert not passes(outcomes=frozenset({FAILED}), codes=frozenset({41}))


def test_failed_connects_have_no_outcome() -> None:
    attempt = Attempt(EXPERT, NOVICE, "refused", 5 * SECOND, (1, 2), "Nothing listens.")
    assert Filters(since=5 * SECOND, addresses=(address("10.0.0.2"),)).attempt(attempt)
    assert not Filters(since=6 * SECOND).attempt(attempt)
    assert not Filters(outcomes=frozenset({FAILED})).attempt(attempt)
    assert not Filters(codes=frozenset({61})).attempt(attempt)


def captures() -> list[CaptureReport]:
    """One refused session; two of which the second is refused; a file that is none; nothing at all."""
    refused, second = sessions(Story(1).version2().result(41), Story(2).version2().result(41))
    failed = session()
    return [
        CaptureReport("a", "embedded", sessions=[session()]),
        CaptureReport("b", "embedded", sessions=[failed, second], notes=["a note"]),
        CaptureReport("c", "embedded", sessions=[refused]),
        CaptureReport("d", "embedded", error="this is no capture"),
        CaptureReport("e", "embedded"),
    ]


def test_a_report_keeps_what_passes_and_what_could_not_be_read() -> None:
    before = captures()
    report, left_out = select(Report(before), Filters(outcomes=frozenset({REFUSED})))
    assert [(capture.path, [one.id for one in capture.sessions]) for capture in report.captures] == [
        ("b", [2]), ("c", [1]), ("d", []),
    ]  # fmt: skip
    assert left_out == "2 of 4 sessions are left out by the filters"
    assert report.captures[0].notes == ["a note", "1 of 2 sessions is left out by the filters"]
    assert report.captures[1].notes == []
    assert [len(capture.sessions) for capture in before] == [1, 2, 1, 0, 0], "the report itself is as it was"


def test_no_filter_changes_nothing() -> None:
    report = Report(captures())
    assert select(report, Filters()) == (report, "") and select(report, Filters())[0] is report
    assert select(report, Filters(since=0))[1] == "", "and a filter that all pass says nothing"


def test_the_same_session_in_what_is_left() -> None:
    first, second, third = SessionPlace(0, 1), SessionPlace(1, 2), SessionPlace(2, 1)
    message = session().messages[0]
    differences = (
        Difference(second, third, None, None, (), (OneSided(third, message, "unseen"),)),
        Difference(first, second, None, None, (), ()),
    )
    report = Report(captures(), [SameSession((first, second, third), differences), SameSession((first, second), ())])
    selected, _ = select(report, Filters(outcomes=frozenset({REFUSED})))
    places = (SessionPlace(0, 2), SessionPlace(1, 1))
    left = Difference(*places, None, None, (), (OneSided(places[1], message, "unseen"),))
    assert selected.same == [SameSession(places, (left,))]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01 00:01", 60 * SECOND),
        ("1970-01-01T00:00:01Z", SECOND),
        ("1970-01-01t00:00:01.000000005z", SECOND + 5),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31 23:59:59.5", -SECOND // 2),
        ("2026-11-22 20:32", 1795379520 * SECOND),
    ],
)
def test_times(text: str, nanoseconds: int) -> None:
    assert instant(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-22", "2026-13-01 00:00", "2026-11-22T25:00Z", "1"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=repr(text)):
        instant(text)


def test_addresses() -> None:
    assert address("10.0.0.1") == (ip_address("10.0.0.1"), None)
    assert address("10.0.0.1:3389") == (ip_address("10.0.0.1"), 3389)
    assert address("fe80::1") == address("[fe80:0::1]") == (ip_address("fe80::1"), None)
    assert address("[::1]:1") == (ip_address("::1"), 1)
    there = Endpoint("2001:db8::1", 3389)
    found = Story().session()
    found.novice = there
    assert Filters(addresses=(address("[2001:DB8:0::1]:3389"),)).session(found)


@pytest.mark.parametrize("text", ["", "host", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:x", "[::1", "::1]:5", "10.0.0"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="addresses are written"):
        address(text)


def test_codes_and_outcomes_by_name() -> None:
    assert code("61") == code("passwords_dont_match") == 61
    assert code("0x80004005") == code("E_FAIL") == 0x80004005
    assert outcomes("failed, Refused") == {FAILED, REFUSED}
    with pytest.raises(ValueError, match="perhaps SAFERROR_HELPEESAIDNO"):
        code("HELPESAIDNO")
    with pytest.raises(ValueError, match="outcomes are established, refused, failed, incomplete, unreadable"):
        outcomes("failed,lost")


@given(st.text(), st.sampled_from([instant, address, code, outcomes]))
def test_any_text_is_taken_or_refused(text: str, parse) -> None:  # type: ignore[no-untyped-def]
    try:
        parse(text)
    except ValueError as error:
        assert str(error)


def options(*arguments: str) -> Filters:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return from_options(parser.parse_args(arguments))


def test_options() -> None:
    assert options() == Filters() and not options()
    assert options(
        "--only=failed,refused", "--only=unreadable", "--since=1970-01-01 00:01", "--until", "1970-01-01T00:02:00Z",
        "--address=::1", "--address=10.0.0.1:1", "--code=41", "--code", "E_FAIL",
    ) == Filters(
        frozenset({FAILED, REFUSED, Outcome.UNREADABLE}), 60 * SECOND, 120 * SECOND,
        (address("::1"), address("10.0.0.1:1")), frozenset({41, 0x80004005}),
    )  # fmt: skip


def test_a_wrong_option_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options("--since", "noon")
    assert "argument --since: 'noon': times are written" in capsys.readouterr().err
