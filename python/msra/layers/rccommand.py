# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of a session control message ([MS-RA] 2.2.2): one element RCCOMMAND, scanned and written.

    <RCCOMMAND NAME="FILEXFER" FILENAME="20070130182140.xml" FILESIZE="436" CHANNELID="RA_FX"/>

The text comes from the network, so that no XML library reads it: see :mod:`msra.layers.elements`.
"""

from __future__ import annotations

import re

from msra.layers.elements import NAME, quote, scan_attributes

__all__ = ["scan", "write"]

# White space is that of XML 1.0, 2.3.
_START = re.compile(r"[ \t\r\n]*<RCCOMMAND(?=[ \t\r\n])")
_END = re.compile(r"[ \t\r\n]*/?>[ \t\r\n]*(?:</RCCOMMAND>[ \t\r\n]*)?")


def scan(text: str) -> dict[str, str] | None:
    """The attributes by lower-case name, `name` first, or None if `text` is no RCCOMMAND element with a NAME.

    Of an attribute that is given twice the first counts. Blanks around values stay.
    """
    start = _START.match(text)
    if not start:
        return None
    attributes, position = scan_attributes(text, start.end())
    if "name" not in attributes or not _END.fullmatch(text, position):
        return None
    return {"name": attributes.pop("name"), **attributes}


def write(name: str, **attributes: object) -> str:
    """The element with these attributes, their names in capitals; raises ValueError for what can't be a name."""
    parts = []
    for key, value in {"name": name, **attributes}.items():
        if not re.fullmatch(NAME, key):
            raise ValueError(f"not an attribute name: {key!r}")
        parts.append(f"{key.upper()}={quote(value)}")
    return f"<RCCOMMAND {' '.join(parts)}/>"
