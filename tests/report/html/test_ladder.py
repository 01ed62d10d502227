"""The ladder as data: every row of the session, what stands at its arrow, and no secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from msra.analysis.model import Control, Session
from msra.report.html.ladder import ladder
from tests.analysis.builders import SECOND, Story
from tests.report.builders import SECRETS, story


def rows(session: Session) -> list[dict[str, Any]]:
    return list(ladder(session, False)["rows"])


def test_messages_moments_and_gaps_in_one_order() -> None:
    made = Story().fact("tcp_syn", "expert", sequence_number=7).version2().gap("lost_segment", 7).result(61).session()
    shown = ladder(made, False)
    assert [(row["kind"], row["frame"], row["at"] // SECOND) for row in shown["rows"]] == [
        ("moment", 2, 1), ("message", 3, 2), ("message", 4, 3), ("gap", 5, 4), ("message", 6, 5),
    ]  # fmt: skip
    assert shown["start"] == str(SECOND) and shown["decides"] == 6
    assert shown["rows"][3]["title"] == "7 bytes not readable"
    last = shown["rows"][-1]
    assert (last["title"], last["label"], last["outcome"]) == ("CTL_RESULT", "61 PASSWORDS_DONT_MATCH", "failed")
    assert last["meaning"].startswith("An invalid password") and last["type"] == "REMOTEDESKTOP_CTL_RESULT"


def test_what_stands_at_the_arrows() -> None:
    made = Story().say("novice", "CTL_VERSIONINFO", version_major=1, version_minor=2)
    made.say("novice", "CHAT", "70", text="Hi").say(
        "expert", "RCCOMMAND", "71", text="t", name="FILEXFER", filename="a"
    )
    made.say("expert", "RANOVICE_NAME", msg_type=10, novice_name="Böb")
    assert [(row["title"], row["label"]) for row in rows(made.session())] == [
        ("CTL_VERSIONINFO", "1.2"), ("CHAT", "“Hi”"), ("FILEXFER", "t a"), ("RANOVICE_NAME", "Böb"),
    ]  # fmt: skip


def test_blocks_of_a_file_are_one_row() -> None:
    made = Story()
    for _ in range(5):
        made.say("expert", "FILE_DATA", "RA_FX", data_len=1024)
    for message in (session := made.session()).messages:
        object.__setattr__(message, "type", "FILE_DATA")
    (row,) = rows(session)
    assert (row["title"], row["label"], row["frame"], row["last"]) == ("FILE_DATA, 5 blocks", "5,120 bytes", 2, 6)
    del session.messages[3:]
    assert len(rows(session)) == 3


def test_shared_control() -> None:
    session = Story().version2().session()
    session.controls = [
        Control(2, 3, 9, "taken_back", 5), Control(2, 3, None, "accepted", None),
        Control(2, 3, None, "rejected", None), Control(2, None, None, "pending", None),
    ]  # fmt: skip
    assert ladder(session, False)["control"] == [(3, 9), (3, None)]


def test_long_values_are_cut_and_notes_are_sentences() -> None:
    session = Story().say("novice", "CHAT", "70", text="x" * 9000).session()
    object.__setattr__(session.messages[0], "notes", ("missing_terminator",))
    (row,) = rows(session)
    assert len(json.dumps(row)) < 5000 and "9,000 characters in all" in row["fields"][0][1]
    assert row["notes"] == ["the text has no NUL terminator"]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_only_when_asked_for(secret: str) -> None:
    session = story().session()
    assert secret not in json.dumps(ladder(session, False))
    assert secret in json.dumps(ladder(session, True))


def test_passwords_of_client_info() -> None:
    session = (
        Story().fact("client_info", "expert", user_name="u", password="pass-1", alternate_shell="pass-2").session()
    )
    assert "pass-" not in json.dumps(ladder(session, False))
    assert "pass-1" in json.dumps(ladder(session, True)) and "pass-2" in json.dumps(ladder(session, True))
