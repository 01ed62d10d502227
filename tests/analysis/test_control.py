"""Shared control: every transition, who may say what, and the scenes on control from real bytes to their findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.analysis.control import MAX_CONTROLS, STEPS, controls
from msra.analysis.evidence import Evidence
from msra.analysis.findings import findings
from msra.analysis.findings.vocabulary import COMMANDS
from msra.analysis.model import Control
from msra.analyzer import iter_events
from msra.events import ConnectionOpened, Event, Fact, Message
from tests.analysis.builders import SECOND
from tests.analysis.findings.stories import Tale, evidence
from tests.analysis.synthetic import SCENES, Scene, capture

CHANGE = "OD_PARTICIPANT_CTRL_CHANGE"
MOVES: Mapping[str, Callable[[Tale], Tale]] = {
    "ASK1": lambda tale: tale.command("expert", "REMOTECTRLSTART"),
    "ASK": lambda tale: tale.order("expert", CHANGE, flags=3, participant_id=5),
    "ACCEPT": lambda tale: tale.command("novice", "ACCEPTRC"),
    "REJECT": lambda tale: tale.command("novice", "REJECTRC"),
    "DENY": lambda tale: tale.command("novice", "DENIEDRC "),  # [MS-RA] 3.15.5 writes it with a blank
    "TAKE": lambda tale: tale.command("novice", "TAKECONTROL"),
    "ESC": lambda tale: tale.command("novice", "ESCRC"),
    "END": lambda tale: tale.command("expert", "REMOTECTRLEND"),
    "RELEASE": lambda tale: tale.order("expert", CHANGE, flags=1, participant_id=5),
    "ABORT": lambda tale: tale.command("novice", "ABORTRC"),
    "eABORT": lambda tale: tale.command("expert", "ABORTRC"),
    "CHAT": lambda tale: tale.message("expert", "CHAT", "70"),
}


def told(moves: str) -> list[Control]:
    """The controls of a story whose moves have the frames 2, 3, 4 and so on, a second apart."""
    tale = Tale(start=False)
    for move in moves.split():
        MOVES[move](tale)
    return controls(evidence(tale))


CASES: Mapping[tuple[str, str], tuple[str, list[Control]]] = {
    # (state, what is said): a story that comes to this, and its controls
    ("viewing", "asks"): ("ASK", [Control(2, None, None, "pending", None)]),
    ("viewing", "accepts"): ("ACCEPT CHAT TAKE", [Control(None, 2, 4, "taken_back", 2 * SECOND)]),
    ("viewing", "refuses"): ("REJECT", [Control(None, 2, None, "rejected", None)]),
    ("viewing", "ends"): ("ESC", [Control(None, None, 2, "escaped", None)]),
    ("viewing", "gives_up"): ("END", [Control(None, None, 2, "given_up", None)]),
    ("asked", "accepts"): ("ASK1 CHAT ACCEPT", [Control(2, 4, None, "accepted", None)]),
    ("asked", "refuses"): ("ASK DENY", [Control(2, 3, None, "denied", None)]),
    ("asked", "ends"): ("ASK ABORT", [Control(2, None, 3, "aborted", None)]),
    ("asked", "gives_up"): ("ASK1 END", [Control(2, None, 3, "given_up", None)]),
    ("asked", "releases"): ("ASK RELEASE", [Control(2, None, 3, "given_up", None)]),
    ("controlling", "ends"): ("ASK ACCEPT CHAT CHAT ESC", [Control(2, 3, 6, "escaped", 3 * SECOND)]),
    ("controlling", "gives_up"): ("ASK ACCEPT END", [Control(2, 3, 4, "given_up", SECOND)]),
    ("controlling", "releases"): ("ASK ACCEPT RELEASE", [Control(2, 3, 4, "given_up", SECOND)]),
    ("released", "asks"): (
        "ASK RELEASE ASK",
        [Control(2, None, 3, "given_up", None), Control(4, None, None, "pending", None)],
    ),
    ("released", "accepts"): (
        "ASK RELEASE ACCEPT",
        [Control(2, None, 3, "given_up", None), Control(None, 4, None, "accepted", None)],
    ),
    ("released", "refuses"): (
        "ASK RELEASE REJECT",
        [Control(2, None, 3, "given_up", None), Control(None, 4, None, "rejected", None)],
    ),
    ("released", "ends"): (
        "ASK ACCEPT RELEASE TAKE",
        [Control(2, 3, 4, "given_up", SECOND), Control(None, None, 5, "taken_back", None)],
    ),
    ("released", "gives_up"): ("ASK ACCEPT RELEASE END", [Control(2, 3, 4, "given_up", SECOND)]),
}
UNMOVED = {
    # What changes nothing: said again, or at a wrong moment.
    ("viewing", "releases"): "RELEASE",
    ("asked", "asks"): "ASK ASK1",
    ("controlling", "asks"): "ASK ACCEPT ASK",
    ("controlling", "accepts"): "ASK ACCEPT ACCEPT",
    ("controlling", "refuses"): "ASK ACCEPT REJECT",
    ("released", "releases"): "ASK RELEASE RELEASE",
}


def test_every_transition_has_its_story() -> None:
    assert set(CASES) == set(STEPS)
    states, said = ({step[at] for step in STEPS} for at in (0, 1))
    assert set(CASES) | set(UNMOVED) == {(state, what) for state in states for what in said}


@pytest.mark.parametrize("step", CASES, ids=" ".join)
def test_transition(step: tuple[str, str]) -> None:
    moves, expected = CASES[step]
    assert told(moves) == expected


@pytest.mark.parametrize("step", UNMOVED, ids=" ".join)
def test_what_changes_nothing(step: tuple[str, str]) -> None:
    moves = UNMOVED[step]
    assert told(moves) == told(" ".join(moves.split()[:-1]))


def test_one_request_after_the_other() -> None:
    assert [control.how for control in told("ASK REJECT ASK ACCEPT TAKE ASK ACCEPT RELEASE END ASK1 eABORT ASK")] == [
        "rejected", "taken_back", "given_up", "aborted", "pending",
    ]  # fmt: skip


def test_who_never_says_it_is_not_heard() -> None:
    tale = Tale().command("novice", "REMOTECTRLSTART").command("novice", "REMOTECTRLEND")
    for name in ("ACCEPTRC", "REJECTRC", "DENIEDRC", "TAKECONTROL", "ESCRC"):
        tale.command("expert", name)
    assert controls(evidence(tale.order("novice", CHANGE, flags=3))) == []


def test_to_ask_takes_the_flag() -> None:
    for fields in ({}, {"flags": 1}, {"flags": 8}, {"flags": "3"}):
        assert controls(evidence(Tale().order("expert", CHANGE, **fields))) == []
    assert controls(evidence(Tale().order("expert", "OD_WND_CREATED", flags=3))) == []


def test_clocks_that_go_back_give_no_negative_duration() -> None:
    tale = Tale(start=False).command("novice", "ACCEPTRC").command("novice", "TAKECONTROL")
    tale.events[-1] = replace(tale.events[-1], time=0)
    assert controls(evidence(tale)) == [Control(None, 2, 3, "taken_back", 0)]


def test_the_list_is_bounded() -> None:
    tale = Tale()
    for _ in range(MAX_CONTROLS + 10):
        tale.command("novice", "REJECTRC")
    assert len(controls(evidence(tale))) == MAX_CONTROLS


ON_CONTROL = [scene for scene in SCENES if "control" in scene.name]


@cache
def scenes() -> list[Evidence]:
    """The scenes on control, read from their bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "made.pcap")
        path.write_bytes(capture(ON_CONTROL))
        return list(_connections(list(iter_events(path, "embedded"))))


