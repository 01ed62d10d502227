"""Remarks on the sequence: each rule fires on its cause, and not on a story much like it."""

from __future__ import annotations

import pytest

from tests.analysis.findings.stories import Stories, Tale, check, found

STORIES: Stories = {
    "wrong_version": (
        Tale().novice("CTL_VERSIONINFO", version_major=1, version_minor=1),
        Tale().novice("CTL_VERSIONINFO", version_major=1, version_minor=2),
    ),
    "wrong_sender": (Tale().novice("EXPERT_ON_VISTA"), Tale().expert("EXPERT_ON_VISTA")),
    "message_of_other_version": (
        Tale().in_version(2).expert("CTL_ISCONNECTED"),
        Tale().in_version(1).expert("CTL_ISCONNECTED"),
    ),
    "out_of_sequence": (
        Tale().expert("CTL_VERIFY_PASSWORD").expert("EXPERT_ON_VISTA"),
        Tale().expert("EXPERT_ON_VISTA").expert("CTL_VERIFY_PASSWORD"),
    ),
    "late_server_announce": (
        Tale().expert("EXPERT_ON_VISTA").novice("CTL_SERVER_ANNOUNCE"),
        Tale().novice("CTL_SERVER_ANNOUNCE").expert("EXPERT_ON_VISTA"),
    ),
    "no_server_announce": (
        Tale().novice("CTL_VERSIONINFO").expert("EXPERT_ON_VISTA"),
        Tale().novice("CTL_SERVER_ANNOUNCE").expert("EXPERT_ON_VISTA"),
    ),
    "result_not_awaited": (
        Tale().expert("CTL_AUTHENTICATE").expert("CTL_REMOTE_CONTROL_DESKTOP").novice("CTL_RESULT", result=0),
        Tale().expert("CTL_AUTHENTICATE").novice("CTL_RESULT", result=0).expert("CTL_REMOTE_CONTROL_DESKTOP"),
    ),
    "repeated_message": (
        Tale().in_version(2).expert("CTL_VERIFY_PASSWORD"),
        Tale().in_version(2).novice("CTL_RESULT", result=41),
    ),
    "message_after_disconnect": (
        Tale().in_version(1).expert("CTL_DISCONNECT").expert("CTL_ISCONNECTED"),
        Tale().in_version(1).expert("CTL_DISCONNECT").novice("CTL_ISCONNECTED"),
    ),
}


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


@pytest.mark.parametrize("name", ["ACCEPTRC", "REJECTRC", "DENIEDRC ", "TAKECONTROL", "ESCRC", "VOIPGO"])
def test_commands_of_the_novice(name: str) -> None:
    assert found(Tale().command("expert", name), "wrong_sender")
    assert not found(Tale().command("novice", name), "wrong_sender")


@pytest.mark.parametrize("name", ["REMOTECTRLSTART", "REMOTECTRLEND", "EXPERTIP"])
def test_commands_of_the_expert(name: str) -> None:
    assert found(Tale().command("novice", name), "wrong_sender")
    assert not found(Tale().command("expert", name), "wrong_sender")


def test_orders_of_the_wrong_side() -> None:
    assert found(Tale().order("novice", "OD_PARTICIPANT_CTRL_CHANGE"), "wrong_sender")
    assert not found(Tale().order("novice", "OD_PARTICIPANT_CREATED"), "wrong_sender")


def test_a_command_named_like_an_order_is_no_order() -> None:
    assert not found(Tale().command("expert", "OD_APP_CREATED"), "wrong_sender")


def test_messages_of_other_versions_are_one_finding_a_version() -> None:
    story = Tale().in_version(2).expert("CTL_ISCONNECTED").expert("CTL_AUTHENTICATE").novice("CTL_TOKEN")
    story.command("novice", "SETTINGANNOUNCE").announce(channel="1000.612009461")
    story.file("FILEXFERACK", "novice", "1000.612009461")
    one, three = found(story, "message_of_other_version")
    assert "ISCONNECTED, REMOTEDESKTOP_CTL_AUTHENTICATE and FILEXFERACK of version 1 in" in one.text
    assert "TOKEN and RCCOMMAND SETTINGANNOUNCE of version 3 in a session of version 2" in three.text


def test_without_a_version_nothing_belongs_to_another() -> None:
    assert not found(Tale().novice("CTL_SERVER_ANNOUNCE").novice("CTL_ISCONNECTED"), "message_of_other_version")


def test_version_3_begins_with_the_novice() -> None:
    """[MS-RA] 3.7.5."""
    assert found(Tale().expert("CTL_TOKEN").novice("CTL_TOKEN"), "out_of_sequence")
    assert not found(Tale().in_version(3), "out_of_sequence")


def test_names_follow_the_result() -> None:
    """[MS-RA] 3.5.5."""
    early = Tale().expert("EXPERT_ON_VISTA").expert("CTL_RAEXPERT_NAME")
    assert found(early, "out_of_sequence")
    assert not found(Tale().in_version(2).expert("CTL_RAEXPERT_NAME"), "out_of_sequence")


@pytest.mark.parametrize("rule", ["out_of_sequence", "no_server_announce", "result_not_awaited"])
def test_what_may_be_lost_is_not_missed(rule: str) -> None:
    events = STORIES[rule][0].events[2:]  # type: ignore[union-attr]
    for story in (Tale(start=False), Tale().gap("lost_segment")):
        story.events += events
        assert not found(story, rule)
