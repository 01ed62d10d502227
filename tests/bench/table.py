"""What was measured, as Markdown; and its place in the README."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.contestants import TSHARK, WALK
from tests.bench.measure import Cost

START, END = "<!-- made by `make bench-readme`: do not edit -->", "<!-- until here -->"
_NOTHING = ""
_NUMBERS = re.compile(r" *(~?[\d.,]+(, [\d.,]+ MB| \([\d.,]+; [\d.,]+\)))? *")


@dataclass(frozen=True, slots=True)
class Result:
    """What one contestant needed for one case."""

    cost: Cost
    runs: int
    parts: float = 1
    """How many times the work that was measured it is."""


Results = Mapping[tuple[str, str], Result]
"""By the names of contestant and case."""


def to_markdown(machine: str, titles: Mapping[str, str], contestants: Sequence[str], results: Results) -> str:
    """Both tables with what there is to know about them; `titles`: those of the cases, by their names."""
    runs = max((result.runs for result in results.values()), default=0)
    cases = "\n".join(f"* **{name}**: {title}" for name, title in titles.items())
    return f"""\
{machine}

{cases}

Wall time in seconds; in brackets how many times faster than tshark, and how many times slower than walking the records.
Medians of {runs} runs, or of fewer where one takes long. ~: a part of the captures was read, and what that took beyond
the start of the program multiplied.

{_table(titles, contestants, lambda one, case: _wall(results, one, case))}

CPU time in seconds (all processes), and the memory of the largest process in MB:

{_table(titles, contestants, lambda one, case: _cpu(results, one, case))}
"""


def put_into(readme: str, tables: str, start: str = START) -> str:
    """The README with these tables between its marks; raises ValueError if it has none."""
    found = re.search(f"{re.escape(start)}\n(.*?){re.escape(END)}", readme, re.DOTALL)
    if found is None:
        raise ValueError("the README has no place for the tables")
    return f"{readme[: found.start(1)]}\n{tables}\n{readme[found.end(1) :]}"


def shape(markdown: str) -> list[list[str]]:
    """The tables without the cells that hold numbers: whether a README holds what this program writes."""
    tables = [line.strip("|").split("|") for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row if not _NUMBERS.fullmatch(cell)] + [str(len(row))] for row in tables]


def _table(titles: Mapping[str, str], contestants: Sequence[str], cell: Callable[[str, str], str]) -> str:
    rows = [["", *titles], ["---"] + ["---:"] * len(titles)]
    rows += [[one, *(cell(one, case) for case in titles)] for one in contestants]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _wall(results: Results, one: str, case: str) -> str:
    result = results.get((one, case))
    if result is None:
        return _NOTHING
    wall, tshark, walk = result.cost.wall, results[TSHARK, case].cost.wall, results[WALK, case].cost.wall
    return f"{_about(result)}{_number(wall)} ({_number(tshark / wall)}; {_number(wall / walk)})"


def _cpu(results: Results, one: str, case: str) -> str:
    result = results.get((one, case))
    if result is None:
        return _NOTHING
    return f"{_about(result)}{_number(result.cost.cpu)}, {result.cost.memory / 1e6:,.0f} MB"


def _about(result: Result) -> str:
    return "~" if result.parts > 1 else ""


def _number(value: float) -> str:
    """Three digits, about."""
    return f"{value:,.{0 if value >= 100 else 1 if value >= 10 else 2}f}"
