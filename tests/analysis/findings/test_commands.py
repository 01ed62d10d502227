"""Remarks on chat and commands: each rule fires on its cause, and not on a story much like it."""

from __future__ import annotations

import pytest

from tests.analysis.findings.stories import Stories, Tale, check, found

STORIES: Stories = {
    "long_chat": (
        Tale().in_version(2).message("novice", "CHAT", "70", text="x" * 512),
        Tale().in_version(2).message("novice", "CHAT", "70", text="x" * 511),
    ),
    "unknown_command": (Tale().command("expert", "TYPINGEND"), Tale().command("expert", "TYPINGSTART")),
    "missing_attribute": (
        Tale().command("expert", "FILEXFER", filename="a", filesize="1"),
        Tale().command("expert", "FILEXFER", filename="a", filesize="1", channelid="RA_FX"),
    ),
}


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


def test_version_1_may_chat_at_length() -> None:
    """[MS-RA] 3.11.5."""
    assert not found(Tale().in_version(1).message("novice", "CHAT", "70", text="x" * 5000), "long_chat")


def test_characters_outside_the_bmp_count_twice() -> None:
    assert found(Tale().in_version(2).message("novice", "CHAT", "70", text="\U0001f600" * 256), "long_chat")


def test_the_blank_of_the_specification_is_allowed() -> None:
    """[MS-RA] 3.15.5 writes `DENIEDRC ` with a trailing blank."""
    assert not found(Tale().command("novice", "DENIEDRC "), "unknown_command")


def test_a_malformed_command_is_not_unknown_as_well() -> None:
    assert not found(Tale().message("expert", "RCCOMMAND", "71", ("malformed_xml",), text="<x>"), "unknown_command")


def test_missing_attributes_are_named() -> None:
    (finding,) = found(Tale().command("expert", "FILEXFER"), "missing_attribute")
    assert "has no FILENAME, FILESIZE and CHANNELID" in finding.text
