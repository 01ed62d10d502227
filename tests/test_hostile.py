"""Text of strangers does nothing, wherever it comes from and whatever it is written to.

Each string of a table, and any other, stands in every field that is text, and in the name of the capture itself. Each
format is read back as a terminal, a spreadsheet, a Markdown renderer, a browser or a program reads it.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msra.analysis.model import Attempt, Check, Report
from msra.build import activation
from msra.cli import FORMATS, main
from msra.layers import MSRA_Ctl, MSRA_RAExpertName, MSRA_RANoviceName
from msra.report.text import to_text
from tests.analysis.builders import EXPERT as EXPERT_END
from tests.analysis.builders import NOVICE as NOVICE_END
from tests.dissector.conversation import EXPERT, NOVICE, Conversation, chat, text
from tests.fuzz.captures import harmful
from tests.report.test_markdown import everywhere, harmless
from tests.transport import builders as rdp

HOSTILE = (
    # terminals: colours, titles, eight-bit controls, invisible and bidirectional characters, half characters
    "\x1b[31mred\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "a\b\b\rb", "a\nb", "a\0b", "\u202egpj.exe", "\u2066a\u2069",
    "a\u200bb\ufeff", "\u2028\u2029", "\ud800", "a\udfffb", "\U000e0041", "\u0085",
    # browsers
    "<script>alert(1)</script>", "</script><script>alert(1)//", "<img src=x onerror=alert(1)>", "<!--", "&lt;b&gt;&#0;",
    "\" onmouseover=\"alert(1)", "' autofocus onfocus='alert(1)", "javascript:alert(1)", "]]>", "{{7*7}}",
    # Markdown
    "<http://x.y>", "[a](http://x.y)", "![a](http://x.y/z.png)", "http://x.y", "www.x.y", "a@x.y", "@everyone",
    "# a", "```\n# a", "a | b", "1. a", "---", "[a]: http://x.y", "\\", "`",
    # spreadsheets
    "=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", '",=1',
    '"\r\n=1', "\u00a0=1",
    # programs
    '"}', "\\u0000", "null", "${jndi:ldap://x.y/z}", "$(id)", "%n%s", "../../x",
)  # fmt: skip


def hostile(text: str) -> Report:
    """A report with the text in every place: what comes from messages and facts, and the sentences made of it."""
    made = everywhere(text)
    (capture,) = made.captures
    capture.sessions[0].checks = [Check("address", "failed", f"The invitation names {text}.")]
    capture.attempts = [Attempt(EXPERT_END, NOVICE_END, "refused", 5, (1, 2), f"{text} was not there.")]
    return made


# -- Readers -----------------------------------------------------------------------------------------------------------


def on_a_terminal(said: str) -> None:
    assert harmful(said) == []


def in_a_spreadsheet(said: str) -> None:
    assert harmful(said.replace("\r\n", "\n")) == []
    rows = list(csv.reader(io.StringIO(said, newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1 and len(rows) > 1
    cells = {cell.lstrip() for row in rows for cell in row}
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20"))]


def in_markdown(said: str) -> None:
    assert harmful(said) == []
    harmless(said)


class Structure(HTMLParser):
    """The elements of a page with the names of their attributes, and its scripts and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.addresses: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(f"{tag} {' '.join(sorted(name for name, _ in attrs))}")
        self.addresses |= {value or "" for name, value in attrs if name in ("href", "src", "action", "style")}

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


@cache
def harmless_structures() -> set[tuple[str, ...]]:
    return {structure(FORMATS["html"](hostile("x"), shown)) for shown in (False, True)}


def structure(page: str) -> tuple[str, ...]:
    reader = Structure()
    reader.feed(page)
    reader.close()
    assert {address for address in reader.addresses if not address.startswith("#")} == set()
    return tuple(reader.elements)


def in_a_browser(said: str) -> None:
    """The page has the elements that it has without any of it."""
    said.encode()
    assert not [mark for mark in harmful(said) if mark != "\r"]
    assert structure(said) in harmless_structures()


def as_json(said: str) -> None:
    assert said.isascii()
    json.loads(said)


