# SPDX-License-Identifier: GPL-2.0-or-later
"""Remote Assistance contact information ([MS-RA] 2.2.5): the file that version 3 peers exchange.

    <?xml version="1.0"?>
    <RAINVITATIONCOLL><RAINVITATIONITEM NAME="" COMPUTERNAME="" AVATAR="" PUBLICKEY="" ADDRESS="" TYPE="" TIME=""/>
    </RAINVITATIONCOLL>

It travels as an internal file (an INTERNALDATA other than "0", [MS-RA] 3.9): with it the expert and the novice meet
again without a password.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from msra.layers.elements import decode_text, scan_elements
from msra.limits import MAX_XML

__all__ = ["Contact", "parse_contact"]


class Contact(NamedTuple):
    """One contact; what is missing is empty.

    `avatar` is a picture and `public_key` a key blob, decoded from base64, or None where that fails. `address` is the
    PNRP peer name at which the contact posts connection information. `type` is not used and always "1". `time` says
    when the contact was made or changed: year to seconds and a fraction, "20080625161611.761000".
    """

    name: str
    computer_name: str
    avatar: bytes | None
    public_key: bytes | None
    address: str
    type: str
    time: str


def parse_contact(data: bytes | str) -> Contact | None:
    """The contact in the content of a file, or None if it is no contact file; of several the first."""
    if len(data) > 2 * MAX_XML:  # bytes of UTF-16
        return None
    text = data if isinstance(data, str) else decode_text(data)
    for element in scan_elements(text) or ():
        if element.path == ("RAINVITATIONCOLL", "RAINVITATIONITEM"):
            return _contact(element.attributes)
    return None


def _contact(attributes: dict[str, str]) -> Contact:
    return Contact(
        name=attributes.get("name", ""),
        computer_name=attributes.get("computername", ""),
        avatar=_decode(attributes.get("avatar", "")),
        public_key=_decode(attributes.get("publickey", "")),
        address=attributes.get("address", ""),
        type=attributes.get("type", ""),
        time=attributes.get("time", ""),
    )


def _decode(text: str) -> bytes | None:
    """Base64 in lines, as peers write it."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):  # ValueError: characters that are not ASCII
        return None
