"""The Remote Assistance Invitation File, `.msrcIncident` ([MS-RAI] 6).

    <?xml version="1.0" encoding="Unicode" ?>
    <UPLOADINFO TYPE="Escalated">
    <UPLOADDATA USERNAME="jeff" LHTICKET="3CD9..." RCTICKET="65538,1,192.168.1.65:3389,*,ot9B...,*,*,5nKH..."
     RCTICKETENCRYPTED="1" DtStart="1160080069" DtLength="60" PassStub="o2*5GdBARK_JBB" L="0" />
    </UPLOADINFO>

Type 1, of Windows XP, has no LHTICKET; type 2, of Windows Vista and later, has both tickets. RCTICKETENCRYPTED says
that there is a password: RCTICKET itself is readable in the examples of the document, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from msra.layers.connection_string import ConnectionString1, ConnectionString2, parse_connection_string
from msra.layers.elements import decode_text, scan_elements
from msra.limits import MAX_INVITATION

_BLOCK = 16
"""Bytes of the cipher of LHTICKET (AES)."""

_NUMBER = re.compile("[0-9]{1,10}")
_HEXADECIMAL = re.compile("(?:[0-9A-Fa-f]{2})+")

ConnectionString: TypeAlias = ConnectionString1 | ConnectionString2


class InvitationError(ValueError):
    """What is wrong with the file, in one sentence that shows nothing of its content."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation says. What is missing is empty, or None.

    `has_password`: RCTICKETENCRYPTED. `rc_ticket`: RCTICKET; `lh_ticket`: the encrypted bytes of LHTICKET, b"" if they
    are damaged. `start`: DtStart, seconds since 1970, UTC; `minutes`: DtLength, how long it is valid.
    """

    user_name: str
    has_password: bool
    start: int | None
    minutes: int | None
    rc_ticket: ConnectionString | None = field(repr=False)
    lh_ticket: bytes | None = field(repr=False)
    pass_stub: str = field(repr=False)

    @property
    def type(self) -> int:
        """1 or 2, as [MS-RAI] 6 counts them."""
        return 1 if self.lh_ticket is None else 2


def parse_invitation(data: bytes) -> Invitation:
    """Read the content of a file: UTF-16 or 8-bit, whatever its XML declaration claims. Raises InvitationError."""
    if len(data) > MAX_INVITATION:
        raise InvitationError("The file is too large for an invitation.")
    elements = scan_elements(decode_text(data).rstrip("\0"))
    if elements is None:
        raise InvitationError("The file is no invitation, or was damaged on its way: its XML can't be read.")
    for element in elements:
        if element.path == ("UPLOADINFO", "UPLOADDATA"):
            return _invitation(element.attributes)
    raise InvitationError("The file is no invitation: it has no element UPLOADDATA in an element UPLOADINFO.")


def _invitation(attributes: dict[str, str]) -> Invitation:
    lh_ticket = _hexadecimal(attributes["lhticket"]) if attributes.get("lhticket") else None
    rc_ticket = parse_connection_string(_unwrapped(attributes.get("rcticket", "")))
    if lh_ticket is None and rc_ticket is None:
        missing = "its RCTICKET is no connection string" if attributes.get("rcticket") else "it has no ticket"
        raise InvitationError(f"The invitation was damaged on its way, or is none: {missing}.")
    return Invitation(
        user_name=attributes.get("username", ""),
        has_password=attributes.get("rcticketencrypted", "").strip() == "1",
        start=_number(attributes.get("dtstart", "")),
        minutes=_number(attributes.get("dtlength", "")),
        rc_ticket=rc_ticket,
        lh_ticket=lh_ticket,
        pass_stub=attributes.get("passstub", ""),
    )


def _unwrapped(text: str) -> str:
    """Without the line breaks of mail programs, which are no part of a connection string."""
    return "".join(line.strip() for line in text.splitlines())


def _hexadecimal(text: str) -> bytes:
    """Whole cipher blocks, or b""."""
    digits = "".join(text.split())
    whole = _HEXADECIMAL.fullmatch(digits) and len(digits) % (2 * _BLOCK) == 0
    return bytes.fromhex(digits) if whole else b""


def _number(text: str) -> int | None:
    digits = text.strip()  # of more than int() takes: U+001C to U+001F, for instance
    return int(digits) if _NUMBER.fullmatch(digits) else None
