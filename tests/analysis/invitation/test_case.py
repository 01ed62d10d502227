"""What is known of an invitation and a session before the checks ask."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from msra.analysis.invitation.case import Listener, address
from msra.limits import MAX_CHECKED
from tests.analysis.builders import Story
from tests.analysis.invitation.builders import KH, LH_TEXT, PASSWORD, SESSION_ID, case, invitation, lh_ticket, type_1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.0.0.2", "10.0.0.2"),
        (" 10.0.0.2 ", "10.0.0.2"),
        ("fe80::1%3", "fe80::1"),
        ("[::1]", "::1"),
        ("::ffff:10.0.0.2", "10.0.0.2"),
        ("FE80:0::1", "fe80::1"),
    ],
)
def test_addresses(text: str, expected: str) -> None:
    assert address(text) == ip_address(expected)


@pytest.mark.parametrize("text", ["", "jeff_xp", "winxp.example.com", "10.0.0", "10.0.0.256", "%", "1", "\u0661.1.1.1"])
def test_names_are_no_addresses(text: str) -> None:
    assert address(text) is None


def test_with_the_password() -> None:
    found = case()
    assert found.ticket is not None and found.ticket_text == LH_TEXT
    assert found.is_open and not found.wrong_password
    assert [type(one).__name__ for one in found.connection_strings] == ["ConnectionString2", "ConnectionString1"]
    assert found.session_ids == {SESSION_ID}
    assert found.listeners == (
        Listener(ip_address("fe80::3d8f:9b2d:6b4e:6aa"), 49229),
        Listener(ip_address("10.0.0.2"), 49230),
        Listener(ip_address("192.168.1.200"), 49231),
    )


@pytest.mark.parametrize("password", [None, "wrong"])
def test_without_it(password: str | None) -> None:
    found = case(password=password)
    assert (found.ticket, found.ticket_text) == (None, None)
    assert not found.is_open and found.wrong_password is (password is not None)
    assert [one.port for one in found.listeners] == [49230, 49231]


def test_type_1_has_nothing_to_open() -> None:
    found = case(made=type_1())
    assert found.is_open and not found.wrong_password and found.ticket is None


def test_a_damaged_ticket_says_nothing_about_the_password() -> None:
    found = case(made=invitation(LHTICKET="00"))
    assert not found.wrong_password and not found.is_open


def test_a_ticket_with_something_else_in_it_is_not_open() -> None:
    """A connection string 1, or any other text."""
    for text in ("65538,1,pc:1,*,i,*,*,k", "<E/>", "Hello", ""):
        assert case(made=invitation(LHTICKET=lh_ticket(text))).wrong_password


def test_names_and_web_sockets() -> None:
    text = '<E><A/><C><T><L N="pc" U="wss://pc:443/ra"/><L N="10.0.0.9" P="70000"/></T></C></E>'
    found = case(made=invitation(LHTICKET=lh_ticket(text), RCTICKET="65538,1,jeff_xp:3389;jeff,*,*,*,*,k"))
    assert found.listeners == (
        Listener(None, None), Listener(ip_address("10.0.0.9"), None), Listener(None, 3389),
    )  # fmt: skip
    assert found.session_ids == frozenset()


@pytest.mark.parametrize(
    ("named", "expected"), [(SESSION_ID, True), ("another", False), ("", None), (None, None), (("a", "b"), False)]
)
def test_same_session(named: object, expected: bool | None) -> None:
    story = Story() if named is None else Story().fact("client_info", "expert", working_dir=named)
    assert case(story).same_session is expected


def test_the_first_frame() -> None:
    assert case().opening == ()
    story = Story().fact("client_info").fact("tcp_syn")
    assert case(story).opening == (2,)
    assert case(Story().result(0)).opening == (2,)


def test_messages_are_those_of_one_side_and_bounded() -> None:
    story = Story().say("novice", "CTL_TOKEN")
    for _ in range(3 * MAX_CHECKED):
        story.say("expert", "CTL_TOKEN").result(0)
    found = case(story)
    assert len(list(found.sent("REMOTEDESKTOP_CTL_TOKEN"))) == MAX_CHECKED
    assert [message.frame for message in found.sent("REMOTEDESKTOP_CTL_TOKEN", by="novice")] == [2]


def test_no_secrets_in_the_text_form() -> None:
    found = case(Story().say("expert", "CTL_VERIFY_PASSWORD", expert_blob="9;PASS=abcd"))
    assert found.ticket is not None
    for secret in (PASSWORD, SESSION_ID, KH, "abcd"):
        assert secret not in repr(found)
