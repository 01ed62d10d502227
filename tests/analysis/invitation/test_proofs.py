"""The password: opening the ticket, what the expert sent, tokens."""

from __future__ import annotations

import pytest

from msra.analysis.invitation import proofs
from msra.analysis.invitation.crypto import UnsupportedAlgorithm
from msra.analysis.invitation.file import Invitation
from msra.analysis.invitation.proofs import expert_password, ticket, tokens
from tests.analysis.builders import Story
from tests.analysis.invitation.builders import (
    LH_TEXT,
    PASS_STUB,
    PASSWORD,
    SESSION_ID,
    blob,
    case,
    encrypted_stub,
    invitation,
    lh_ticket,
    token,
    type_1,
)


@pytest.mark.parametrize(
    ("made", "password", "status", "text"),
    [
        (invitation(), PASSWORD, "passed", "opens"),
        (invitation(), "48bjq853x3b4", "failed", "does not open"),
        (invitation(), "", "failed", "does not open"),
        (invitation(), None, "not_checkable", "No password was given"),
        (invitation(LHTICKET="0"), PASSWORD, "failed", "damaged on its way"),
        (type_1(), PASSWORD, "not_checkable", "version 1"),
    ],
)
def test_ticket(made: Invitation, password: str | None, status: str, text: str) -> None:
    answer = ticket(case(made=made, password=password))
    assert answer.status == status and text in answer.text


# -- the expert's password -----------------------------------------------------------------------------------------


def on_vista(encrypted: str) -> Story:
    return Story().say("expert", "EXPERT_ON_VISTA", encrypted_password=encrypted)


@pytest.mark.parametrize(
    ("encrypted", "status", "text"),
    [
        (encrypted_stub(), "passed", "this invitation's PassStub and the password given"),
        (encrypted_stub(counted=True), "passed", "this invitation's PassStub and the password given"),
        (encrypted_stub(end=b"\0\0"), "passed", "this invitation's PassStub and the password given"),
        (encrypted_stub(password="48BJQ853X3B5"), "failed", "typed another password"),
        (encrypted_stub(password="48BJQ853X3B5", counted=True), "failed", "typed another password"),
        (encrypted_stub("RT=0PvIndan52*"), "failed", "used another invitation: it encrypted another PassStub"),
        (encrypted_stub("RT=0PvIndan52*", "Password1"), "failed", "typed another password"),
        ("", "not_checkable", "no form of [MS-RAI] 6"),
        ("abcdef", "not_checkable", "no form of [MS-RAI] 6"),
        ("Z", "not_checkable", "no form of [MS-RAI] 6"),
        ("00" * 5000, "not_checkable", "no form of [MS-RAI] 6"),
    ],
)
def test_expert_on_vista(encrypted: str, status: str, text: str) -> None:
    answer = expert_password(case(on_vista(encrypted)))
    assert answer.status == status and text in answer.text and answer.frames == (2,)


@pytest.mark.parametrize("kind", ["CTL_AUTHENTICATE", "CTL_VERIFY_PASSWORD"])
@pytest.mark.parametrize(
    ("text", "status"),
    [
        (blob(), "passed"),
        (blob(password="x"), "failed"),
        ("8;NAME=Eve", "not_checkable"),
        ("8;NAME=Eve6;PASS=Z", "not_checkable"),
        ("nothing", "not_checkable"),
    ],
)
@pytest.mark.parametrize("made", [invitation(), type_1()], ids=["type 2", "type 1"])
def test_expert_blobs(kind: str, text: str, status: str, made: Invitation) -> None:
    answer = expert_password(case(Story().say("expert", kind, expert_blob=text), made=made))
    assert answer.status == status


@pytest.mark.parametrize(
    ("working_dir", "text"),
    [
        (SESSION_ID, "The expert used this invitation, but typed another password"),
        ("another", "The expert used another invitation"),
        (None, "or used another invitation"),
    ],
)
def test_a_wrong_password_or_a_wrong_invitation(working_dir: str | None, text: str) -> None:
    """Behind a result 61: the session id tells the two apart."""
    story = on_vista(encrypted_stub(password="x")).result(61)
    if working_dir is not None:
        story.fact("client_info", "expert", working_dir=working_dir)
    answer = expert_password(case(story))
    assert answer.status == "failed" and text in answer.text


def test_the_password_given_may_be_the_wrong_one() -> None:
    """It does not open the ticket: then what the expert sent can't be blamed."""
    answer = expert_password(case(on_vista(encrypted_stub()), password="wrong"))
    assert answer.status == "not_checkable" and "says nothing about the expert's" in answer.text
    assert expert_password(case(on_vista(encrypted_stub()), made=type_1(), password="wrong")).status == "failed"


def test_the_expert_typed_the_wrong_password_that_was_given() -> None:
    found = case(on_vista(encrypted_stub(password="wrong")), password="wrong")
    assert (ticket(found).status, expert_password(found).status) == ("failed", "passed")


def test_the_worst_of_several_counts() -> None:
    story = on_vista(encrypted_stub()).say("expert", "CTL_VERIFY_PASSWORD", expert_blob=blob(password="x"))
    answer = expert_password(case(story))
    assert (answer.status, answer.frames) == ("failed", (3,))


