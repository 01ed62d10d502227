"""Items are values of their own kind, so that lists of them can be compared."""

from __future__ import annotations

from msra.capture.tls.model import Certificate, Item, Plaintext, Undecrypted


def test_items_of_two_kinds_are_never_equal() -> None:
    assert Plaintext(b"x") == Plaintext(b"x")
    others: list[Item] = [Certificate(b"x"), Undecrypted(1, "x")]
    assert Plaintext(b"x") not in others
