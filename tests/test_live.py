"""Live: what is shown when; ended sessions leave nothing behind; the verdicts are those of the whole report."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra import budget
from msra.analysis.model import CaptureReport, Outcome, Session
from msra.analysis.session import Sessions
from msra.engines.embedded import EmbeddedEngine
from msra.engines.interface import Options
from msra.events import ConnectFailed, ConnectionOpened, Event, Fact, Gap, Message
from msra.filters import Filters
from msra.live import LiveSessions, watch
from tests.analysis.builders import EXPERT, NOVICE, Story
from tests.conformance.expected import PCAPS


class Log:
    """Shows what it is told, in words."""

    def begin(self, session: int, opened: ConnectionOpened) -> str:
        return f"begin {session} of {opened.connection}"

    def event(self, session: int, event: Message | Fact | Gap) -> str:
        name = event.type if isinstance(event, Message) else event.name if isinstance(event, Fact) else event.kind
        return f"{session}: {name.removeprefix('REMOTEDESKTOP_')}"

    def session(self, session: Session, told: bool) -> str:
        return f"{session.id} {session.verdict.outcome.value}" + ("" if told else " untold")

    def end(self, capture: CaptureReport, sessions: int) -> str:
        return f"end {capture.rdp_connections} {sessions} {len(capture.attempts)}"


def shown(events: list[Event], live: LiveSessions | None = None) -> list[str]:
    live = live or LiveSessions(Log())
    lines = [line for event in events for line in live.add(event)]
    return [*lines, "-", *live.finish(CaptureReport(path="x", engine="embedded"))]


def test_a_session() -> None:
    """It begins with what tells that it is one; what came before is told then, and the verdict when it is closed."""
    made = Story().fact("connection_request", "expert").fact("client_channels", "expert", channel_names=("remdesk",))
    made.result(61).fact("tcp_close", "expert", how="fin")
    assert shown(made.events) == [
        "begin 1 of 1", "1: connection_request", "1: client_channels", "1: CTL_RESULT", "1: tcp_close", "1 failed",
        "-", "end 1 1 0",
    ]  # fmt: skip


def test_a_session_that_has_ended_takes_no_memory() -> None:
    live = LiveSessions(Log())
    free = live._budget.left
    lines = shown(Story().result(61).events, live)
    assert lines[-2] == "1 failed" and live._budget.left == free


def test_what_is_not_kept_is_shown_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_REPORT_OF_A_CONNECTION", 3_000)
    story = Story().result(61)
    for _ in range(100):
        story.say("novice", "CHAT", "70", text="?")
    assert shown(story.events).count("1: CHAT") == 100


def test_lines_come_with_their_events() -> None:
    live = LiveSessions(Log())
    counts = [len(list(live.add(event))) for event in Story().result(0).say("expert", "CHAT", "70").events]
    assert counts == [0, 2, 1]


def test_what_goes_on_is_ended_at_the_end() -> None:
    assert shown(Story().result(0).events)[-3:] == ["-", "1 established", "end 1 1 0"]


def test_ordinary_rdp_is_only_counted() -> None:
    made = Story().fact("client_channels", "expert", channel_names=("rdpdr",)).fact("tcp_close", how="fin")
    assert shown(made.events) == ["-", "end 1 0 0"]


def test_what_may_be_a_session_is_one() -> None:
    encrypted = Story().fact("unreadable", reason="it needs keys").gap("encrypted").gap("encrypted")
    assert shown(encrypted.events) == [
        "begin 1 of 1", "1: unreadable", "1: encrypted", "-", "1 unreadable", "end 1 1 0"
    ]  # fmt: skip
    assert shown(Story().fact("tls").fact("tcp_close", how="rst").events)[:1] == ["1 unreadable"]


def test_filters_wait_for_the_end_of_a_session() -> None:
    live = LiveSessions(Log(), filters=Filters(outcomes=frozenset({Outcome.FAILED})))
    failed, good = Story(1).result(61).fact("tcp_close", how="fin"), Story(2).result(0).fact("tcp_close", how="fin")
    assert shown([*failed.events, *good.events], live) == ["1 failed untold", "-", "end 2 1 0"]
    assert (live.left_out, live.shown, live.outcomes) == (1, 1, {Outcome.FAILED})


def test_failed_connects_are_counted() -> None:
    assert shown([ConnectFailed(0, 1, 0, EXPERT, NOVICE, "refused", (1, 2))]) == ["-", "end 0 0 1"]


def test_a_reconnect_is_known_as_one() -> None:
    ended: list[Session] = []
    live = LiveSessions(Log(), ended=ended.append)
    for number in (1, 2):
        made = Story(number).fact("connection_request", "expert", cookie="Eve").result(61)
        made.fact("tcp_syn", "expert", sequence_number=number)
        events = [*made.fact("tcp_close", how="fin").events]
        shift = 100_000_000_000 * number
        shown([type(e)(**{**_values(e), "time": e.time + shift}) for e in events], live)
    assert [session.reconnects for session in ended] == [None, 1]


def _values(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}


def test_ended_sessions_leave_nothing_behind() -> None:
    live = LiveSessions(Log())
    for number in range(1, 200):
        for event in Story(number).result(0).fact("tcp_close", how="fin").events:
            list(live.add(event))
    assert not live._running and len(live._recent) < 50


@pytest.mark.parametrize("name", ["v2_all48_codes.pcapng", "rich_all_types.pcapng", "v2_rc4_128.pcapng"])
def test_the_sessions_are_those_of_the_whole_report(name: str) -> None:
    whole = Sessions()
    for event in EmbeddedEngine().read(PCAPS / name, Options()).events():
        whole.add(event)
    ended: list[Session] = []
    with (PCAPS / name).open("rb") as stream:
        capture = watch(
            "-", EmbeddedEngine(), Options(), stream, LiveSessions(Log(), ended=ended.append), lambda _text: None
        )
    assert sorted(ended, key=lambda session: session.id) == whole.finish()
    assert capture.error is None and capture.packets > 0 and capture.rdp_connections == whole.rdp_connections


def test_what_cannot_be_read() -> None:
    lines: list[str] = []
    with (PCAPS / "README.md").open("rb") as stream:
        capture = watch("-", EmbeddedEngine(), Options(), stream, LiveSessions(Log()), lines.append)
    assert capture.error and lines == ["end 0 0 0"]


STEPS = {
    "talk": lambda story: story.say("expert", "CHAT", "70", text="x"),
    "fail": lambda story: story.result(61),
    "ordinary": lambda story: story.fact("client_channels", "expert", channel_names=("rdpdr",)),
    "assist": lambda story: story.fact("client_channels", "expert", channel_names=("remdesk",)),
    "hidden": lambda story: story.fact("unreadable", reason="x"),
    "gap": lambda story: story.gap("encrypted"),
}


@given(
    st.lists(st.tuples(st.lists(st.sampled_from(sorted(STEPS)), max_size=8), st.booleans()), max_size=4), st.randoms()
)
def test_any_order_of_events_gives_the_verdicts_of_the_whole_report(
    plans: list[tuple[list[str], bool]], random: Random
) -> None:
    stories = []
    for number, (steps, closed) in enumerate(plans, start=1):
        made = Story(number)
        for name in steps:
            STEPS[name](made)
        stories.append(made.fact("tcp_close", how="fin").events if closed else made.events)
    turns = [number for number, events in enumerate(stories) for _ in events]
    random.shuffle(turns)
    queues = [iter(events) for events in stories]
    events = [next(queues[number]) for number in turns]
    whole, ended = Sessions(), list[Session]()
    for event in events:
        whole.add(event)
    shown(events, LiveSessions(Log(), ended=ended.append))
    expected = whole.finish()
    assert len({session.id for session in ended}) == len(ended)
    assert sorted(_verdicts(ended)) == sorted(_verdicts(expected))


def _verdicts(sessions: list[Session]) -> list[tuple[str, int, str]]:
    return [(session.verdict.outcome.value, len(session.messages), session.verdict.summary) for session in sessions]
