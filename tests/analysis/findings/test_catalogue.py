"""The catalogue as a whole: every rule has its stories, and no stream of events is too much for it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from msra.analysis.findings import CATALOGUE, findings
from msra.analysis.findings.vocabulary import COMMANDS, FILE_TYPES
from msra.analysis.model import Control, Transfer
from msra.events import FACTS, GAPS, NOTES, Fact, Gap, Message
from msra.layers.encomsp import ORDER_TYPES
from msra.layers.msra import MSG_TYPES
from msra.limits import MAX_FINDING_FRAMES, MAX_FINDINGS
from tests.analysis.findings import (
    test_commands,
    test_completeness,
    test_control,
    test_files,
    test_form,
    test_multiparty,
    test_results,
    test_security,
    test_sequence,
    test_transport,
)
from tests.analysis.findings.stories import Tale, evidence, found

TABLES = (
    test_results, test_sequence, test_form, test_commands, test_control, test_files, test_multiparty, test_security,
    test_transport, test_completeness,
)  # fmt: skip


def test_every_rule_has_its_stories() -> None:
    tried = [rule for table in TABLES for rule in table.STORIES]
    assert sorted(tried) == sorted(rule.id for rule in CATALOGUE)
    assert len(set(tried)) == len(tried)


def test_rules_are_fit_for_a_table() -> None:
    for rule in CATALOGUE:
        assert rule.id.replace("_", "").isalnum() and rule.id.islower()
        assert rule.about.endswith(".") and "|" not in rule.about and "{" not in rule.about and len(rule.about) < 120
        assert rule.text.endswith((".", "{text}"))
        assert rule.section.startswith(("[MS-", "RFC ")) or rule.id in ON_THE_CAPTURE


ON_THE_CAPTURE = ("incomplete_capture", "undecoded_data", "left_out", "missing_start")
"""Remarks that no specification makes."""


def test_the_names_of_old_stay() -> None:
    """Scripts and reports rely on these ids and severities."""
    old = {"unknown_result": "warning", "hresult_result": "info", "unused_result": "warning",
           "result_of_other_version": "warning", "wrong_mac": "warning"}  # fmt: skip
    assert {rule.id: rule.severity for rule in CATALOGUE if rule.id in old} == old


def test_findings_are_in_the_order_of_frames() -> None:
    story = Tale().in_version(2).command("expert", "ACCEPTRC").novice("CTL_RESULT", result=26).expert("CTL_TOKEN")
    frames = [finding.frames[0] for finding in found(story)]
    assert len(frames) == 4 and frames == sorted(frames)


_VALUES = st.one_of(
    st.integers(0, 0xFFFFFFFF), st.sampled_from([0, 1, 26, 47, 300, 0x80004005]), st.text(max_size=4), st.just("RA_FX")
)
_KEYS = st.sampled_from([
    "result", "msg_type", "order_type", "name", "filename", "filesize", "channelid", "internaldata", "text", "data_len",
    "version_major", "version_minor", "ra_connection_string", "app_id", "wnd_id", "participant_id", "disc_code",
])  # fmt: skip
_TYPES = st.sampled_from(
    [*MSG_TYPES.values(), *ORDER_TYPES.values(), *FILE_TYPES, *["RCCOMMAND"] * 9, "CHAT", "UNKNOWN"]
)
_SENDERS = st.sampled_from(["expert", "novice"])
_CHANNELS = st.sampled_from(["RC_CTL", "70", "71", "RA_FX", "1000.5", "encomsp", "\x1b{}", ""])
_FACT_KEYS = sorted({key for keys in FACTS.values() for key in keys.split()})


@st.composite
def _messages(draw: st.DrawFn) -> Any:
    fields = draw(st.dictionaries(_KEYS, _VALUES, max_size=4))
    if draw(st.booleans()):
        fields["name"] = draw(st.sampled_from(sorted(COMMANDS)))
    notes = tuple(draw(st.lists(st.sampled_from(list(NOTES)), max_size=2)))
    return draw(_SENDERS), draw(_CHANNELS), draw(_TYPES), fields, notes, draw(st.binary(max_size=12))


_DATA = st.dictionaries(st.sampled_from(_FACT_KEYS), _VALUES, max_size=3)
_FACTS = st.tuples(_SENDERS, st.sampled_from(list(FACTS)), _DATA)
_GAPS = st.tuples(_SENDERS, st.sampled_from(list(GAPS)), st.integers(0, 1000))
EVENTS = st.lists(
    st.one_of(
        *[_messages().map(lambda row: (Message, row))] * 4,
        _FACTS.map(lambda row: (Fact, row)),
        _GAPS.map(lambda row: (Gap, row)),
    ),
    max_size=40,
)
_FRAMES = st.none() | st.integers(1, 50)
_HOW = st.sampled_from(["accepted", "denied", "given_up", "other"])
_CONTROLS = st.lists(st.builds(Control, _FRAMES, _FRAMES, _FRAMES, _HOW, st.none()), max_size=4)
_TRANSFERS = st.lists(
    st.builds(
        Transfer, st.just(1), _SENDERS, _CHANNELS, st.text(max_size=4), st.none() | st.integers(0, 10**19),
        st.integers(0, 9999), st.integers(0, 9), st.sampled_from(["announced", "accepted", "complete", "other"]),
        st.just(""), st.lists(st.integers(1, 50), max_size=3).map(tuple),
    ),
    max_size=3,
)  # fmt: skip


def test_nothing_of_the_wire_acts_on_a_terminal() -> None:
    story = Tale().in_version(2).order("novice", "OD_WND_REMOVED", wnd_id="\x1f\u202e")
    (finding,) = found(story, "unknown_order_id")
    assert r"the wnd_id \x1f\u202e, which" in finding.text


@settings(max_examples=300, deadline=None)
@given(EVENTS, _CONTROLS, _TRANSFERS)
def test_no_stream_of_events_is_too_much(rows: Any, controls: list[Control], transfers: list[Transfer]) -> None:
    story = Tale()
    story.events += [kind(1, frame, frame, *row) for frame, (kind, row) in enumerate(rows, start=3)]
    got = list(findings(evidence(story), controls, transfers))
    assert len(got) <= len(CATALOGUE) * (MAX_FINDINGS + 1)
    for finding in got:
        assert 0 < len(finding.frames) <= MAX_FINDING_FRAMES
        assert finding.text.isprintable() and len(finding.text) < 2000
    assert got == list(findings(evidence(story), controls, transfers)), "the same again"


def test_a_flood_is_bounded() -> None:
    """Names and sizes that a peer makes up fill neither memory nor page."""
    story = Tale().in_version(2)
    for number in range(3000):
        story.command("expert", f"X{number}").block(number).order("novice", "OD_WND_REMOVED", wnd_id=number)
    got = found(story)
    assert len(got) < 100 and sum(len(finding.text) for finding in got) < 50_000
