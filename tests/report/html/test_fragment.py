"""Fragments for the pages of others: text stays text, and nothing of them reaches what is around them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from msra.events import Message
from msra.report.html import fragment, to_html
from tests.report.builders import report
from tests.report.html import hostile
from tests.report.html.hostile import PAYLOADS


class Tags(HTMLParser):
    """The tags of a fragment, and the page in its frame."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.page = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.page = values.get("srcdoc") or self.page
        self.tags.append((tag, tuple(values)))


def test_the_frame_has_the_whole_page() -> None:
    made = Tags(fragment.framed(report(), "a caption"))
    assert made.page.strip() == to_html(report()).strip()
    assert [tag for tag, _ in made.tags] == ["div", "iframe", "pre"]
    assert 'sandbox="allow-scripts"' in fragment.framed(report(), "")  # and not allow-same-origin


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_stays_text(text: str) -> None:
    message = Message(1, 1, 1, "novice", text, text, {text: text, "result": 61})
    plain = Message(1, 1, 1, "novice", "plain", "plain", {"plain": "plain", "result": 61})
    assert Tags(fragment.message(message)).tags == Tags(fragment.message(plain)).tags
    framed, harmless = (Tags(fragment.framed(hostile.report(one), one)).tags for one in (text, "harmless"))
    assert framed == harmless


def test_a_message() -> None:
    made = fragment.message(Message(1, 81, 10**18, "novice", "RC_CTL", "REMOTEDESKTOP_CTL_RESULT",
                                    {"msg_type": 2, "result": 41}, ("truncated",)))  # fmt: skip
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", made)).strip()
    assert shown == (
        "REMOTEDESKTOP_CTL_RESULT 41 SAFERROR_HELPEESAIDNO From the novice, channel RC_CTL, frame 81, "
        "2001-09-09T01:46:40.000000Z The remote user denied the remote control request. "
        "msg_type 2 result 41 note the message ends before its fields do"
    )
    assert "<script" not in made and "<style" not in made
