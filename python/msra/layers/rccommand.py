# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of a session control message ([MS-RA] 2.2.2): one element RCCOMMAND, scanned and written.

    <RCCOMMAND NAME="FILEXFER" FILENAME="20070130182140.xml" FILESIZE="436" CHANNELID="RA_FX"/>

The text comes from the network, so that no XML library reads it: there are no document types, no entities but the
predefined ones, and no nesting. The scanner forgives what peers may do wrong, an unescaped "&" for one.
"""

from __future__ import annotations

import re

__all__ = ["scan", "write"]

# White space is that of XML 1.0, 2.3.
_NAME = "[A-Za-z_:][A-Za-z0-9_:.-]*"
_START = re.compile(r"[ \t\r\n]*<RCCOMMAND(?=[ \t\r\n])")
_ATTRIBUTE = re.compile(rf"""[ \t\r\n]*({_NAME})[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')""")
_END = re.compile(r"[ \t\r\n]*/?>[ \t\r\n]*(?:</RCCOMMAND>[ \t\r\n]*)?")
_REFERENCE = re.compile("&(?:(lt|gt|amp|quot|apos)|#0*([0-9]{1,7})|#x0*([0-9A-Fa-f]{1,6}));")
_PREDEFINED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ESCAPED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def scan(text: str) -> dict[str, str] | None:
    """The attributes by lower-case name, `name` first, or None if `text` is no RCCOMMAND element with a NAME.

    Of an attribute that is given twice the first counts. Blanks around values stay.
    """
    start = _START.match(text)
    if not start:
        return None
    attributes: dict[str, str] = {}
    position = start.end()
    while match := _ATTRIBUTE.match(text, position):
        name, double_quoted, single_quoted = match.groups()
        value = single_quoted if double_quoted is None else double_quoted
        attributes.setdefault(name.lower(), _REFERENCE.sub(_referenced, value))
        position = match.end()
    if "name" not in attributes or not _END.fullmatch(text, position):
        return None
    return {"name": attributes.pop("name"), **attributes}


def _referenced(match: re.Match[str]) -> str:
    """The character for a reference; references to what is no Unicode character stay as they are."""
    predefined, decimal, hexadecimal = match.groups()
    if predefined:
        return _PREDEFINED[predefined]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    is_character = 0 < number < 0xD800 or 0xE000 <= number <= 0x10FFFF
    return chr(number) if is_character else match[0]


def write(name: str, **attributes: object) -> str:
    """The element with these attributes, their names in capitals; raises ValueError for what can't be a name."""
    parts = []
    for key, value in {"name": name, **attributes}.items():
        if not re.fullmatch(_NAME, key):
            raise ValueError(f"not an attribute name: {key!r}")
        parts.append(f'{key.upper()}="{str(value).translate(_ESCAPED)}"')
    return f"<RCCOMMAND {' '.join(parts)}/>"
