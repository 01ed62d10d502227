"""Words that the page uses everywhere: ends, times, frames, outcomes. All of them are safe to show as text."""

from __future__ import annotations

from msra.analysis.model import Outcome
from msra.events import Endpoint
from msra.report.text import printable

LONGEST = 4000
"""Characters of one value that the page shows; a chat message can have a million."""

OUTCOMES: dict[Outcome, str] = {
    Outcome.ESTABLISHED: "Established",
    Outcome.REFUSED: "Refused",
    Outcome.FAILED: "Failed",
    Outcome.INCOMPLETE: "Incomplete",
    Outcome.UNREADABLE: "Unreadable",
}
"""In the order in which charts and filters show them."""


def shown(value: object, most: int = LONGEST) -> str:
    """A value from the network: what could act on the reader's eyes is escaped, what is endless is cut."""
    text = str(value)
    if len(text) <= most:
        return printable(text)
    return f"{printable(text[:most])}… ({len(text):,} characters in all)"


def endpoint(end: Endpoint) -> str:
    """Address and port."""
    return printable(f"[{end.ip}]:{end.port}" if ":" in end.ip else f"{end.ip}:{end.port}")


def count(number: int, noun: str) -> str:
    """A number and its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def frames(numbers: tuple[int, ...], most: int = 10) -> str:
    """Frames for a sentence or a button; long lists are cut."""
    listed = ", ".join(f"{number}" for number in numbers[:most])
    more = f" and {len(numbers) - most:,} more" if len(numbers) > most else ""
    return f"Frame{'' if len(numbers) == 1 else 's'} {listed}{more}"
