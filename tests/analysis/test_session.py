"""Sessions: what counts as one, and that thousands of gaps become few."""

from __future__ import annotations

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
