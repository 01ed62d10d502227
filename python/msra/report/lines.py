"""Lines for a screen: laid out here, so that a file gets the same ones as a terminal, without the colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from io import StringIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from msra.analysis.model import Outcome
from msra.report.facts import Row, Tone
from msra.report.screen import Screen

LABEL = 12
"""Columns before the sentences, the indent and the label in them."""

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.ESTABLISHED: "bold green",
    Outcome.REFUSED: "bold yellow",
    Outcome.FAILED: "bold red",
    Outcome.INCOMPLETE: "bold magenta",
    Outcome.UNREADABLE: "bold blue",
}
"""The style of an outcome, wherever it is shown."""

_TONES: Mapping[Tone, str] = {"plain": "dim", "good": "green", "info": "cyan", "warning": "yellow", "error": "bold red"}


def rendered(lines: Iterable[Text], screen: Screen) -> str:
    """The lines as they are written to the screen."""
    if screen.colours is None:
        return "".join(f"{line.plain.rstrip()}\n" for line in lines)
    written = StringIO()
    console = Console(file=written, color_system=screen.colours, force_terminal=True, legacy_windows=False, _environ={})
    for line in lines:
        line.rstrip()
        console.print(line, soft_wrap=True)
    return written.getvalue()


def row(made: Row, screen: Screen, style: str = "") -> Iterator[Text]:
    """A labelled sentence."""
    label = f"  {made.label:<{LABEL - 2}}" if len(made.label) < LABEL - 2 else f"  {made.label}: "
    return headed(Text(label, _TONES[made.tone]), made.text, screen, style)


def numbered(label: str, sentences: Iterable[str], screen: Screen) -> Iterator[Text]:
    """A labelled list."""
    for number, sentence in enumerate(sentences, start=1):
        head = Text.assemble((f"  {label if number == 1 else '':<{LABEL - 2}}", "dim"), f"{number}. ")
        yield from headed(head, sentence, screen)


def headed(head: Text, text: str, screen: Screen, style: str = "") -> Iterator[Text]:
    """Text that is wrapped beside its head."""
    for number, line in enumerate(wrapped(text, screen.width - len(head))):
        yield Text.assemble(head if number == 0 else " " * len(head), (line, style))


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, of which wide characters take two."""
    return [line.plain.rstrip() for line in Text(text).wrap(_measure(), max(width, 10))] or [""]


def cut(text: str, width: int, more: str) -> str:
    """The text, or its beginning and `more` if it needs more than `width` columns."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - cell_len(more), 0)).rstrip() + more


@cache
def _measure() -> Console:
    return Console(file=StringIO(), _environ={})
