"""Messages and moments in words: each one, and briefly."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from msra.analysis.mask import MASKED
from msra.events import Role
from msra.report.story import Step, in_order, steps, told_briefly
from tests.analysis.builders import Story
from tests.report.builders import HOSTILE, SECRETS, story


def one(sender: Role, kind: str, channel: str = "RC_CTL", **fields: Any) -> Step:
    (step,) = steps(Story().say(sender, kind, channel, **fields).session())
    return step


def test_a_message_is_its_type_what_says_the_most_and_the_rest() -> None:
    result = one("novice", "CTL_RESULT", msg_type=2, result=41, result_name="x", result_text="y")
    assert (result.label, result.values, result.result) == ("REMOTEDESKTOP_CTL_RESULT 41 SAFERROR_HELPEESAIDNO", (), 41)
    assert one("novice", "CTL_RESULT", result=0x80004005).argument == "0x80004005 E_FAIL"
    assert one("novice", "CTL_VERSIONINFO", version_major=1, version_minor=2).argument == "1.2"
    assert one("novice", "CTL_RANOVICE_NAME", novice_name="Bob").argument == "Bob"
    file = one("expert", "RCCOMMAND", "71", name="FILEXFER", filename="a.txt", filesize=5)
    assert (file.argument, file.open_values, file.channel) == ('FILEXFER "a.txt"', "filesize=5", "71")


def test_kinds() -> None:
    assert one("expert", "CHAT", "70", text="x").kind == "chat"
    assert one("expert", "RCCOMMAND", "71", name="REMOTECTRLSTART").kind == "control"
    assert one("novice", "RCCOMMAND", "71", name="DENIEDRC ").kind == "control", "[MS-RA] 3.15.5 has this blank"
    assert one("expert", "RCCOMMAND", "71", name="FILEXFER").kind == "file"
    assert one("expert", "RCCOMMAND", "71", name="TYPINGSTART").kind == "message"
    assert one("expert", "EXPERT_ON_VISTA").kind == "message"


def test_nothing_that_a_peer_made_up_is_taken_for_ours() -> None:
    odd = one("novice", "RCCOMMAND", "71", name="X", result="none", result_name="y", version_major="q")
    assert (odd.argument, odd.result) == ("X", None)
    assert odd.open_values == "result=none, result_name=y, version_major=q"


def test_secrets_and_hostile_text() -> None:
    shown, masked = str(steps(story().session(), True)), str(steps(story().session()))
    for secret in SECRETS:
        assert secret in shown and secret not in masked
    assert HOSTILE not in shown and r"\x1b[31mred" in repr([step.argument for step in steps(story().session())][5])[1:]
    assert MASKED not in steps(story().session())[0].open_values


def test_moments_and_messages_are_one_story() -> None:
    session = Story().fact("tcp_syn", "expert").version2().fact("tcp_close", "expert", how="fin").session()
    assert [event.frame for event in in_order(session)] == [2, 3, 4, 5]
    assert [(step.kind, step.sender) for step in steps(session)][::3] == [("moment", "expert"), ("moment", "expert")]


def brief(made: Story) -> list[tuple[str, int]]:
    return [(step.label, step.count) for step in told_briefly(made.session())]


def test_moments_of_every_session_are_gathered() -> None:
    made = Story().fact("tcp_syn").fact("tcp_syn_ack").fact("connection_request").fact("license_error", error_code=7)
    assert brief(made.result(0).fact("disconnect", reason=3)) == [
        ("TCP connect, RDP negotiation, licensing", 1),
        ("REMOTEDESKTOP_CTL_RESULT 0 SAFERROR_NOERROR", 1),
        ("The novice ends the RDP connection (MCS Disconnect): rn-user-requested (3). " + REASON, 1),
    ]


REASON = steps(Story().fact("disconnect", reason=3).session())[0].name.partition("(3). ")[2]


def test_what_went_wrong_is_told_in_full() -> None:
    (label, _), *_ = brief(Story().fact("license_error", error_code=1, state_transition=1).result(0))
    assert label.startswith("Licensing: the novice reports ")
    (label, _), *_ = brief(Story().fact("credssp", error_code=0xC000006D).result(0))
    assert label.startswith("CredSSP: the novice reports that the logon failed")


def test_what_repeats_is_counted() -> None:
    made = Story().say("expert", "CTL_ISCONNECTED").say("expert", "CTL_ISCONNECTED").say("novice", "CTL_ISCONNECTED")
    assert brief(made) == [("REMOTEDESKTOP_CTL_ISCONNECTED", 2), ("REMOTEDESKTOP_CTL_ISCONNECTED", 1)]
    chat = Story().say("expert", "CHAT", "70", text="a").say("expert", "CHAT", "70", text="b")
    assert brief(chat) == [("CHAT a", 1), ("CHAT b", 1)], "what differs does not"


def test_blocks_of_a_file_are_added_up() -> None:
    session = Story().version2().session()
    messages = [
        Story().say("expert", "CHAT", "RA_FX", data_len=size).session().messages[0] for size in (1024, 1024, 52)
    ]
    for message in messages:
        object.__setattr__(message, "type", "FILE_DATA")
    session.messages = messages
    (step,) = told_briefly(session)
    assert (step.label, step.count, step.values) == ("FILE_DATA 2,100 bytes", 3, ())


@given(st.dictionaries(st.sampled_from(["name", "result", "version_major", "version_minor", "msg_type", "filename",
                                        "text", "data_len", "expert_name"]), st.integers() | st.text(max_size=5)),
       st.sampled_from(["CTL_RESULT", "RCCOMMAND", "CHAT", "CTL_VERSIONINFO", "CTL_RAEXPERT_NAME"]))  # fmt: skip
def test_any_fields_can_be_told(fields: dict[str, int | str], kind: str) -> None:
    session = Story().session()
    (session.messages,) = [Story().say("expert", kind, **fields).events[1:]]  # type: ignore[list-item]
    assert len(steps(session)) == len(told_briefly(session)) == 1
