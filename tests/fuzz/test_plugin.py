"""A short run of the fuzzing of the plugin, the same every time; and all that has ever broken it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.dissector.tshark import Sandbox
from tests.fuzz import REGRESSIONS
from tests.fuzz.agreement import DIFFERENCES
from tests.fuzz.mutations import packets_of
from tests.fuzz.plugin import PREFERENCES, check, reduced
from tests.fuzz.sessions import LEVELS, Batch, batch

SEEDS = {"streams": 1, "segments": 2, "packets": 3, "exported": 4}
"""Each has other preferences."""


@pytest.fixture(scope="module")
def counts() -> Counter[str]:
    """Of the short run."""
    with Sandbox() as sandbox:
        return sum((check(sandbox, batch(level, seed).capture(seed), seed) for level, seed in SEEDS.items()), Counter())


def test_short_run(counts: Counter[str]) -> None:
    """Nothing fails in any mode, and most is compared: the engines agree where there is no reason to differ."""
    assert SEEDS.keys() == LEVELS.keys()
    assert counts["agree without a reason to differ"] > 20 and counts["agree"] > 60


def test_every_reason_is_needed(counts: Counter[str]) -> None:
    assert counts.keys() - {"agree", "agree without a reason to differ"} == DIFFERENCES.keys()


def test_regressions() -> None:
    with Sandbox() as sandbox:
        for path in sorted(REGRESSIONS.glob("plugin-*")):
            for seed in range(len(PREFERENCES)):
                check(sandbox, path.read_bytes(), seed)


BROKEN = {
    # a file of the plugin, what is in it, and what is in its place; the failure that is noticed
    "in the tree": ("msra_tree.lua", "function Tree.columns(pinfo, line)", '%s error("broken")', "Lua Error"),
    "in a second pass": ("msra_tree.lua", "pinfo.visited and response", "%s.response", "Lua Error"),
    "in the statistics": ("msra_ladder.lua", "function M.of(entries, address)", '%s error("broken")', "lua"),
    "in silence": ("msra_state.lua", "[index] = events", "[index] = {}", "the engines differ"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_plugin_that_fails_is_noticed(name: str) -> None:
    """And so is the session that it fails with."""
    module, text, replacement, failure = BROKEN[name]
    few = batch("streams", 12, sessions=2)
    with Sandbox() as sandbox:
        script = sandbox.script.parent / module
        script.write_text(script.read_text().replace(text, replacement.replace("%s", text)))
        with pytest.raises(AssertionError, match=failure):
            check(sandbox, few.capture(0), 0)
        assert 0 < len(packets_of(reduced(sandbox, few, 0))) < len(packets_of(few.capture(0)))


def test_sessions_have_ends_of_their_own() -> None:
    """What is in one capture is what was in the sessions, mixed; none is like another."""
    made: Batch = batch("streams", 5)
    alone = [packet.data for session in made.sessions for packet in packets_of(session)]
    assert sorted(packet.data for packet in packets_of(made.capture(7))) == sorted(alone)
    assert made == batch("streams", 5) and len(set(made.sessions)) == len(made.sessions)
