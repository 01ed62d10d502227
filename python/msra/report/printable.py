"""Text from the network, made harmless: for terminals, tables and everything else that is shown to people."""

from __future__ import annotations

import unicodedata

_HARMFUL = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def printable(text: str) -> str:
    """The text with everything that could act on a terminal, or that cannot be seen, written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii") if unicodedata.category(character) in _HARMFUL else character
        for character in text
    )
