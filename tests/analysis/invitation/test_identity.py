"""Which invitation the expert used, and whether the novice is the one who made it."""

from __future__ import annotations

import base64
import hashlib

import pytest

from msra.analysis.invitation.identity import connection_string, named_session, server_key
from msra.transport.rdp_keys import ServerPublicKey, parse_server_certificate
from tests.analysis.builders import Story
from tests.analysis.invitation.builders import (
    KH,
    LH_TEXT,
    RC_TICKET,
    SESSION_ID,
    case,
    invitation,
    lh_ticket,
    type_1,
)
from tests.transport import rdp_security_peer as peer


@pytest.mark.parametrize(
    ("named", "status", "text"),
    [
        (SESSION_ID, "passed", "the session of this invitation"),
        (SESSION_ID.lower(), "failed", "another session"),
        ("", "not_checkable", "names no session"),
    ],
)
@pytest.mark.parametrize("password", [None, "48BJQ853X3B4"])
def test_session_id(named: str, status: str, text: str, password: str | None) -> None:
    answer = named_session(case(Story().fact("client_info", "expert", working_dir=named), password=password))
    assert answer.status == status and text in answer.text and answer.frames == (2,)


def test_session_id_where_there_is_none() -> None:
    assert "does not show the Client Info PDU" in named_session(case()).text
    closed = invitation(RCTICKET=None)
    story = Story().fact("client_info", "expert", working_dir=SESSION_ID)
    assert named_session(case(story, made=closed, password=None)).status == "not_checkable"
    assert named_session(case(story, made=closed)).status == "passed"


# -- the novice's key ----------------------------------------------------------------------------------------------


def novice_key() -> ServerPublicKey:
    numbers = peer.Session.KEY.public_key().public_numbers()
    key = parse_server_certificate(peer.proprietary_certificate(numbers.n, numbers.e))
    assert key is not None
    return key


KEY = novice_key()


def hashed(algorithm: str) -> str:
    return base64.b64encode(hashlib.new(algorithm, KEY.blob).digest()).decode()


def with_hashes(kh: str = "x", kh2: str = "") -> str:
    return f'<E><A KH="{kh}" KH2="{kh2}" ID="{SESSION_ID}"/><C/></E>' if kh2 else f'<E><A KH="{kh}" ID="i"/><C/></E>'


@pytest.mark.parametrize(
    ("ticket", "rc_key", "status", "name"),
    [
        (with_hashes(hashed("sha1")), "y", "passed", "(KH)"),
        (with_hashes("x"), hashed("sha1"), "failed", "(KH)"),  # the ticket that only the password opens decides
        (with_hashes("x", f"sha256:{hashed('sha256')}"), "y", "passed", "(KH2)"),
        (with_hashes("x", f"sha384:{hashed('sha384')}"), "y", "passed", "(KH2)"),
        (with_hashes("x", f"SHA512:{hashed('sha512')}"), "y", "passed", "(KH2)"),
        (with_hashes(hashed("sha1"), f"sha512:{hashed('sha256')}"), "y", "failed", "(KH2)"),
        (with_hashes(hashed("sha1"), f"md5:{hashed('md5')}"), "y", "passed", "(KH)"),
        (with_hashes(hashed("sha1"), hashed("sha256")), "y", "passed", "(KH)"),  # KH2 without its algorithm
    ],
)
def test_server_key(ticket: str, rc_key: str, status: str, name: str) -> None:
    made = invitation(LHTICKET=lh_ticket(ticket), RCTICKET=f"65538,1,pc:1,*,i,*,*,{rc_key}")
    answer = server_key(case(Story().fact("server_key", "novice", **KEY.described("proprietary")), made=made))
    assert answer.status == status and name in answer.text and answer.frames == (2,)


@pytest.mark.parametrize(("rc_key", "status"), [(hashed("sha1"), "passed"), (KH, "failed"), ("*", "not_checkable")])
def test_server_key_without_the_password(rc_key: str, status: str) -> None:
    made = invitation(RCTICKET=f"65538,1,pc:1,*,i,*,*,{rc_key}")
    story = Story().fact("server_key", "novice", **KEY.described("proprietary"))
    assert server_key(case(story, made=made, password=None)).status == status


@pytest.mark.parametrize(("kind", "text"), [("x509", "X.509 certificate"), ("tls x509", "TLS certificate")])
def test_other_certificates_prove_only_what_fits(kind: str, text: str) -> None:
    """[MS-RAI] 2.2.2 defines the hash for the PublicKeyBlob of TS_UD_SC_SEC1: no cry of a man in the middle here."""
    story = Story().fact("server_key", "novice", **KEY.described(kind))
    answer = server_key(case(story))
    assert answer.status == "not_checkable" and text in answer.text and "middle" not in answer.text
    fits = type_1(RCTICKET=f"65538,1,pc:1,*,i,*,*,{hashed('sha1')}")
    assert server_key(case(story, made=fits)).status == "passed"


def test_a_novice_without_certificate() -> None:
    assert server_key(case(Story().fact("security", encryption_method=0))).status == "not_checkable"


# -- the connection string of version 1 ----------------------------------------------------------------------------

OTHER_ADDRESS = RC_TICKET.replace("10.0.0.2", "10.0.0.3")


@pytest.mark.parametrize(
    ("sent", "status", "text"),
    [
        (RC_TICKET, "passed", "the connection string of the invitation"),
        (f" {RC_TICKET}\r\n", "passed", "the connection string of the invitation"),
        (LH_TEXT, "passed", "the connection string of the invitation"),
        (OTHER_ADDRESS, "failed", "not the same addresses"),
        (RC_TICKET.replace(KH, "AAA="), "failed", "another key of the novice"),
        (RC_TICKET.replace(SESSION_ID, "AAA="), "failed", "another session"),
        (LH_TEXT.replace(SESSION_ID, "AAA="), "failed", "another session"),
        ("", "failed", "none of the forms"),
        ("65538", "failed", "none of the forms"),
    ],
)
@pytest.mark.parametrize("kind", ["CTL_AUTHENTICATE", "CTL_REMOTE_CONTROL_DESKTOP"])
def test_connection_string(sent: str, status: str, text: str, kind: str) -> None:
    answer = connection_string(case(Story().say("expert", kind, ra_connection_string=sent)))
    assert answer.status == status and text in answer.text and answer.frames == (2,)


def test_connection_string_of_the_closed_ticket() -> None:
    story = Story().say("expert", "CTL_AUTHENTICATE", ra_connection_string=LH_TEXT)
    answer = connection_string(case(story, password=None))
    assert answer.status == "not_checkable" and answer.frames == (2,)


def test_one_of_several_differs() -> None:
    story = Story().say("expert", "CTL_AUTHENTICATE", ra_connection_string=RC_TICKET)
    story.say("expert", "CTL_REMOTE_CONTROL_DESKTOP", ra_connection_string=OTHER_ADDRESS)
    answer = connection_string(case(story))
    assert (answer.status, answer.frames) == ("failed", (3,))


def test_no_connection_string() -> None:
    story = Story().say("novice", "CTL_AUTHENTICATE", ra_connection_string="x").version1()
    assert connection_string(case(story)).status == "not_checkable"