def _connections(events: list[Event]) -> Iterator[Evidence]:
    for number in [event.connection for event in events if isinstance(event, ConnectionOpened)]:
        own = [event for event in events if event.connection == number]
        messages = tuple(event for event in own if isinstance(event, Message))
        facts = tuple(event for event in own if isinstance(event, Fact))
        yield Evidence(messages, {fact.name: fact for fact in reversed(facts)}, (), facts)


@pytest.mark.parametrize("index", range(len(ON_CONTROL)), ids=lambda index: str(ON_CONTROL[index]))
def test_scene(index: int) -> None:
    scene: Scene = ON_CONTROL[index]
    assert {found.id for found in findings(scenes()[index], controls(scenes()[index]))} == scene.findings


ANYTHING = st.tuples(
    st.sampled_from(["expert", "novice"]),
    st.sampled_from(["RCCOMMAND", CHANGE, "CHAT"]),
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.sampled_from([*sorted(name for name in COMMANDS if "RC" in name or "CTRL" in name), ""])
            | st.integers(),
            "flags": st.integers() | st.text(max_size=2),
        },
    ),
    st.integers(0, 9),
)


@given(st.lists(ANYTHING, max_size=40))
def test_no_stream_of_messages_is_too_much(said: list[tuple[str, str, dict[str, int | str], int]]) -> None:
    """Frames come in their order, each belongs to one control, and only what was granted and ended has a duration."""
    messages = [
        Message(1, frame, time, sender, "71", kind, fields)  # type: ignore[arg-type]
        for frame, (sender, kind, fields, time) in enumerate(said, start=1)
    ]
    found = controls(Evidence(tuple(messages), {}, ()))
    frames = [frame for one in found for frame in (one.asked, one.answered, one.ended) if frame is not None]
    assert frames == sorted(set(frames)) and set(frames) <= {message.frame for message in messages}
    for control in found:
        assert (control.duration is not None) == (control.answered is not None and control.ended is not None)
        assert control.duration is None or control.duration >= 0
    assert all(control.how not in ("pending", "accepted") for control in found[:-1])
