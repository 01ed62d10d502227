"""Contact files ([MS-RA] 2.2.5): taken apart when the last block is there, on the right bytes of the file."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from msra.layers.contact import parse_contact
from tests.dissector.conversation import EXPERT, NOVICE, Conversation, text
from tests.dissector.pieces import fields, take_apart
from tests.dissector.test_agreement import LUA, SETTINGS
from tests.dissector.tshark import Layer, Sandbox
from tests.transport import builders as rdp

CONTACT = (
    '<?xml version="1.0"?>\r\n<RAINVITATIONCOLL><RAINVITATIONITEM NAME="Bj\u00f6rn &amp; \U0001f600" COMPUTERNAME="PC" '
    'AVATAR="aGk=" PUBLICKEY="a2V5" ADDRESS="0.abc" TYPE="1" TIME="20080625161611.761000"/></RAINVITATIONCOLL>'
)
FIELDS = {
    "name": "Bj\u00f6rn & \U0001f600", "computer_name": "PC", "avatar": "aGk=", "public_key": "a2V5",
    "address": "0.abc", "type": "1", "time": "20080625161611.761000",
}  # fmt: skip
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]


def transfer(content: bytes, internal: str = ' INTERNALDATA="1"', size: int | None = None, block: int = 100) -> bytes:
    """The capture of a whole transfer from the novice."""
    announced = f'<RCCOMMAND NAME="FILEXFER" FILENAME="a.xml" FILESIZE="{size or len(content)}" CHANNELID="RA_FX"'
    talk = Conversation().connect().message(NOVICE, rdp.ra_message("71", text(f"{announced}{internal}/>")))
    talk.message(EXPERT, rdp.ra_message("RA_FX", text("FILEXFERACK")))
    for at in range(0, len(content), block):
        talk.message(NOVICE, rdp.ra_message("RA_FX", content[at : at + block]))
    return talk.message(NOVICE, rdp.ra_message("RA_FX", text("FILEXFEREND"))).capture()


def contacts(layers: list[Layer]) -> list[tuple[str | None, dict[str, str | None]]]:
    """The type of each message that shows a contact, and the contact."""
    shown = [one for one in layers if any(item.name == "msra.contact" for item in one.items)]
    return [(one.get("type"), {name: one.get(f"contact.{name}") for name in FIELDS}) for one in shown]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_contact(sandbox: Sandbox, encoding: str, passes: tuple[str, ...]) -> None:
    """Once, with the block that makes the file whole; each attribute is marked where it stands in the file."""
    content = CONTACT.encode(encoding)
    layers = sandbox.messages(transfer(content), *passes)
    assert contacts(layers) == [("FILE_DATA", FIELDS)]
    shown = next(one for one in layers if one.get("contact.name"))
    item = shown.item("contact.computer_name")
    marked = content[item.position : item.position + item.size]
    assert marked.decode(encoding.removesuffix("-sig") if encoding != "utf-16" else "utf-16-le") == 'COMPUTERNAME="PC"'


def test_in_8_bit_text(sandbox: Sandbox) -> None:
    """Windows-1252, where it is no UTF-8, whatever the declaration claims."""
    content = CONTACT.replace("\U0001f600", "\u20ac").encode("cp1252")
    ((_, contact),) = contacts(sandbox.messages(transfer(content)))
    assert contact == FIELDS | {"name": "Bj\u00f6rn & \u20ac"}


def test_the_sender_says_when_it_ends(sandbox: Sandbox) -> None:
    """A FILESIZE that is too large: what was sent until FILEXFEREND is the file."""
    content = CONTACT.encode()
    assert contacts(sandbox.messages(transfer(content, size=len(content) + 1))) == [("FILEXFEREND", FIELDS)]


@pytest.mark.parametrize("internal", ["", ' INTERNALDATA="0"'])
def test_ordinary_files_are_no_contacts(sandbox: Sandbox, internal: str) -> None:
    """What is in other files is nobody's business."""
    assert contacts(sandbox.messages(transfer(CONTACT.encode(), internal))) == []


@pytest.mark.parametrize("content", [b"\0\1\2", b"<RAINVITATIONCOLL/>", CONTACT[:-3].encode()])
def test_no_contact_file(sandbox: Sandbox, content: bytes) -> None:
    """An internal file of another kind is a note."""
    ((kind, contact),) = contacts(layers := sandbox.messages(transfer(content)))
    assert kind == "FILE_DATA" and not any(contact.values())
    assert "malformed_contact" in layers[-2].experts


def test_a_file_too_large_for_a_contact(sandbox: Sandbox) -> None:
    """Only what may be a contact is kept."""
    content = CONTACT.encode().ljust(300_000)
    assert contacts(sandbox.messages(transfer(content, block=60_000))) == []


PIECES = [
    "<?xml version='1.0'?>", "<RAINVITATIONCOLL>", "</RAINVITATIONCOLL>", "<RAINVITATIONITEM/>", "<RAINVITATIONITEM ",
    'NAME="a&amp;b" ', "COMPUTERNAME='\u00e9' ", 'TIME="1"', 'TYPE=""', "/>", ">", "\ufeff", "\n", "\U0001f600",
    CONTACT,
]  # fmt: skip


@pytest.mark.parametrize("lua", LUA)
@settings(SETTINGS, max_examples=30)
@given(
    texts=st.lists(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), min_size=40, max_size=60),
    encoding=st.sampled_from([*ENCODINGS, "cp1252"]),
)
@example(texts=[CONTACT], encoding="utf-16")
def test_agreement(lua: str, texts: list[str], encoding: str) -> None:
    """The plugin reads what the Python layer reads; the values of attributes that are there."""
    files = [one.encode(encoding, "replace") for one in texts]
    for content, line in zip(files, take_apart(lua, "contact", files), strict=True):
        parsed = parse_contact(content)
        found = dict(fields(line.split())) if line not in ("-", "") else {}
        assert (line != "-") == (parsed is not None), content
        if parsed:
            ours = {
                name: found.get(f"contact.{name}", "") for name in ("name", "computer_name", "address", "type", "time")
            }
            assert ours == {name: getattr(parsed, name) for name in ours}, content