def as_lines(said: str) -> None:
    assert said.isascii()
    for line in said.splitlines():
        json.loads(line)


READERS: Mapping[str, Callable[[str], None]] = {
    "text": on_a_terminal, "json": as_json, "jsonl": as_lines, "ecs": as_lines, "csv": in_a_spreadsheet,
    "markdown": in_markdown, "html": in_a_browser,
}  # fmt: skip
DETAILS = ("summary", "quiet", "normal", "verbose")


def test_every_format_has_its_reader() -> None:
    assert READERS.keys() == FORMATS.keys()


def read(made: Report) -> None:
    """All formats."""
    for show_secrets in (False, True):
        for name, reader in READERS.items():
            reader(FORMATS[name](made, show_secrets))
        for detail in DETAILS:
            on_a_terminal(partial(to_text, detail=detail)(made, show_secrets))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_format_lets_it_act(text: str) -> None:
    read(hostile(text))


@settings(deadline=None, max_examples=25)
@given(
    st.text(st.characters(exclude_categories=()), min_size=1, max_size=20)
    | st.text("=+-@\t\r\n\",;'\\ <>&/`|*_[]()!#\x1b\x9b\0\u202e\ud800a1", min_size=1, max_size=12)
)
def test_nor_any_other_text(text: str) -> None:
    read(hostile(text))


# -- From the wire, and from the command line --------------------------------------------------------------------------


def capture(words: str) -> bytes:
    """A session with the text in all that both sides say."""
    name = text(words[:60])
    talk = Conversation()
    talk.packets += talk.talk.open()
    talk.send(EXPERT, rdp.connection_request(cookie=words.encode("latin-1", "replace").decode("latin-1")))
    talk.send(NOVICE, rdp.connection_confirm(value=0), rdp.connect_response(1005))
    talk.send(EXPERT, rdp.connect_initial("remdesk"), activation.client_info(printed(words), printed(words)))
    names = ((EXPERT, MSRA_RAExpertName(expert_name=name)), (NOVICE, MSRA_RANoviceName(novice_name=name)))
    for sender, layer in names:
        talk.message(sender, rdp.ra_message("RC_CTL", bytes(MSRA_Ctl() / layer)))
    talk.message(NOVICE, chat(words)).message(EXPERT, rdp.ra_message(printed(words[:20]), text(words)))
    quoted = words.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    talk.message(
        EXPERT, rdp.ra_message("71", text(f'<RCCOMMAND NAME="FILEXFER" FILENAME="{quoted}" CHANNELID="RA_FX"/>'))
    )
    talk.message(EXPERT, rdp.ra_message("71", text(f"<RCCOMMAND {words}")))
    return talk.message(NOVICE, rdp.result(41)).close().capture()


def printed(words: str) -> str:
    """Without half characters, which this builder does not take."""
    return words.encode("utf-16-le", "replace").decode("utf-16-le")


FILE_NAMES = [
    os.fsdecode(words.replace("/", "_").replace("\0", "_").encode("utf-8", "surrogatepass") + b"\xff.pcap")
    for words in HOSTILE
]
"""What a file can be called: a name is bytes, and those that UTF-8 has no form for are half characters in Python."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
@pytest.mark.parametrize("output", FORMATS)
def test_names_of_captures_and_what_is_in_them(output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One capture after the other."""
    for words, name in zip(HOSTILE, FILE_NAMES, strict=True):
        path = tmp_path / name
        path.write_bytes(capture(words))
        said, errors = run(capsys, "-f", output, str(path))
        assert said and not errors
        if output == "html":
            structure(said)
        else:
            READERS[output](said)


@pytest.mark.parametrize("name", FILE_NAMES, ids=ascii)
def test_errors_about_files_that_are_not_there(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ((), ("--invitation",), ("--keylog",), ("--rdp-key",)):
        said, errors = run(capsys, *option, f"/nowhere/{name}", *(["x.pcap"] if option else []))
        on_a_terminal(said)
        on_a_terminal(errors)
        assert errors


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    with suppress(SystemExit):
        main(["--engine=embedded", *arguments])
    return capsys.readouterr()
