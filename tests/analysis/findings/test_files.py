"""Remarks on file transfer: each rule fires on its cause, and not on a story much like it."""

from __future__ import annotations

import pytest

from msra.analysis.model import Transfer
from tests.analysis.findings.stories import Stories, Tale, Told, check, found


def transfer(state: str, received: int, size: int | None = 2048) -> Told:
    one = Transfer(1, "expert", "RA_FX", "a.txt", size, received, 2, state, "", (20, 21))
    return Told(Tale().in_version(2), transfers=[one])


def accepted(version: int = 2) -> Tale:
    return Tale().in_version(version).announce().file("FILEXFERACK", "novice")


STORIES: Stories = {
    "file_size": (transfer("complete", 2047), transfer("complete", 2048)),
    "unfinished_file": (transfer("accepted", 1024), transfer("complete", 1024)),
    "second_file": (
        accepted().announce("novice"),
        accepted().file("FILEXFEREND", "expert").announce("novice"),
    ),
    "unannounced_file_data": (Tale().in_version(2).block(), accepted().block()),
    "unaccepted_file_data": (Tale().in_version(2).announce().block(), accepted().block()),
    "file_wrong_side": (accepted().file("FILEXFEREND", "novice"), accepted().file("FILEXFEREND", "expert")),
    "block_size": (accepted().block(1000).block(1024), accepted().block(1024).block(1000)),
}


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


def test_sizes_are_told() -> None:
    (finding,) = found(STORIES["file_size"][0], "file_size")
    assert 'The file "a.txt" of the expert was announced with 2,048 bytes, but' in finding.text
    assert "ended after 2,047 bytes" in finding.text and finding.frames == (20, 21)
    (finding,) = found(transfer("accepted", 3000), "file_size")
    assert "has had 3,000 bytes" in finding.text


def test_a_file_without_a_size_adds_up() -> None:
    assert not found(transfer("complete", 1, None), "file_size")


def test_a_file_that_nobody_answered() -> None:
    (finding,) = found(transfer("announced", 0), "unfinished_file")
    assert "never answered" in finding.text


def test_only_the_last_block_is_shorter() -> None:
    story = accepted().block(1024).block(1000).file("FILEXFEREND", "expert")
    assert not found(story, "block_size")
    (finding,) = found(story.announce().file("FILEXFERACK", "novice").block(2000).block(5), "block_size")
    assert "blocks of 2,000 bytes" in finding.text and len(finding.frames) == 1


def test_blocks_of_version_1() -> None:
    assert not found(accepted(1).block(409_600).block(10), "block_size")
    (finding,) = found(accepted(1).block(1024).block(10), "block_size")
    assert "version 1 uses 409,600" in finding.text


def test_the_last_block_may_not_be_longer() -> None:
    assert found(accepted().block(1025), "block_size")


def test_blocks_that_were_on_their_way_when_the_receiver_rejected() -> None:
    """[MS-RA] 3.9.5: the sender stops when it hears of it."""
    assert not found(accepted().block().file("FILEXFERREJECT", "novice").block(), "unannounced_file_data")
    assert found(accepted().block().file("FILEXFERREJECT", "expert").block(), "unannounced_file_data")


def test_both_directions_at_once_are_a_second_file_and_nothing_else() -> None:
    """Each side sends its own: what is odd is that they do it at once."""
    story = accepted().announce("novice").file("FILEXFERACK", "expert").block().block(sender="novice").block()
    story.file("FILEXFEREND", "expert").file("FILEXFEREND", "novice")
    assert [finding.id for finding in found(story)] == ["no_encryption", "second_file"]


def test_an_announcement_for_no_file_channel_is_no_running_transfer() -> None:
    """Nothing can be sent there."""
    assert not found(Tale().in_version(2).announce(channel="72").announce(), "second_file")


def test_after_a_rejection_the_next_file_may_come() -> None:
    story = Tale().in_version(2).announce().file("FILEXFERREJECT", "novice").announce()
    assert not found(story, "second_file")


@pytest.mark.parametrize("rule", ["unannounced_file_data", "unaccepted_file_data"])
def test_an_announcement_that_may_be_lost_is_not_missed(rule: str) -> None:
    story = Tale(start=False)
    story.events += STORIES[rule][0].events[2:]  # type: ignore[union-attr]
    assert not found(story, rule)
