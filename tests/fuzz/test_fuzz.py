"""A short run of the fuzzing, the same every time; and all that has ever broken an oracle."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType

import pytest

from tests.bench.table import END, put_into
from tests.fuzz import REGRESSIONS, SECONDS
from tests.fuzz.figures import START, Figures, to_markdown
from tests.fuzz.mutations import MUTATORS, mutate
from tests.fuzz.oracles import ORACLES
from tests.fuzz.pieces import Piece, joined, split
from tests.fuzz.seeds import seeds

README = REGRESSIONS.parents[1] / "README.md"
WHOLE = ("packets", "segments", "streams", "scanned")
INPUTS = {**dict.fromkeys(ORACLES, 40), **dict.fromkeys(WHOLE, 4), "layer": 20}
"""How many mutated inputs of each oracle the short run has."""


@contextmanager
def no_hang() -> Iterator[None]:
    """Fails when the block takes too long."""

    def hangs(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("oracle", ORACLES)
def test_short_run(oracle: str) -> None:
    random = Random(oracle)
    for number in range(INPUTS[oracle]):
        data = random.choice(seeds()[oracle])
        for _ in range(number % 4):  # one in four is as it was recorded
            data = mutate(oracle, data, random)
        with no_hang():
            ORACLES[oracle](data)


OF_DECODERS = [path for path in sorted(REGRESSIONS.glob("*-*")) if not path.name.startswith("plugin-")]


@pytest.mark.parametrize("path", OF_DECODERS, ids=lambda path: path.name)
def test_regression(path: Path) -> None:
    with no_hang():
        ORACLES[path.name.rpartition("-")[0]](path.read_bytes())


def test_every_oracle_has_seeds() -> None:
    assert {oracle for oracle in ORACLES if not seeds()[oracle]} == set()
    assert MUTATORS.keys() <= ORACLES.keys()


def test_pieces_come_back() -> None:
    pieces = [Piece(0, b""), Piece(255, b"x" * 300)]
    assert list(split(joined(pieces))) == pieces
    assert list(split(b"\x01\xff")) == [Piece(1, b"")]


def test_the_readme_has_the_figures() -> None:
    """As `make fuzz-readme` writes them, with nothing open."""
    table = to_markdown([Figures("decoders", "inputs", 1_234, 1800, 0), Figures("plugin", "sessions", 5, 36, 1)])
    head, rows = table.splitlines()[:2], table.splitlines()[2:]
    assert rows == ["| decoders | 1,234 inputs | 0.50 | 0 |", "| plugin | 5 sessions | 0.01 | 1 |"]
    readme = put_into(README.read_text("utf-8"), table, START)
    assert table in readme and readme.count(START) == 1
    found = README.read_text("utf-8").partition(START)[2].partition(END)[0].strip().splitlines()
    assert found[:2] == head
    assert [row.split(" | ")[0].split()[1] for row in found[2:]] == ["decoders", "plugin", "plugin", "plugin"]
    assert all(row.endswith(" | 0 |") for row in found[2:])
