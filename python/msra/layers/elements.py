# SPDX-License-Identifier: GPL-2.0-or-later
"""XML texts of peers: elements with attributes, scanned and written.

    <E><A KH="..." ID="..."/><C><T ID="1" SID="0"><L P="49228" N="192.168.1.200"/></T></C></E>

The texts come from the network, so that no XML library reads them: what there is no code for can't be switched on.
There are no document types, no entities but the predefined ones, no comments, and little nesting. The scanner forgives
what peers do wrong in values, an unescaped "&" for one; where it can't follow the elements, there is no answer.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msra.limits import MAX_XML, MAX_XML_ATTRIBUTES, MAX_XML_ELEMENTS, MAX_XML_NESTING

__all__ = ["NAME", "Element", "decode_text", "quote", "scan_attributes", "scan_elements"]


# White space is that of XML 1.0, 2.3.
NAME = "[A-Za-z_:][A-Za-z0-9_:.-]*"
_ATTRIBUTE = re.compile(rf"""[ \t\r\n]*({NAME})[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|'([^']*)')""")
_REFERENCE = re.compile("&(?:(lt|gt|amp|quot|apos)|#0*([0-9]{1,7})|#x0*([0-9A-Fa-f]{1,6}));")
_PREDEFINED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_ESCAPED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_DECLARATION = re.compile(r"\ufeff?[ \t\r\n]*(?:<\?xml[ \t\r\n][^<>]*\?>)?")
_TAG = re.compile(rf"[ \t\r\n]*<(/?)({NAME})")
_TAG_END = re.compile(r"[ \t\r\n]*(/?)>")
_SPACE = re.compile(r"[ \t\r\n]*")
_ENCODINGS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}


class Element(NamedTuple):
    """An element: the names of the elements around it and its own, and its attributes by lower-case name."""

    path: tuple[str, ...]
    attributes: dict[str, str]


def scan_attributes(text: str, position: int) -> tuple[dict[str, str], int]:
    """The attributes from `position` on by lower-case name, and where they end.

    Of an attribute that is given twice the first counts. Blanks around values stay.
    """
    attributes: dict[str, str] = {}
    while len(attributes) < MAX_XML_ATTRIBUTES and (match := _ATTRIBUTE.match(text, position)):
        name, double_quoted, single_quoted = match.groups()
        value = single_quoted if double_quoted is None else double_quoted
        attributes.setdefault(name.lower(), _REFERENCE.sub(_referenced, value))
        position = match.end()
    return attributes, position


def _referenced(match: re.Match[str]) -> str:
    """The character for a reference; references to what is no Unicode character stay as they are."""
    predefined, decimal, hexadecimal = match.groups()
    if predefined:
        return _PREDEFINED[predefined]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    is_character = 0 < number < 0xD800 or 0xE000 <= number <= 0x10FFFF
    return chr(number) if is_character else match[0]


def scan_elements(text: str) -> list[Element] | None:
    """The elements of a document in the order of their start tags, the root first; None if `text` is no document.

    It may begin with an XML declaration. Between the tags there is nothing but white space.
    """
    if len(text) > MAX_XML:
        return None
    declaration = _DECLARATION.match(text)
    position = declaration.end() if declaration else 0
    elements: list[Element] = []
    path: tuple[str, ...] = ()
    while tag := _TAG.match(text, position):
        closes, name = tag.groups()
        attributes, position = scan_attributes(text, tag.end())
        end = _TAG_END.match(text, position)
        if not end:
            return None
        position = end.end()
        if closes:
            if attributes or end[1] or path[-1:] != (name,):
                return None
            path = path[:-1]
        elif (elements and not path) or len(path) == MAX_XML_NESTING or len(elements) == MAX_XML_ELEMENTS:
            return None
        else:
            elements.append(Element((*path, name), attributes))
            path = path if end[1] else elements[-1].path
    return elements if elements and not path and _SPACE.fullmatch(text, position) else None


def quote(value: object) -> str:
    """An attribute's value as it is written, quotation marks included."""
    return f'"{str(value).translate(_ESCAPED)}"'


def decode_text(data: bytes) -> str:
    """The text of a file: UTF-16 or 8-bit, whatever its XML declaration claims: [MS-RAI] 6 has "Unicode" in all."""
    encoding = _ENCODINGS.get(data[:2])
    if encoding:
        return data.decode(encoding, "replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
