"""Invitation files as they are on people's disks and in their mails: both types, any encoding, and damaged ones."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.analysis.invitation.file import Invitation, InvitationError, parse_invitation
from msra.layers.connection_string import Address, ConnectionString1, ConnectionString2
from msra.limits import MAX_INVITATION
from tests.analysis.invitation.builders import (
    KH,
    LH_TEXT,
    PASS_STUB,
    RC_TICKET,
    SESSION_ID,
    invitation,
    lh_ticket,
    type_1,
    xml,
)

# [MS-RAI] 6, with the line breaks of the document
TYPE_1 = """<?xml version="1.0" encoding="Unicode" ?>
<UPLOADINFO TYPE="Escalated">
<UPLOADDATA
USERNAME="jeff"
RCTICKET="65538,1,192.168.1.65:3389;jeff_xp:3389,*,ot9B5Ut8n6FmiIOr2Aa91
 5WwuLcMdtNl5AoXFiA4wLg=,*,*,5nKH3X0Ikre0jjL9SaRlfN10p9o="
RCTICKETENCRYPTED="1"
DtStart="1160080069"
DtLength="60"
PassStub="o2*5GdBARK_JBB"
L="0" />
</UPLOADINFO>
"""
TYPE_2 = """<?xml version="1.0" encoding="Unicode" ?>
<UPLOADINFO TYPE="Escalated">
<UPLOADDATA
USERNAME="jeff"
LHTICKET="3CD9C8A0DB0628410E91EC277CAEB705
 E5422CE1DA55E0C118155A8BA465C3E8"
RCTICKET="65538,1,172.31.244.101:55646,*,BnrZvG4FglMwHBhZgo7SkJEqD90DrPYPnxtC/lv
 UcczDCZJacjm0w80gKyzCHTTc,*,*,VasNb+Ymg1mvJ/AJWSh56qq7pk4="
