"""What a run of the fuzzing has tried and found, as Markdown; and its place in the README."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

START = "<!-- made by `make fuzz-readme`: do not edit -->"


@dataclass(frozen=True)
class Figures:
    """One part of the run."""

    what: str
    unit: str
    """What was tried: inputs, sessions."""
    tried: int
    seconds: float
    broken: int
    """How many oracles did not hold, or how many captures broke the plugin."""


def to_markdown(figures: Iterable[Figures]) -> str:
    """The table."""
    rows = [
        f"| {one.what} | {one.tried:,} {one.unit} | {one.seconds / 3600:.2f} | {one.broken} |" for one in figures
    ]  # fmt: skip
    return "\n".join(["| what was fuzzed | tried | hours | broken |", "| --- | ---: | ---: | ---: |", *rows, ""])
