"""The items are values: equal when their contents are, so that tests and engines can compare them."""

from __future__ import annotations

from msra.transport.model import ChannelMessage, Gap, Origin


def test_items_compare_by_value() -> None:
    origin = Origin(True, 7, 1_000)
    assert ChannelMessage(origin, "remdesk", b"x") == ChannelMessage(Origin(True, 7, 1_000), "remdesk", b"x")
    assert Gap(origin, "encrypted", 1) != Gap(origin, "encrypted", 2)
