"""Where a text report goes and how much of it: width, colours and line-drawing characters, and the detail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO, TypeAlias

Colours: TypeAlias = Literal["standard", "256", "truecolor"]

Detail: TypeAlias = Literal["summary", "quiet", "normal", "verbose"]
"""A line a session; its verdict; verdict, facts and ladder; everything."""

PIPED_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Screen:
    """A terminal, or what stands for one. Without colours there is not a single escape sequence."""

    width: int = PIPED_WIDTH
    colours: Colours | None = None
    unicode: bool = True
    terminal: bool = False

    @property
    def more(self) -> str:
        """What stands for text that was cut off."""
        return "…" if self.unicode else "..."


PLAIN = Screen()
"""Files and pipes: always the same."""


def screen_of(stream: TextIO, environment: Mapping[str, str]) -> Screen:
    """What `stream` can show. NO_COLOR turns colours off, FORCE_COLOR on, also in pipes; the first one wins.

    A pipe is as wide as a file, whatever the terminal is, so that its text does not depend on it.
    """
    from rich.console import Console  # takes time to load, and only text needs it

    console = Console(file=stream, _environ=environment)
    system = console.color_system
    plain = environment.get("NO_COLOR") or console.legacy_windows
    terminal = stream.isatty()
    return Screen(
        width=console.width if terminal else PIPED_WIDTH,
        colours=system if not plain and system in ("standard", "256", "truecolor") else None,  # type: ignore[arg-type]
        unicode=(stream.encoding or "utf-8").lower().startswith("utf"),
        terminal=terminal,
    )
