"""Invitations, read and opened by the analysis; with the known answers of [MS-RAI]."""

from __future__ import annotations

import pytest

from msra.analysis.invitation import parse_invitation
from msra.analysis.invitation.crypto import open_pass_stub, open_ticket, token
from msra.build import Endpoint, Invitation
from msra.layers import parse_expert_blob

MADE = Invitation(
    (Endpoint("192.0.2.2", 49230), Endpoint("fe80::1", 3389)), "48BJQ853X3B4", "WB^6&HsrI<aFm", start=5, minutes=7
)


def test_the_file_is_read_back() -> None:
    read = parse_invitation(MADE.text().encode())
    assert (read.start, read.minutes, read.pass_stub) == (5, 7, MADE.pass_stub)
    assert read.lh_ticket == MADE.lh_ticket and str(read.rc_ticket) == MADE.connection_string_1


def test_the_ticket_opens_with_the_password() -> None:
    assert open_ticket(MADE.lh_ticket, MADE.password) == MADE.connection_string_2
    assert open_ticket(MADE.lh_ticket, "another") != MADE.connection_string_2


@pytest.mark.parametrize(
    ("password", "stub", "encrypted"),
    [
        ("Password1", "RT=0PvIndan52*", "3c9cae0bce7ab15c8aac01d676045edf3ffaf092e2de368a2017e68a0ded7c90"),
        ("48BJQ853X3B4", "WB^6HsrIaFmEpi", "777dfaae9028124dd02ede8014221b4ad1f4ec138539d733ac767895b2d857d9"),
    ],
)
def test_encrypted_pass_stub(password: str, stub: str, encrypted: str) -> None:
    made = Invitation(password=password, pass_stub=stub)
    assert made.encrypted_pass_stub.hex() == encrypted
    assert open_pass_stub(made.encrypted_pass_stub, password) == stub


def test_expert_blob() -> None:
    """A character is a UTF-16 code unit."""
    properties = parse_expert_blob(MADE.expert_blob("Eve \U0001f600"))
    assert properties == [("NAME", "Eve \U0001f600"), ("PASS", MADE.encrypted_pass_stub.hex().upper())]


def test_tokens() -> None:
    assert MADE.token("novice") == token("NOVICE", "53X3B4", MADE.connection_string_2)
    assert MADE.token("expert") == token("EXPERT", "53X3B4", MADE.connection_string_2)
