"""The project's pages, as tests see them: their blocks of commands, outputs and Python."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_RUN = "not-run: "
"""What stands in the first line of a block that needs a network, another system or a person, and why."""

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:analyze-pcap|saferror) [^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block; `why_not` says why it is not run, "" if it is."""

    page: str
    language: str
    why_not: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text.strip().splitlines()[0]}"


def blocks(*languages: str) -> list[Block]:
    """The blocks of all pages in these languages; without any, all blocks."""
    return [block for page in PAGES for block in _blocks(page) if not languages or block.language in languages]


def _blocks(page: Path) -> Iterator[Block]:
    for match in _FENCE.finditer(page.read_text("utf-8")):
        language, _, info = match["info"].partition(" ")
        assert not info or info.startswith(NOT_RUN), f"{page.name}: {match['info']}"
        yield Block(page.name, language, info.removeprefix(NOT_RUN), match["text"])


def commands() -> list[tuple[str, str]]:
    """Page and line of each command that is run."""
    runnable = [block for block in blocks("sh") if not block.why_not]
    return [(block.page, line) for block in runnable for line in block.text.splitlines() if line.strip()]


def inline_commands() -> list[tuple[str, str]]:
    """Page and text of each command of ours inside a sentence."""
    return [(page.name, text) for page in PAGES for text in _INLINE.findall(page.read_text("utf-8"))]


def indented(page: Path) -> list[str]:
    """Lines of code that are indented and not fenced, and so are looked at by nobody."""
    return re.findall(r"^    (?=\S)(.*)$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
