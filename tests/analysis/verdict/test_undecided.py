"""Sessions that nothing decided: every stage of the handshake, and everybody who can end it, has its own words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from msra.analysis.handshake import TABLES, handshake
from msra.analysis.model import Outcome
from msra.analysis.verdict.rule import View
from msra.analysis.verdict.undecided import RULES, STAGES
from tests.analysis.findings.stories import Tale, evidence
from tests.analysis.verdict.stories import asked, result, verdict


def begun() -> Tale:
    """There are channels, and nobody has said anything."""
    return Tale().fact("server_channels", channel_ids=(1004,))


REACHED: dict[str, Callable[[], Tale]] = {
    "setup": Tale,
    "silent": begun,
    "no_password": lambda: begun().novice("CTL_SERVER_ANNOUNCE"),
    "password": asked,
    "accepted": lambda: result(asked(1), 0),
    "screen": lambda: result(asked(1), 0).expert("CTL_REMOTE_CONTROL_DESKTOP"),
    "token": lambda: begun().in_version(3),
    "running": lambda: Tale(start=False).message("expert", "CHAT", "70", text="Hello"),
    "not_seen": lambda: Tale(start=False).message("novice", "UNKNOWN"),
}
ENDS: dict[str, Callable[[Tale], Tale]] = {
    "novice": lambda tale: tale.fact("tcp_close", "novice", how="rst"),
    "expert": lambda tale: tale.fact("disconnect", "expert", reason=3),
    "nobody": lambda tale: tale.fact("tcp_close", "expert", how="end"),
}


@pytest.mark.parametrize("who", ENDS)
@pytest.mark.parametrize("stage", REACHED)
def test_every_stage_and_end(stage: str, who: str) -> None:
    got = verdict(ENDS[who](REACHED[stage]()))
    assert (got.outcome, got.rule, got.result) == (Outcome.INCOMPLETE, f"{stage}_{who}", None)
    assert (got.frame is None) == (who == "nobody")
    assert got.next_steps and got.summary.endswith(".") and "{" not in got.summary
    start = {"novice": "The novice reset the TCP", "expert": "The expert closed the RDP", "nobody": "The capture ends"}
    assert got.summary.startswith(start[who])


def test_all_rules_are_tried() -> None:
    tried = {f"{stage}_{who}" for stage in REACHED for who in ENDS}
    assert {rule.id for rule in RULES} == tried | {"lost", "no_decision"}


def test_the_last_rule_applies_to_everything() -> None:
    seen = evidence(asked())
    got = RULES[-1].apply(View(seen, 0, handshake(seen)))
    assert got and got.rule == "no_decision"
    assert got.summary.endswith("without a decision. The expert has sent VERIFY_PASSWORD; the novice has not answered.")


def test_every_state_that_decides_nothing_belongs_to_one_stage() -> None:
    """`disconnected` is looked through; the others are for results."""
    states = [state for stage in STAGES for state in stage.states]
    decided = {"disconnected", "expert_refused", "failed", "refused"}
    assert len(states) == len(set(states))
    assert set(states) == {state.id for table in TABLES.values() for state in table.states} - decided


def test_a_disconnect_counts_as_who_sent_it() -> None:
    got = verdict(asked().expert("CTL_DISCONNECT").fact("tcp_close", "novice", how="fin"))
    assert got.rule == "password_expert"
    assert got.summary == (
        "The expert disconnected, 1.0 s after the last message, while the novice's answer to the password was awaited."
    )


def test_what_is_lost_may_be_the_decision() -> None:
    got = verdict(asked().gap("lost_segment", 500).fact("tcp_close", "novice", how="fin"))
    assert (got.outcome, got.rule) == (Outcome.INCOMPLETE, "lost") and "500 bytes are missing" in got.summary
