"""The handshake: every state of every version is reached, by the book and otherwise, and nothing misleads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.analysis.handshake import ELSEWHERE, TABLES, Table, handshake
from msra.analysis.model import Handshake
from msra.codes import CODES, ResultCode
from msra.events import GAPS, Role
from msra.layers.msra import MSG_TYPES
from tests.analysis.findings.stories import Tale, evidence

MOVES: Mapping[str, Callable[[Tale], Tale]] = {
    # What the stories below are made of; a small letter says whose it is where both sides send it.
    "ANNOUNCE": lambda tale: tale.novice("CTL_SERVER_ANNOUNCE"),
    "nVERSION": lambda tale: tale.novice("CTL_VERSIONINFO", version_major=1, version_minor=2),
    "eVERSION": lambda tale: tale.expert("CTL_VERSIONINFO", version_major=1, version_minor=2),
    "AUTHENTICATE": lambda tale: tale.expert("CTL_AUTHENTICATE"),
    "SCREEN": lambda tale: tale.expert("CTL_REMOTE_CONTROL_DESKTOP"),
    "VISTA": lambda tale: tale.expert("EXPERT_ON_VISTA"),
    "VERIFY": lambda tale: tale.expert("CTL_VERIFY_PASSWORD"),
    "nTOKEN": lambda tale: tale.novice("CTL_TOKEN"),
    "eTOKEN": lambda tale: tale.expert("CTL_TOKEN"),
    "OK": lambda tale: tale.novice("CTL_RESULT", result=0),
    "NO": lambda tale: tale.novice("CTL_RESULT", result=41),
    "WRONG": lambda tale: tale.novice("CTL_RESULT", result=61),
    "OVER": lambda tale: tale.novice("CTL_RESULT", result=3),
    "eWRONG": lambda tale: tale.expert("CTL_RESULT", result=47),
    "eOVER": lambda tale: tale.expert("CTL_RESULT", result=4),
    "nBYE": lambda tale: tale.novice("CTL_DISCONNECT"),
    "eBYE": lambda tale: tale.expert("CTL_DISCONNECT"),
    "nNAME": lambda tale: tale.novice("CTL_RANOVICE_NAME"),
    "eNAME": lambda tale: tale.expert("CTL_RAEXPERT_NAME"),
    "nCHAT": lambda tale: tale.message("novice", "CHAT", "70"),
    "eCHAT": lambda tale: tale.message("expert", "CHAT", "70"),
    "ORDER": lambda tale: tale.order("novice", "OD_FILTER_STATE_UPDATED", flags=1),
    "BEAT": lambda tale: tale.expert("CTL_ISCONNECTED"),
    "channels": lambda tale: tale.fact("server_channels", channel_ids=(1004,)),
    "lost": lambda tale: tale.gap("lost_segment"),
    "encrypted": lambda tale: tale.gap("encrypted", sender="expert"),
    "padded": lambda tale: tale.gap("incomplete_pdu"),
}


def told(moves: str, start: bool = True) -> Handshake:
    """The handshake of a story; `start`: whether the capture shows the beginning of the connection."""
    tale = Tale(start)
    for move in moves.split():
        MOVES[move](tale)
    return handshake(evidence(tale))


HELLO_1, HELLO_2 = "ANNOUNCE nVERSION eVERSION AUTHENTICATE", "ANNOUNCE nVERSION VISTA VERIFY"
BOTH = "nTOKEN eTOKEN"
STORIES: Mapping[tuple[int | None, str], tuple[str, str]] = {
    # (version, state): by the book, and otherwise
    (1, "version_chosen"): ("ANNOUNCE nVERSION eVERSION", "eVERSION nVERSION"),
    (1, "password_sent"): (HELLO_1, "AUTHENTICATE ANNOUNCE eVERSION"),
    (1, "password_accepted"): (f"{HELLO_1} OK", "AUTHENTICATE WRONG AUTHENTICATE OK"),
    (1, "screen_requested"): (f"{HELLO_1} OK SCREEN", "nVERSION eVERSION AUTHENTICATE SCREEN"),  # as FreeRDP
    (1, "established"): (f"{HELLO_1} OK SCREEN OK", "nVERSION eVERSION AUTHENTICATE SCREEN OK OK AUTHENTICATE"),
    (1, "ended"): (f"{HELLO_1} OK SCREEN OK eBYE", "AUTHENTICATE SCREEN OK OVER nBYE eBYE"),
    (1, "refused"): (f"{HELLO_1} OK SCREEN NO", "AUTHENTICATE SCREEN OK NO eBYE"),
    (1, "failed"): (f"{HELLO_1} WRONG nBYE", "AUTHENTICATE SCREEN WRONG SCREEN"),
    (1, "disconnected"): (f"{HELLO_1} OK eBYE", "AUTHENTICATE eBYE OK"),
    (1, "expert_refused"): ("ANNOUNCE nVERSION eVERSION AUTHENTICATE eWRONG", "eVERSION eBYE eOVER"),
    (2, "version_chosen"): ("ANNOUNCE nVERSION VISTA", "VISTA ANNOUNCE"),
    (2, "password_sent"): (HELLO_2, "VERIFY VISTA"),
    (2, "established"): (f"{HELLO_2} OK nNAME eNAME", "VERIFY VISTA NO WRONG OK VERIFY"),
    (2, "ended"): (f"{HELLO_2} OK nBYE", "VISTA VERIFY eBYE OK"),
    (2, "refused"): (f"{HELLO_2} OK NO", "VISTA VERIFY WRONG NO eBYE"),
    (2, "failed"): (f"{HELLO_2} WRONG eBYE", "VISTA VERIFY OK WRONG nTOKEN"),
    (2, "disconnected"): (f"{HELLO_2} eBYE", "VISTA nBYE VERIFY"),
    (2, "expert_refused"): ("ANNOUNCE nVERSION VISTA eWRONG", f"{HELLO_2} eOVER nBYE"),
    (3, "novice_token_sent"): ("nTOKEN", "nTOKEN nTOKEN eCHAT"),
    (3, "expert_token_sent"): ("ANNOUNCE eTOKEN", "eTOKEN eTOKEN nCHAT"),
    (3, "tokens_exchanged"): (BOTH, "ORDER eTOKEN nTOKEN BEAT"),
    (3, "established"): (f"{BOTH} nCHAT", "eTOKEN nTOKEN OK"),
    (3, "ended"): (f"{BOTH} nCHAT eBYE", f"{BOTH} ORDER eOVER nBYE"),
    (3, "refused"): (f"{BOTH} NO", f"{BOTH} nCHAT NO"),  # there is no RESULT in version 3: both deviate
    (3, "failed"): (f"{BOTH} WRONG", f"nTOKEN WRONG {BOTH}"),
    (3, "disconnected"): (f"{BOTH} nBYE", "nTOKEN eBYE eTOKEN eCHAT"),
    (3, "expert_refused"): ("nTOKEN eWRONG", f"{BOTH} eOVER nBYE"),
    (None, "not_reached"): ("", "BEAT"),
    (None, "waiting_for_novice"): ("channels", "channels BEAT"),
    (None, "not_seen"): ("encrypted", "channels lost BEAT"),
    (None, "running"): ("lost nCHAT eCHAT", "ORDER eNAME"),
    (None, "waiting_for_expert"): ("channels ANNOUNCE nVERSION", "ORDER nVERSION ANNOUNCE ORDER"),
    (None, "accepted"): ("nVERSION lost OK", "nVERSION NO OK"),
    (None, "established"): ("nVERSION lost OK nCHAT", "lost OK OK"),
    (None, "ended"): ("lost nCHAT eBYE", "nVERSION lost OK OVER"),
    (None, "refused"): ("ANNOUNCE lost NO", "nVERSION lost OK OK NO"),
    (None, "failed"): ("ANNOUNCE lost WRONG", "channels NO OVER WRONG"),
    (None, "disconnected"): ("ANNOUNCE eBYE", "channels eBYE nBYE"),
    (None, "expert_refused"): ("ANNOUNCE nVERSION eWRONG", "nVERSION eOVER"),
}
PASSED = {"not_seen", "not_reached", "waiting_for_novice", "waiting_for_expert"}
"""States before the first message that tells a version: where it is known, both sides have come further."""
SIDES: tuple[Role, ...] = ("expert", "novice")
AWAITED: Mapping[str, Role] = {
    "waiting_for_novice": "novice", "waiting_for_expert": "expert", "version_chosen": "expert",
    "password_sent": "novice", "password_accepted": "expert", "screen_requested": "novice",
    "novice_token_sent": "expert", "expert_token_sent": "novice", "tokens_exchanged": "novice",
}  # fmt: skip


def test_every_state_has_its_stories() -> None:
    every = {(version, state.id) for version, table in TABLES.items() for state in table.states}
    assert set(STORIES) == {(version, state) for version, state in every if version is None or state not in PASSED}


@pytest.mark.parametrize("deviates", [False, True], ids=["by the book", "otherwise"])
@pytest.mark.parametrize("place", STORIES, ids=lambda place: f"{place[0]} {place[1]}")
def test_state(place: tuple[int | None, str], deviates: bool) -> None:
    version, state = place
    moves = STORIES[place][deviates]
    tale = Tale()
    for move in moves.split():
        MOVES[move](tale)
    found = handshake(evidence(tale))
    assert (evidence(tale).version, found.state, found.awaited) == (version, state, AWAITED.get(state))
    assert found.text.endswith(".") and "{" not in found.text


@pytest.mark.parametrize("table", TABLES.values(), ids=[f"version {version}" for version in TABLES])
def test_tables_are_whole_and_without_dead_rows(table: Table) -> None:
    """Steps lead from states of the table to states of it, and without any one of them something would change."""
    assert len(table.state) == len(table.states)
    for step in table.steps:
        assert {step.to, *step.at} <= set(table.state)
        less = replace(table, steps=tuple(other for other in table.steps if other is not step))
        events = [(sender, step.says) for sender in SIDES if step.sender in (None, sender)]
        assert any(table.target(at, event) != less.target(at, event) for at in table.state for event in events), step


def test_sides_have_their_names() -> None:
    assert told(f"{HELLO_2} eBYE").text == (
        "The expert has disconnected before there was a decision. "
        "The expert has sent VERIFY_PASSWORD; the novice has not answered."
    )
    assert "later the novice said" in told(f"{HELLO_2} OK nBYE eBYE").text


def test_frames_are_those_of_the_messages_that_led_there() -> None:
    """Frame 2 is the connection request."""
    assert told(f"{HELLO_1} OK SCREEN OK").frames == (3, 4, 5, 6, 7, 8, 9)
    assert told(f"{HELLO_1} BEAT OK SCREEN NO").frames == (3, 4, 5, 6, 8, 9, 10)
    assert told(f"{HELLO_2} OK nNAME eCHAT VERIFY OK").frames == (3, 4, 5, 6, 7)
    assert told("ORDER nTOKEN eTOKEN eCHAT nCHAT").frames == (4, 5, 6)
    assert told("channels").frames == ()


@pytest.mark.parametrize("gap", ["lost", "encrypted", "padded"])
def test_nobody_is_awaited_who_may_have_spoken(gap: str) -> None:
    for moves in (HELLO_1, HELLO_2, "nTOKEN", "ANNOUNCE"):
        sure, unsure = told(moves), told(f"{moves} {gap}")
        assert (unsure.state, unsure.frames, unsure.awaited) == (sure.state, sure.frames, None) and sure.awaited
        assert unsure.text.startswith(sure.text) and unsure.text.endswith("not all bytes could be read.")


def test_what_is_lost_in_the_same_frame_may_come_later() -> None:
    tale = MOVES["lost"](MOVES["VERIFY"](Tale()))
    tale.events[-1] = replace(tale.events[-1], frame=tale.events[-2].frame)
    assert handshake(evidence(tale)).awaited is None


def test_what_is_lost_earlier_or_later_does_no_harm() -> None:
    assert told("lost VISTA VERIFY").awaited == "novice"
    assert told(f"{HELLO_2} OK lost").text == told(f"{HELLO_2} OK").text


@pytest.mark.parametrize(
    ("moves", "state"),
    [
        ("", "not_seen"),
        ("BEAT", "not_seen"),
        ("channels", "not_seen"),
        ("eCHAT nCHAT", "running"),
        ("nNAME eNAME", "running"),
        ("eBYE", "ended"),
        ("nCHAT OVER", "ended"),
        ("OK", "accepted"),
        ("OK nCHAT", "established"),
        ("OK eNAME", "established"),
        ("OK SCREEN", "screen_requested"),
        ("SCREEN OK", "established"),
        ("VERIFY OK", "established"),
        ("eTOKEN", "expert_token_sent"),
    ],
)
def test_a_capture_from_the_middle_is_not_taken_for_a_beginning(moves: str, state: str) -> None:
    assert told(moves, start=False).state == state


def test_only_the_novice_decides() -> None:
    """Its RESULTs count where both sides send some; messages of the wrong side lead nowhere."""
    assert told(f"{HELLO_2} OK eWRONG").state == "established"
    assert told(f"{HELLO_2} eWRONG OK").state == "established"
    assert told(f"{HELLO_1} eWRONG SCREEN OK").state == "established"
    tale = MOVES["VISTA"](Tale()).expert("CTL_RESULT", result=0).novice("CTL_VERIFY_PASSWORD")
    assert handshake(evidence(tale)).state == "version_chosen"


def test_half_a_result_decides_nothing() -> None:
    tale = MOVES["VERIFY"](Tale()).novice("CTL_RESULT").novice("CTL_RESULT", result="0")
    assert handshake(evidence(tale)).state == "password_sent"


@pytest.mark.parametrize("code", [code for code in CODES.values() if code.value], ids=lambda code: code.name)
def test_every_code_says_no_or_that_a_session_is_over(code: ResultCode) -> None:
    asks, runs = Tale().in_version(2), Tale().in_version(2)
    asks.events.pop()
    for tale in (asks, runs):
        tale.novice("CTL_RESULT", result=code.value)
    assert handshake(evidence(asks)).state == code.outcome
    assert handshake(evidence(runs)).state == ("ended" if code.ends_session else code.outcome)


def test_frames_stay_few() -> None:
    """However often the novice changes its mind."""
    assert len(told("VERIFY " + "OK NO WRONG eBYE " * 200).frames) < 10


ANYTHING = st.builds(
    lambda sender, kind, channel, result: (sender, kind, channel, {} if result is None else {"result": result}),
    st.sampled_from(["expert", "novice"]),
    st.sampled_from([*MSG_TYPES.values(), "CHAT", "RCCOMMAND", "UNKNOWN", ELSEWHERE]),
    st.sampled_from(["RC_CTL", "RC_CTL", "RC_CTL", "70", "encomsp", ""]),
    st.none() | st.sampled_from([0, 41, 61, 3, 0x80004005, 1234, -1, 2**40]) | st.text(max_size=3),
)


@given(
    st.lists(ANYTHING | st.sampled_from(sorted(GAPS)), max_size=30),
    st.booleans(),
    st.lists(st.integers(1, 9), max_size=30),
)
def test_no_stream_of_messages_is_too_much(events: list[object], start: bool, frames: list[int]) -> None:
    tale = Tale(start)
    for event in events:
        if isinstance(event, tuple):
            sender, kind, channel, fields = event
            tale.message(sender, kind, channel, **fields)
        else:
            tale.gap(str(event))
    for at, frame in zip(range(2, len(tale.events)), frames, strict=False):  # frames may come in any order
        tale.events[at] = replace(tale.events[at], frame=frame)
    seen = evidence(tale)
    found = handshake(seen)
    table = TABLES[seen.version]
    assert found.state in table.state and found.awaited in (None, table.state[found.state].awaited)
    assert set(found.frames) <= {message.frame for message in seen.messages}
    assert found.frames == tuple(sorted(set(found.frames)))
    says = [(m.sender, m.fields.get("result")) for m in seen.messages if m.channel == "RC_CTL"]
    assert found.state != "refused" or ("novice", 41) in says
    assert found.state != "established" or seen.version == 3 or ("novice", 0) in says
