"""The cryptography of invitations: known answers of real peers, and what a wrong password gives."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.analysis.invitation.crypto import open_pass_stub, open_ticket, token
from msra.layers.connection_string import ConnectionString2, Listener, parse_connection_string
from tests.analysis.invitation.builders import (
    LH_TEXT,
    PASS_STUB,
    PASSWORD,
    REAL_PASSWORD,
    REAL_TICKET,
    encrypted_stub,
    lh_ticket,
    rc4,
)
from tests.analysis.invitation.builders import token as built_token

KNOWN = [
    # password, PassStub, what experts sent: Windows ([MS-RAI] 6 note 17) and FreeRDP
    ("Password1", "RT=0PvIndan52*", "3c9cae0bce7ab15c8aac01d676045edf3ffaf092e2de368a2017e68a0ded7c90"),
    ("48BJQ853X3B4", "WB^6HsrIaFmEpi", "777dfaae9028124dd02ede8014221b4ad1f4ec138539d733ac767895b2d857d9"),
]
PASSWORDS = ["", "x", "password1", "Password1 ", "\u20ac", "\U0001f511", "\ud800", "x" * 10_000]


def test_a_ticket_of_windows() -> None:
    text = open_ticket(bytes.fromhex(REAL_TICKET), REAL_PASSWORD)
    assert text is not None
    assert text.startswith('<E><A KH="BNRjdu97DyczQSRuMRrDWoue+HA=" ID="+ULZ6ifj') and text.endswith("</E>\r\n")
    found = parse_connection_string(text)
    assert isinstance(found, ConnectionString2)
    assert found.transports[0].sid == "0"
    assert found.transports[0].listeners == (
        Listener(49228, "fe80::1032:53d9:5a01:909b%3"),
        Listener(49229, "fe80::3d8f:9b2d:6b4e:6aa%6"),
        Listener(49230, "192.168.1.200"),
        Listener(49231, "169.254.6.170"),
    )


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_ticket_stays_closed_for_other_passwords(password: str) -> None:
    text = open_ticket(bytes.fromhex(REAL_TICKET), password)
    assert text is None or parse_connection_string(text) is None


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("more", ["", "\r\n", "        "])
def test_tickets_of_any_length(padded: bool, more: str) -> None:
    """Writers may fill the last block with zeros; a whole block of padding is none of the text."""
    ticket = bytes.fromhex(lh_ticket(LH_TEXT + more, padded=padded))
    assert open_ticket(ticket, PASSWORD) == LH_TEXT + more


@pytest.mark.parametrize(("password", "stub", "encrypted"), KNOWN)
def test_known_answers(password: str, stub: str, encrypted: str) -> None:
    assert open_pass_stub(bytes.fromhex(encrypted), password) == stub
    assert encrypted_stub(stub, password) == encrypted


@pytest.mark.parametrize("password", PASSWORDS)
def test_another_password_opens_no_pass_stub(password: str) -> None:
    assert open_pass_stub(bytes.fromhex(KNOWN[0][2]), password) is None


@pytest.mark.parametrize(
    ("end", "opens"), [(b"", True), (b"\0\0", True), (b"\0", False), (b"??", False), (b"\0\0\0\0", False)]
)
def test_what_follows_the_pass_stub(end: bytes, opens: bool) -> None:
    """A terminator at most: anything else shows that the password is another."""
    found = open_pass_stub(bytes.fromhex(encrypted_stub(end=end)), PASSWORD)
    assert found == (PASS_STUB if opens else None)


def test_a_pass_stub_that_is_cut() -> None:
    whole = bytes.fromhex(encrypted_stub())
    assert [open_pass_stub(whole[:size], PASSWORD) for size in range(len(whole))] == [None] * len(whole)


@pytest.mark.parametrize(
    "clear", [b"\1\0\0\0a", b"\3\0\0\0a\0b", b"\2\0\0\0\0\xd8", b"\x04\0\0\0a\0\0\xdc", b"\xff\xff\xff\xffa\0"]
)
def test_a_pass_stub_that_is_no_text(clear: bytes) -> None:
    """Half a character, half of a surrogate pair, a count beyond the end."""
    assert open_pass_stub(rc4(clear), PASSWORD) is None


@pytest.mark.parametrize("role", ["NOVICE", "EXPERT"])
def test_tokens(role: str) -> None:
    """The example of [MS-RA] 2.2.4: ABCDEFNOVICE<E>..., by the text of the document."""
    assert token(role, "ABCDEF", LH_TEXT).hex() == built_token(role, "ABCDEF", LH_TEXT)


def test_tokens_differ() -> None:
    tokens = {
        token(*parts)
        for parts in (
            ("NOVICE", "ABCDEF", "<E/>"), ("EXPERT", "ABCDEF", "<E/>"), ("NOVICE", "BCDEF", "<E/>"),
            ("NOVICE", "ABCDEF", "<E/> "),
        )
    }  # fmt: skip
    assert len(tokens) == 4 and {len(one) for one in tokens} == {20}


def test_a_token_is_made_once() -> None:
    """Thousands of sessions in one capture ask for the same: this would take minutes."""
    before = time.perf_counter()
    assert len({token("NOVICE", "ABCDEF", "<E/>") for _ in range(1000)}) == 1
    assert time.perf_counter() - before < 5


@given(st.binary(max_size=100), st.text(max_size=20))
def test_any_bytes_and_passwords(data: bytes, password: str) -> None:
    whole = data[: len(data) & ~15]
    for text in (open_ticket(whole, password), open_pass_stub(data, password)):
        assert text is None or isinstance(text, str)


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_a_peer_encrypts_opens(stub: str, password: str) -> None:
    assert open_pass_stub(bytes.fromhex(encrypted_stub(stub, password)), password) == stub
