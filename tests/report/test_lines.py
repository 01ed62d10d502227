"""Lines that fit their screen."""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text

from msra.report.facts import Row
from msra.report.lines import cut, headed, numbered, rendered, row, wrapped
from msra.report.screen import PLAIN, Screen

NARROW = Screen(width=30)


def plain(lines: object) -> list[str]:
    return rendered(lines, NARROW).splitlines()  # type: ignore[arg-type]


def test_prose_is_wrapped_beside_its_label() -> None:
    assert plain(row(Row("Note", "some words that need two lines"), NARROW)) == [
        "  Note      some words that",
        "            need two lines",
    ]
    assert plain(row(Row("Failed connect", "so"), NARROW)) == ["  Failed connect: so"]
    assert plain(numbered("Next", ["one", "two"], NARROW)) == ["  Next      1. one", "            2. two"]
    assert plain(headed(Text("> "), "", NARROW)) == [">"]


def test_wide_characters_take_two_columns() -> None:
    assert wrapped("中中中中中 中中中", 12) == ["中中中中中", "中中中"]
    assert cut("中中中", 6, "…") == "中中中"
    assert cut("中中中中", 6, "…") == "中中…" and cell_len(cut("中中中中", 6, "…")) <= 6
    assert cut("abcdef", 5, "...") == "ab..."


def test_only_colours_make_escapes() -> None:
    line = Text("[bold]no markup[/bold] :smile:", "red")
    assert rendered([line], PLAIN) == "[bold]no markup[/bold] :smile:\n"
    assert rendered([line], Screen(colours="standard")) == "\x1b[31m[bold]no markup[/bold] :smile:\x1b[0m\n"


def test_long_lines_are_left_to_the_terminal() -> None:
    assert rendered([Text("x" * 200)], Screen(colours="standard")) == "x" * 200 + "\n"