RCTICKETENCRYPTED="1"
DtStart="1160080069"
DtLength="60"
PassStub= "fg^2IkiL*z3j4U"
L="0" />
</UPLOADINFO>
"""


def test_type_1_of_the_document() -> None:
    found = parse_invitation(TYPE_1.encode())
    assert found == Invitation(
        user_name="jeff",
        has_password=True,
        start=1160080069,
        minutes=60,
        rc_ticket=ConnectionString1(
            65538, 1, (Address("192.168.1.65", 3389), Address("jeff_xp", 3389)), "*",
            "ot9B5Ut8n6FmiIOr2Aa915WwuLcMdtNl5AoXFiA4wLg=", "*", "*", "5nKH3X0Ikre0jjL9SaRlfN10p9o=",
        ),
        lh_ticket=None,
        pass_stub="o2*5GdBARK_JBB",
    )  # fmt: skip
    assert found.type == 1


def test_type_2_of_the_document() -> None:
    found = parse_invitation(TYPE_2.encode())
    assert found.type == 2
    assert found.lh_ticket == bytes.fromhex("3CD9C8A0DB0628410E91EC277CAEB705E5422CE1DA55E0C118155A8BA465C3E8")
    assert isinstance(found.rc_ticket, ConnectionString1)
    assert found.rc_ticket.ra_session_id == "BnrZvG4FglMwHBhZgo7SkJEqD90DrPYPnxtC/lvUcczDCZJacjm0w80gKyzCHTTc"
    assert found.pass_stub == "fg^2IkiL*z3j4U"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(xml().encode("utf-16"), id="utf-16 with BOM"),
        pytest.param(b"\xfe\xff" + xml().encode("utf-16-be"), id="big-endian with BOM"),
        pytest.param(xml().encode("utf-16-le"), id="utf-16 without BOM"),
        pytest.param(xml().encode("utf-16-be"), id="big-endian without BOM"),
        pytest.param(xml().encode(), id="8-bit that claims to be Unicode"),
        pytest.param(xml().encode("utf-8-sig"), id="utf-8 with BOM"),
        pytest.param(
            xml('<?xml version="1.0" encoding="UTF-8"?>').encode("utf-16"), id="utf-16 that claims to be 8-bit"
        ),
        pytest.param(xml('<?xml version="1.0"?>').encode(), id="no encoding"),
        pytest.param(xml("").encode(), id="no declaration"),
        pytest.param(xml().encode() + b"\0", id="terminated"),
        pytest.param(xml().encode("utf-16") + b"\0\0", id="terminated utf-16"),
        pytest.param(xml().replace("\r\n", "\n").encode(), id="other line ends"),
        pytest.param(xml().replace('"\r\nRCTICKETENC', '"RCTICKETENC').encode(), id="nothing between attributes"),
        pytest.param(xml(LHTICKET=lh_ticket().lower()).encode(), id="lower case"),
        pytest.param(xml(RCTICKET=RC_TICKET[:50] + "\r\n" + RC_TICKET[50:]).encode(), id="wrapped"),
        pytest.param(xml(URA="1", ProblemDescription="&lt;none&gt;").encode(), id="more attributes"),
    ],
)
def test_every_form_is_the_same_invitation(data: bytes) -> None:
    assert parse_invitation(data) == invitation()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_names_in_other_than_english(encoding: str) -> None:
    assert parse_invitation(xml(USERNAME="J\u00fcrgen").encode(encoding)).user_name == "J\u00fcrgen"


def test_references_in_the_pass_stub() -> None:
    """Its alphabet has an ampersand, which some writers escape and others do not."""
    assert invitation(PassStub="a&amp;&b").pass_stub == "a&&b"


def test_what_may_be_missing() -> None:
    found = invitation(LHTICKET=None, USERNAME=None, RCTICKETENCRYPTED="0", DtStart=None, DtLength="", PassStub=None)
    assert (found.user_name, found.has_password, found.start, found.minutes, found.pass_stub) == (
        "", False, None, None, "",
    )  # fmt: skip
    only_lh = invitation(RCTICKET=None)
    assert (only_lh.rc_ticket, only_lh.type) == (None, 2)
    assert isinstance(type_1(RCTICKET=LH_TEXT.replace('"', "&quot;").replace("<", "&lt;")).rc_ticket, ConnectionString2)


@pytest.mark.parametrize("text", ["-1", "1.5", "0x10", "9" * 5000, "\u0661", "2026-08-13T10:00:00Z"])
def test_times_that_are_no_numbers(text: str) -> None:
    found = invitation(DtStart=text, DtLength=text)
    assert (found.start, found.minutes) == (None, None)


@pytest.mark.parametrize("text", [lh_ticket()[:-1], lh_ticket()[:-2], lh_ticket()[:-1] + "g", "zz", "\u0661" * 32])
def test_a_damaged_ticket_leaves_the_rest(text: str) -> None:
    """Mail programs cut and wrap; the session can still be compared with the readable part."""
    found = invitation(LHTICKET=text)
    assert (found.lh_ticket, found.type) == (b"", 2)
    assert found.rc_ticket == invitation().rc_ticket


SECRET = "Secret1"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "XML can't be read"),
        (b"\xff\xfe", "XML can't be read"),
        (SECRET.encode(), "XML can't be read"),
        (xml(PassStub=SECRET).encode()[:-5], "XML can't be read"),
        (xml("<!DOCTYPE a [<!ENTITY b 'c'>]>").encode(), "XML can't be read"),
        (f'<RCCOMMAND NAME="{SECRET}"/>'.encode(), "no element UPLOADDATA"),
        (xml().replace("UPLOADDATA", "uploaddata").encode(), "no element UPLOADDATA"),
        (f'<UPLOADINFO><UPLOADDATA PassStub="{SECRET}"/></UPLOADINFO>'.encode(), "has no ticket"),
        (xml(LHTICKET=None, RCTICKET="").encode(), "has no ticket"),
        (xml(LHTICKET=None, RCTICKET=SECRET).encode(), "RCTICKET is no connection string"),
        (xml(LHTICKET=None, RCTICKET=f"65538,1,{'a;' * 50000},*,i,*,*,k").encode(), "RCTICKET is no connection string"),
        (bytes(MAX_INVITATION + 1), "too large"),
    ],
)
def test_what_is_refused_and_how(data: bytes, message: str) -> None:
    with pytest.raises(InvitationError, match=message) as caught:
        parse_invitation(data)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_invitation_error_is_a_value_error() -> None:
    """What the command line catches for other files of its options, too."""
    assert issubclass(InvitationError, ValueError)


def test_no_secrets_in_the_text_form() -> None:
    """An exception report prints locals, and a debugger what it finds."""
    found = invitation()
    assert "jeff" in repr(found)
    for secret in (PASS_STUB, SESSION_ID, KH, "10.0.0.2", lh_ticket()[:10], repr(found.lh_ticket)[2:10]):
        assert secret not in f"{found!r} {found} {[found]}"


def parse(data: bytes) -> None:
    """Nothing but InvitationError."""
    try:
        found = parse_invitation(data)
    except InvitationError:
        return
    assert found.rc_ticket is not None or found.lh_ticket is not None


@given(st.binary(max_size=500) | st.text(max_size=200).map(str.encode))
def test_any_bytes(data: bytes) -> None:
    parse(data)


FILES = [xml().encode(), xml().encode("utf-16"), TYPE_1.encode(), TYPE_2.encode("utf-16")]


@given(st.sampled_from(FILES), st.integers(0, 5000), st.binary(min_size=1, max_size=3), st.integers(0, 5000))
def test_damaged_files(data: bytes, at: int, change: bytes, end: int) -> None:
    at %= len(data)
    parse(data[:at] + change + data[at + len(change) :])
    parse(data[:end])


@pytest.mark.parametrize("piece", ["<", "<A ", "<A>", "a=", "&", '"', "\r\n", "\0", "0,", "<?xml "])
def test_hostile_files_take_no_time(piece: str) -> None:
    before = time.perf_counter()
    repeated = piece * ((MAX_INVITATION - 2000) // len(piece))
    parse(repeated.encode())
    parse(xml(RCTICKET=repeated, LHTICKET=None).encode())
    parse(xml(LHTICKET=repeated).encode()[:MAX_INVITATION])
    assert time.perf_counter() - before < 10
