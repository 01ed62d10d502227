"""The names of messages: the tables name only what the decoders can yield."""

from __future__ import annotations

from msra.analysis.findings.vocabulary import COMMANDS, SENDERS, VERSIONS, name_of, versions_of
from msra.events import Message
from msra.layers.encomsp import ORDER_TYPES
from msra.layers.msra import MSG_TYPES

TYPES = {*MSG_TYPES.values(), *ORDER_TYPES.values(), *(f"RCCOMMAND {name}" for name in COMMANDS)}


def message(kind: str, channel: str = "RC_CTL", **fields: str) -> Message:
    return Message(1, 1, 1, "expert", channel, kind, fields)


def test_tables_name_real_messages() -> None:
    """A typing error in a name would switch a rule off."""
    assert set(SENDERS) <= TYPES and set(VERSIONS) <= TYPES


def test_commands_of_the_specification_have_their_names() -> None:
    assert name_of(message("RCCOMMAND", name="DENIEDRC ")) == "RCCOMMAND DENIEDRC"
    assert name_of(message("RCCOMMAND", name="\x1b[2J")) == "RCCOMMAND"
    assert name_of(message("CHAT", name="ACCEPTRC")) == "CHAT"


def test_versions() -> None:
    assert versions_of(message("REMOTEDESKTOP_CTL_TOKEN")) == (3,)
    assert versions_of(message("REMOTEDESKTOP_CTL_DISCONNECT")) == ()
    assert versions_of(message("FILE_DATA", "RA_FX")) == (2, 3)
    assert versions_of(message("FILEXFEREND", "1000.612009461")) == (1,)
    assert versions_of(message("RCCOMMAND", name="FILEXFER", internaldata="1")) == (3,)
    assert versions_of(message("RCCOMMAND", name="FILEXFER", internaldata="0")) == ()
