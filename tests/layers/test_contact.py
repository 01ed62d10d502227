"""Contact files: the example of [MS-RA] 2.2.5, in the encodings that peers use, and hostile ones."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.layers.contact import Contact, parse_contact
from msra.layers.elements import quote
from tests.layers.test_elements import HOSTILE

# [MS-RA] 2.2.5. The document cuts AVATAR short, and shows where with "&Truncated&"; the key is whole.
PUBLIC_KEY = """BgIAAACkAABSU0ExAAQAAAEAAQBBL7Q3BkUSr9CkMhgagHnKEcE5FDz1aBVN0Xcj
mlKOnWyrAFhGOok0TgDShX4/lsYbRbSoNjIuf/EAikEASiwawd+L8fdQEgrijaab
KQcsq3eKwWkBkNPHcDy6f2QfKsnXWq6IWXDWsxWsQw0KKspWN9KU+SfpXDoQ8xg+
bjqsoA==
"""
ITEM = f"""<RAINVITATIONITEM NAME="Dave Heberer" COMPUTERNAME="DHERB-X86-1"
AVATAR="Qk1QgAAA
Y/MB+w==
" PUBLICKEY="{PUBLIC_KEY}" ADDRESS="38827fecd1245882413e9a42c23d81f1aae08c4d.RAContact" TYPE="1"
TIME="20080625161611.761000"/>"""
FILE = f"""<?xml version="1.0"?>
<RAINVITATIONCOLL>{ITEM}</RAINVITATIONCOLL>
"""
PARSED = Contact(
    name="Dave Heberer",
    computer_name="DHERB-X86-1",
    avatar=bytes.fromhex("424d508000006 3f301fb".replace(" ", "")),
    public_key=base64.b64decode(PUBLIC_KEY.replace("\n", "")),
    address="38827fecd1245882413e9a42c23d81f1aae08c4d.RAContact",
    type="1",
    time="20080625161611.761000",
)


def test_the_contact_of_the_document() -> None:
    assert parse_contact(FILE) == PARSED
    assert PARSED.public_key is not None
    assert PARSED.public_key[8:12] == b"RSA1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_files_in_all_encodings(encoding: str) -> None:
    contact = parse_contact(FILE.replace("Dave", "Zoë").encode(encoding))
    assert contact is not None
    assert (contact.name, contact.address) == ("Zoë Heberer", PARSED.address)


@pytest.mark.parametrize("avatar", ["Qk1Q & cut", "Qk1", "é", "=Qk1", "&Truncated&"])
def test_a_value_that_is_no_base64_costs_nothing_else(avatar: str) -> None:
    contact = parse_contact(f'<RAINVITATIONCOLL><RAINVITATIONITEM AVATAR="{avatar}" TYPE="1"/></RAINVITATIONCOLL>')
    assert contact == Contact("", "", None, b"", "", "1", "")


def test_of_several_contacts_the_first_counts() -> None:
    contact = parse_contact(f'<RAINVITATIONCOLL>{ITEM}<RAINVITATIONITEM NAME="Eve"/></RAINVITATIONCOLL>')
    assert contact == PARSED


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"GIF89a",
        "",
        "<RAINVITATIONCOLL/>",
        ITEM,
        f"<X>{ITEM}</X>",
        f"<RAINVITATIONCOLL><X>{ITEM}</X></RAINVITATIONCOLL>",
        f"<RAINVITATIONCOLL>{ITEM}",
        '<RCCOMMAND NAME="FILEXFER"/>',
        b"<" * (1 << 22),
    ],
)
def test_everything_else_is_none(data: bytes | str) -> None:
    assert parse_contact(data) is None


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_hostile_documents_are_none(what: str, encoding: str) -> None:
    text = HOSTILE[what].replace("<E", "<RAINVITATIONCOLL").replace("</E", "</RAINVITATIONCOLL")
    assert parse_contact(text.encode(encoding)) is None


PROLOGUES = [text.partition("<E")[0] for text in HOSTILE.values() if not text.startswith("<E")]


@pytest.mark.parametrize("prologue", PROLOGUES)
def test_nothing_but_a_declaration_precedes_the_contact(prologue: str) -> None:
    assert parse_contact(prologue + FILE.partition("?>")[2]) is None


def test_entities_are_not_replaced() -> None:
    document_type = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    assert parse_contact(document_type + FILE.replace("Dave", "&x;")) is None
    contact = parse_contact(FILE.replace("Dave", "&x;"))
    assert contact is not None
    assert contact.name == "&x; Heberer"


def test_cut_files() -> None:
    data = FILE.encode()
    for size in range(len(data.rstrip())):
        assert parse_contact(data[:size]) is None


VALUE = st.text(st.characters(exclude_categories=["Cs"]))


@given(VALUE, st.binary(), st.sampled_from(["utf-8", "utf-16"]))
def test_what_is_written_is_parsed(name: str, avatar: bytes, encoding: str) -> None:
    picture = base64.encodebytes(avatar).decode()
    item = f"<RAINVITATIONITEM NAME={quote(name)} AVATAR={quote(picture)}/>"
    contact = parse_contact(f"<RAINVITATIONCOLL>{item}</RAINVITATIONCOLL>".encode(encoding))
    assert contact == Contact(name, "", avatar, b"", "", "", "")


@given(st.binary() | st.text() | st.text("<RAINVTOCLEM/> ='\""))
def test_any_data_has_an_answer(data: bytes | str) -> None:
    assert parse_contact(data) is None
