"""The benchmark works at a tiny size, and the README holds what it writes."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

from msra.analyzer import analyze
from msra.capture import open_capture_file
from msra.engines.interface import Options
from tests.bench import profiling
from tests.bench.__main__ import machine, measured
from tests.bench.cases import CASES, Case, captures_of, ensure, write_part
from tests.bench.contestants import ROOT, contestants
from tests.bench.measure import BenchError, Cost, cost_of, median_of
from tests.bench.readers import READERS
from tests.bench.table import END, START, Result, Results, put_into, shape, to_markdown

TINY = 0.002
NAMES = [program.name for program in contestants()]
TITLES = {case.name: case.title for case in CASES}


def results(parts: float) -> Results:
    return {(name, case): Result(Cost(1234.5, 0.02, 1 << 30), 3, parts) for name in NAMES for case in TITLES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_captures(case: Case, tmp_path: Path) -> None:
    """Each has sessions that can be read to their result, and a part with fewer packets."""
    ensure(case, tmp_path, TINY)
    made = captures_of(case, tmp_path, TINY)
    for path in made.whole:
        report = analyze(path, "embedded", Options(keylog=made.keylog))
        assert report.error is None
        assert [session for session in report.sessions if session.verdict.result is not None]
        assert not [gap for session in report.sessions for gap in session.gaps if "lost" not in gap.kind]
    size = READERS["walk"](str(made.whole[0]), "")
    assert 0 < READERS["walk"](str(made.part[0]), "") <= size
    assert READERS["walk"](str(made.nothing), "") == 0


def test_captures_are_made_once(tmp_path: Path) -> None:
    ensure(CASES[1], tmp_path, TINY)
    before = captures_of(CASES[1], tmp_path, TINY).whole[0].stat().st_mtime_ns
    ensure(CASES[1], tmp_path, TINY)
    assert captures_of(CASES[1], tmp_path, TINY).whole[0].stat().st_mtime_ns == before


@pytest.mark.parametrize("packed", [False, True])
def test_a_part_ends_with_a_whole_packet(packed: bool, tmp_path: Path) -> None:
    ensure(CASES[1], tmp_path, TINY)
    whole = captures_of(CASES[1], tmp_path, TINY).whole[0]
    if packed:
        whole = tmp_path / "packed.gz"
        whole.write_bytes(gzip.compress(captures_of(CASES[1], tmp_path, TINY).whole[0].read_bytes()))
    part = tmp_path / f"part{whole.suffix}"
    write_part(whole, part, 3)
    with open_capture_file(part) as reader, open_capture_file(whole) as everything:
        packets, first = list(reader), list(everything)
    assert packets == first[: len(packets)]
    assert not reader.notes
    assert len(first) / 5 < len(packets) < len(first) / 2


def test_every_contestant_runs(tmp_path: Path) -> None:
    case = CASES[2]
    ensure(case, tmp_path, TINY)
    found = measured(contestants(), captures_of(case, tmp_path, TINY), runs=1)
    assert {program.name for program, _ in found} | {n for n in NAMES if "-j" in n} == set(NAMES)
    for _, result in found:
        assert result.runs == 1
        assert result.cost.wall > 0
        assert result.cost.cpu > 0
        assert result.cost.memory > 1 << 20


def test_costs() -> None:
    busy = cost_of([sys.executable, "-c", "data = bytearray(100 << 20); sum(range(3_000_000))"])
    idle = cost_of([sys.executable, "-c", "pass"])
    assert busy.memory > idle.memory + (80 << 20)
    assert busy.cpu > idle.cpu
    assert median_of([Cost(1, 9, 5), Cost(3, 8, 6), Cost(2, 7, 7)]) == Cost(2, 8, 6)
    assert Cost(1, 1, 5).and_then(Cost(3, 1, 4), 10) == Cost(21, 1, 5)


def test_a_command_that_fails_is_no_result() -> None:
    with pytest.raises(BenchError, match=r"status 3 .* why"):
        cost_of([sys.executable, "-c", "import sys; print('why', file=sys.stderr); sys.exit(3)"])


def test_the_readme_holds_what_is_written() -> None:
    """Not the numbers: the tables, and that they are between the marks."""
    readme = (ROOT / "README.md").read_text("utf-8")
    inside = readme[readme.index(START) : readme.index(END)]
    for parts in (1, 20):
        assert shape(inside) == shape(to_markdown(machine(), TITLES, NAMES, results(parts)))
    assert "at scale" not in inside


def test_shape_sees_what_is_missing() -> None:
    tables = to_markdown("", TITLES, NAMES, results(1))
    without = "\n".join(line for line in tables.splitlines() if "Scapy" not in line)
    assert shape(tables) != shape(without)
    assert shape(tables) != shape(to_markdown("", {"a": ""}, NAMES, results(1)))


def test_tables_are_put_between_the_marks() -> None:
    readme = f"before\n{START}\n\nold\n\n{END}\nafter\n"
    assert put_into(put_into(readme, "new"), "newer") == f"before\n{START}\n\nnewer\n{END}\nafter\n"
    with pytest.raises(ValueError, match="no place"):
        put_into("nothing", "new")


def test_profiling(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profiling.main(["--folder", str(tmp_path), "--scale", str(TINY), "--lines", "5"])
    printed = capsys.readouterr().out
    assert "1,000,000 packets" in printed
    assert "tottime" in printed
