"""Markdown: what a ticket shows, and that no text from a capture is more than text in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from msra.analysis.differences import Difference, OneSided
from msra.analysis.model import CaptureReport, Finding, Report, SameSession, SessionPlace
from msra.report.markdown import code, prose, to_markdown
from msra.report.printable import printable
from tests.analysis.builders import Story
from tests.report.builders import HOSTILE

PARSER = MarkdownIt("gfm-like")

TRICKS = (
    "a | b", r"a \| b", r"\\|", "`", "a`b``c", "` | `", "<b>x</b>", "<script>", "<!--", "&lt;", "&#64;user", "@user",
    "#1", "GH-1", "owner/name#1", "user@example.com", "http://example.com", "https://x.y/|", "www.example.com",
    "[a](http://x.y)", "![a](http://x.y/z.png)", "[a]: http://x.y", "<http://x.y>", "*a*", "__a__", "~~a~~", ":+1:",
    "1. a", "2) a", "- a", "+ a", "# a", "> a", "===", "---", "| --- |", "\t code", "a\nb", "a\\", "$x$",
    "mailto:a@b.c", "\u202e", "a\u200bb", "[x] a", "[MS-RA](x)", "```", "~~~",
)  # fmt: skip


def tokens(text: str) -> Iterator[Token]:
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def shown(text: str) -> str:
    """What a reader sees of it."""
    return "".join(token.content for token in tokens(text) if token.type in ("text", "code_inline"))


OURS = {"heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "ordered_list", "list_item",
        "strong", "inline", "text", "code_inline", "fence", "softbreak"}  # fmt: skip


def harmless(text: str) -> None:
    kinds = {re.sub("_(open|close)$", "", token.type) for token in tokens(text)}
    assert kinds <= OURS, kinds - OURS
    for token in tokens(text):
        if token.type == "text":
            assert not re.search(r"@|#\d|://|www\.|GH-\d|\w/\w", token.content), token.content


def test_a_session() -> None:
    session = (
        Story().fact("tcp_syn", "expert").version2().say("novice", "CHAT", "70", text="a | b").result(61).session()
    )
    session.findings = [Finding("x", "warning", "Careful ([MS-RA] 2.2).", (2,)), Finding("y", "info", "So.", (3,))]
    capture = CaptureReport("dir/a.pcapng", "embedded", 5, 1, notes=["a <note>"], sessions=[session])
    text = to_markdown(Report([capture, CaptureReport("b", "", error="no file")]))
    head, _, rest = text.partition("Probable causes:")
    assert (
        head
        == """\
## `dir/a.pcapng`

5 packets, 1 RDP connection, 1 Remote Assistance session (embedded engine).

- **Note:** a `<note>`

### Session 1: FAILED, `61 PASSWORDS_DONT_MATCH`

**The novice answered with an error, 5.0 s after the capture of it begins: `PASSWORDS_DONT_MATCH` (61).**

An invalid password was used. This message is only used in version 2.

"""
    )
    assert "\n\n1. The expert typed" in rest and "\n\nWhat to try next:\n\n1. Have" in rest
    assert rest.endswith(r"""
| Fact | Value |
| --- | --- |
| Sides | expert 10.0.0.1:50000, novice 10.0.0.2:49230 |
| Version | 2 (frame 3: `REMOTEDESKTOP_EXPERT_ON_VISTA`) |
| Security | none |
| Time | `1970-01-01T00:00:01Z`, 5.0 s in all, 2.0 s to the answer |

| Time | Frame | From | Event | Details |
| --- | --- | --- | --- | --- |
| +1.000 s | 2 |  | TCP connect |  |
| +2.000 s | 3 | expert | `REMOTEDESKTOP_EXPERT_ON_VISTA` |  |
| +3.000 s | 4 | expert | `REMOTEDESKTOP_CTL_VERIFY_PASSWORD` |  |
| +4.000 s | 5 | novice | `CHAT` | `a \| b` |
| +5.000 s | 6 | novice | `REMOTEDESKTOP_CTL_RESULT` | `61 PASSWORDS_DONT_MATCH` |

- **Warning:** Careful (\[MS-RA\] 2.2). Frame 2.

1 minor remark left out.

## `b`

**Could not be read:** no file
""")


def test_an_empty_report() -> None:
    assert to_markdown(Report()) == ""


@pytest.mark.parametrize("trick", [*TRICKS, HOSTILE])
def test_tricks_stay_text(trick: str) -> None:
    """Wherever text from a capture can be."""
    harmless(prose(trick))
    assert shown(prose(trick)) == " ".join(printable(trick).split())
    assert shown(code(trick)) == printable(trick).strip()
    made = everywhere(trick)
    harmless(to_markdown(made))
    assert printable(trick).strip() in shown(to_markdown(made))


def everywhere(text: str) -> Report:
    made = Story().fact("connection_request", "expert", cookie=text).fact("client_core", client_name=text)
    made.fact("client_channels", channel_names=(text, text)).fact("client_info", user_name=text, working_dir=text)
    made.say("novice", "CHAT", "70", text=text).say("expert", "RCCOMMAND", "71", name=text, filename=text)
    made.say("expert", "RCCOMMAND", "71", name="FILEXFER", filename=text, filesize=1, channelid="x")
    session = made.say("novice", "CTL_RANOVICE_NAME", novice_name=text).session()
    session.findings = [Finding("x", "warning", f"{text} and {text}", (1,))]
    capture = CaptureReport(text, "embedded", notes=[text], error=text, sessions=[session])
    place = SessionPlace(0, 1)
    same = Difference(place, place, None, None, (), (OneSided(place, session.messages[0], "unseen"),))
    return Report([capture], [SameSession((place, place), (same,))])


def test_tables_keep_their_columns() -> None:
    for trick in TRICKS:
        cells: list[int] = []
        for token in PARSER.parse(to_markdown(everywhere(trick))):
            if token.type == "tr_open":
                cells.append(0)
            elif token.type in ("td_open", "th_open"):
                cells[-1] += 1
        assert set(cells) == {2, 5}


def test_what_no_parser_can_tell() -> None:
    """Tables of GitHub leave out cells that are too many: the last one must be there."""
    assert r"| `x \| y` |" in to_markdown(everywhere("x | y"))


@settings(deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="`|\\*_[]()<>!&@#~:/.- a1\n", max_size=20))
def test_any_text_is_harmless(text: str) -> None:
    harmless(prose(text))
    harmless(to_markdown(everywhere(text)))
    assert shown(prose(text)) == " ".join(printable(text).split())


def test_long_texts_are_cut() -> None:
    assert len(to_markdown(Report([CaptureReport("a", "x", sessions=[_long()])]))) < 5000


def _long():  # type: ignore[no-untyped-def]
    return Story().say("novice", "CHAT", "70", text="x" * 100_000).session()
