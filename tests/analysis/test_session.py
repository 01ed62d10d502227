"""Sessions: what counts as one, and that thousands of gaps become few."""

from __future__ import annotations

import pytest

from msra import budget
from msra.analysis import session as module
from msra.analysis.session import Sessions
from tests.analysis.builders import EXPERT, NOVICE, SECOND, Story, sessions


def test_ordinary_rdp_is_no_session() -> None:
    story = Story().fact("client_channels", "expert", channel_names=("rdpdr", "drdynvc")).gap("bad_framing")
    assert sessions(story) == []


def test_a_remote_assistance_channel_makes_a_session() -> None:
    for name in ("remdesk", "encomsp"):
        assert Story().fact("client_channels", "expert", channel_names=("rdpdr", name)).session().channels


def test_messages_make_a_session() -> None:
    assert Story().fact("client_channels", "expert", channel_names=("drdynvc",)).version2().session().messages


def test_an_unknown_channel_list_makes_a_session() -> None:
    assert Story().session().channels is None


def test_sessions_are_numbered_without_holes() -> None:
    ordinary = Story(1).fact("client_channels", "expert", channel_names=("rdpdr",))
    assert [session.id for session in sessions(ordinary, Story(2), Story(3))] == [1, 2]


def test_ends_and_times() -> None:
    session = Story().version2().session()
    assert (session.expert, session.novice) == (EXPERT, NOVICE)
    assert (session.start, session.end) == (1 * SECOND, 3 * SECOND)


def test_gaps_of_one_kind_and_side_are_one() -> None:
    story = Story()
    for _ in range(100):
        story.gap("encrypted", 10, "novice").gap("encrypted", 1, "expert")
    story.gap("lost_segment", 5)
    got = [(gap.kind, gap.sender, gap.size) for gap in story.session().gaps]
    assert got == [("encrypted", "novice", 1000), ("encrypted", "expert", 100), ("lost_segment", "novice", 5)]


def test_messages_that_became_known_late_are_put_into_order() -> None:
    story = Story().version2().result(0)
    story.events[1:] = reversed(story.events[1:])
    assert [message.frame for message in story.session().messages] == [2, 3, 4]


def test_a_message_separates_gaps() -> None:
    story = Story().gap("compressed", 1).version2().gap("compressed", 2)
    assert [gap.size for gap in story.session().gaps] == [1, 2]


def said(count: int, connection: int = 1) -> Story:
    """The handshake, a result, and a flood of chat."""
    story = Story(connection).version2().result(0)
    for _ in range(count):
        story.say("expert", "CHAT", "70", text="x" * 1000)
    return story


def test_what_one_connection_sends_too_much_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_REPORT_OF_A_CONNECTION", 150_000)
    flood, other = sessions(said(1000).fact("tcp_close", "expert", how="fin"), said(10, connection=2))
    assert 50 < len(flood.messages) < 100 and flood.verdict.result == 0
    ((kind, frame),) = [(gap.kind, gap.frame) for gap in flood.gaps]
    assert (kind, frame) == ("left_out", len(flood.messages) + 2), "at the first that is left out"
    assert "left_out" in {finding.id for finding in flood.findings}
    assert flood.end == 1005 * SECOND
    assert len(other.messages) == 13 and other.gaps == []


def test_a_flood_does_not_hide_how_other_sessions_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Budget", lambda: budget.Budget(100_000))
    flood, other = sessions(said(1000), said(100, connection=2))
    assert other.verdict.result == 0 and 10 < len(other.messages) < 30
    assert [gap.kind for gap in flood.gaps + other.gaps] == ["left_out", "left_out"]


def test_facts_beyond_those_of_any_connection_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STORY", 5)
    story = Story().version2()
    for _ in range(9):
        story.fact("activated")
    session = story.fact("tcp_close", "expert", how="rst").session()
    assert len(session.timeline) == 5 and [(gap.kind, gap.sender) for gap in session.gaps] == [
        ("left_out", "novice"), ("left_out", "expert"),
    ]  # fmt: skip


def test_gaps_that_are_one_cost_as_one() -> None:
    collected = Sessions()
    story = Story()
    for _ in range(1000):
        story.gap("encrypted")
    for event in story.events:
        collected.add(event)
    assert budget.Budget().left - collected._budget.left < 1000


def test_connections_without_messages_make_way_for_those_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SESSIONS", 3)
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    collected = Sessions()
    stories = [Story(number) for number in range(1, 13)]
    stories[6].version2()
    for story in stories:
        for event in story.events:
            collected.add(event)
    for event in Story(9).result(41).events[1:] + Story(12).result(41).events[1:]:
        collected.add(event)  # the first is forgotten by now
    found = collected.finish()
    assert [len(session.messages) for session in found] == [0, 0, 0, 2, 1]
    assert [session.id for session in found] == [1, 2, 3, 4, 5]
    assert (collected.rdp_connections, collected.with_messages) == (12, 2)
    assert collected.notes == ["7 more RDP connections, which showed no message, are left out"]


def test_sessions_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SESSIONS", 3)
    assert len(sessions(*(Story(number).result(0) for number in range(1, 13)))) == 6
