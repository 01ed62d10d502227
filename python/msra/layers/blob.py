# SPDX-License-Identifier: GPL-2.0-or-later
"""The expert blob ([MS-RA] 2.2.1, expertBlob): properties, each with its number of characters before it.

    9;NAME=John69;PASS=D4B4...
    | |         | `--------- 69 characters: PASS=D4B4...
    | `---------`----------- 9 characters: NAME=John
    `----------------------- count

A character is a UTF-16 code unit, as in the WCHAR strings of the peers.
"""

from __future__ import annotations

import re
import struct

from msra.layers.fields import terminator_end

__all__ = ["glue_point", "parse_expert_blob"]

_COUNT = re.compile("([0-9]+);")
_DIGITS = frozenset("0123456789")


def parse_expert_blob(text: str) -> list[tuple[str, str]] | None:
    """The (name, value) properties of an expert blob in their order, or None if `text` is none as a whole."""
    units = _units(text.encode("utf-16-le", "surrogatepass"))
    properties = []
    position = 0
    while match := _COUNT.match(units, position):
        digits = match[1].lstrip("0")
        if len(digits) > len(str(len(units))):  # more than there is; and int() refuses thousands of digits
            return None
        position = match.end() + int(digits or "0")
        name, equals, value = units[match.end() : position].partition("=")
        if position > len(units) or not (name and equals):
            return None
        properties.append((_text(name), _text(value)))
    return properties if properties and position == len(units) else None


def glue_point(body: bytes) -> int:
    """The number of bytes that belong to raConnectionString in the body of REMOTEDESKTOP_CTL_AUTHENTICATE.

    By the specification a NUL follows the connection string. FreeRDP 3 puts nothing between it and the expert blob:
    then the blob begins where the rest is nothing but properties. If it begins nowhere, all is connection string.
    """
    end = terminator_end(body)
    if 0 < end < len(body):
        return end
    start = _first_blob(_units(body[: end - 2] if end else body[: len(body) & ~1]))
    return len(body) if start is None else 2 * start


def _first_blob(units: str) -> int | None:
    """The first position from which `units` is an expert blob up to its end; takes one pass from right to left."""
    size = len(units)
    starts = {size}  # the positions from which on there are only properties
    equals = size  # the nearest "="
    for position in range(size - 1, -1, -1):
        if units[position] == "=":
            equals = position
        elif units[position] == ";" and position + 1 < equals:
            starts.update(_property_starts(units, position, equals, starts))
    first = min(starts)
    return first if first < size else None


def _property_starts(units: str, semicolon: int, equals: int, starts: set[int]) -> list[int]:
    """Where the count before a semicolon can begin: "112;..." is 112, or a 12 or 2 after other text."""
    found = []
    count, weight, limit = 0, 1, len(units)
    for position in range(semicolon - 1, -1, -1):
        if units[position] not in _DIGITS:
            break
        count += int(units[position]) * weight
        if count > limit:
            break
        weight = min(weight * 10, limit + 1)  # leading zeros must not make big numbers
        end = semicolon + 1 + count
        if equals < end and end in starts:
            found.append(position)
    return found


def _units(utf16: bytes) -> str:
    """One character for each code unit: a surrogate pair stays two."""
    return "".join(map(chr, struct.unpack(f"<{len(utf16) // 2}H", utf16)))


def _text(units: str) -> str:
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