def test_garbage_does_not_hide_a_right_one() -> None:
    story = on_vista(encrypted_stub()).say("expert", "CTL_AUTHENTICATE", expert_blob="6;PASS=Z")
    answer = expert_password(case(story))
    assert (answer.status, answer.frames) == ("passed", (2,))


@pytest.mark.parametrize(
    ("story", "made", "password", "text"),
    [
        (Story(), invitation(), PASSWORD, "no encrypted password"),
        (Story().say("novice", "EXPERT_ON_VISTA", encrypted_password="00"), invitation(), PASSWORD, "no encrypted"),
        (on_vista(encrypted_stub()), invitation(PassStub=None), PASSWORD, "has no PassStub"),
        (on_vista("00" * 32), type_1(PassStub=None, RCTICKETENCRYPTED="0"), None, "is not protected by a password"),
        (on_vista(encrypted_stub()), invitation(), None, "No password was given"),
    ],
)
def test_expert_password_that_can_not_be_checked(
    story: Story, made: Invitation, password: str | None, text: str
) -> None:
    answer = expert_password(case(story, made=made, password=password))
    assert answer.status == "not_checkable" and text in answer.text


def test_a_system_without_rc4(monkeypatch: pytest.MonkeyPatch) -> None:
    """FIPS mode of an operating system switches it off."""

    def refuse(*_: object) -> None:
        raise UnsupportedAlgorithm("RC4")

    monkeypatch.setattr(proofs, "open_pass_stub", refuse)
    answer = expert_password(case(on_vista(encrypted_stub())))
    assert answer.status == "not_checkable" and "RC4" in answer.text


# -- tokens --------------------------------------------------------------------------------------------------------

SECRET = PASSWORD[-6:]
NOVICE, EXPERT = token("NOVICE", SECRET, LH_TEXT), token("EXPERT", SECRET, LH_TEXT)


def tokens_sent(novice: str | None = NOVICE, expert: str | None = EXPERT) -> Story:
    story = Story()
    if novice is not None:
        story.say("novice", "CTL_TOKEN", token=novice)
    if expert is not None:
        story.say("expert", "CTL_TOKEN", token=expert)
    return story


@pytest.mark.parametrize(
    ("story", "status", "text", "frames"),
    [
        (tokens_sent(), "passed", "The tokens of both sides are made", (2, 3)),
        (tokens_sent(expert=None), "passed", "The novice's token is made", (2,)),
        (tokens_sent(novice=None), "passed", "The expert's token is made", (2,)),
        (tokens_sent(NOVICE.upper()), "passed", "The tokens of both sides are made", (2, 3)),
        (tokens_sent(expert="00" * 20), "failed", "the expert's is not: the expert used another password", (3,)),
        (tokens_sent("00" * 20), "failed", "the novice's is not", (2,)),
        (tokens_sent(EXPERT, NOVICE), "failed", "The tokens of both sides are not made", (2, 3)),
        (tokens_sent("", "xyz"), "failed", "The tokens of both sides are not made", (2, 3)),
        (tokens_sent("00", None), "failed", "The novice's token is not made", (2,)),
        (tokens_sent(None, None), "not_checkable", "no tokens", ()),
    ],
)
def test_tokens(story: Story, status: str, text: str, frames: tuple[int, ...]) -> None:
    answer = tokens(case(story))
    assert answer.status == status and text in answer.text and answer.frames == frames


@pytest.mark.parametrize("secret", [PASSWORD[-6:], PASSWORD[-3:]], ids=["six characters", "six bytes"])
@pytest.mark.parametrize("end", ["", "\r\n"])
def test_both_readings_of_the_recipe(secret: str, end: str) -> None:
    """The last 6 bytes are three characters, but the example has six; and real tickets have a line end."""
    made = invitation(LHTICKET=lh_ticket(LH_TEXT + "\r\n"))
    story = tokens_sent(token("NOVICE", secret, LH_TEXT + end), token("EXPERT", secret, LH_TEXT + end))
    assert tokens(case(story, made=made)).status == "passed"


@pytest.mark.parametrize(("made", "password"), [(invitation(), None), (invitation(), "wrong"), (type_1(), PASSWORD)])
def test_tokens_take_the_open_ticket(made: Invitation, password: str | None) -> None:
    answer = tokens(case(tokens_sent(), made=made, password=password))
    assert answer.status == "not_checkable" and answer.frames == (2, 3)


def test_no_token_is_made_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """100,000 rounds only where there is a token to compare."""
    monkeypatch.setattr(proofs, "token", lambda *_: pytest.fail("made in vain"))
    assert tokens(case(on_vista(encrypted_stub()))).status == "not_checkable"
    assert tokens(case(tokens_sent(), password="wrong")).status == "not_checkable"


def test_the_stub_never_shows() -> None:
    for story in (on_vista(encrypted_stub()), on_vista(encrypted_stub("another stub")), tokens_sent()):
        for answer in (expert_password(case(story)), tokens(case(story))):
            assert PASS_STUB not in answer.text and "another stub" not in answer.text and PASSWORD not in answer.text
