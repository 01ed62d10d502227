"""What is said about every capture in `pcaps/`: verdict, findings, story. The files are reviewed, not only recorded.

`MSRA_UPDATE_GOLDEN=1 pytest tests/conformance/test_golden.py` writes them; review them against the specification.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from msra.analysis.model import Moment, Outcome, Session
from msra.report.details import rows
from tests.conformance.test_captures import CASES, DIFFERENT_GAPS, ENGINES, LOCKED, Case, EngineName, report

FOLDER = Path(__file__).parent / "golden"


def name_of(case: Case) -> str:
    """One file a capture and a way to open it."""
    locked = "-locked" if case.key is None and case.capture.keys else ""
    return f"{case}{locked}.txt"


def told(session: Session) -> Iterator[str]:
    """Everything that is concluded about a session, a line each."""
    verdict = session.verdict
    decided = f"{verdict.outcome.value}, result {verdict.result}, by {verdict.rule} in {verdict.frame}"
    yield f"session {session.id}: {decided}"
    yield f"  summary    {verdict.summary}"
    if verdict.outcome is not Outcome.ESTABLISHED:
        yield from (f"  cause      {text}" for text in verdict.causes)
        yield from (f"  next       {text}" for text in verdict.next_steps)
    evidence = session.version_evidence
    by = evidence and (evidence.frame, evidence.type)
    yield f"  version    {session.version} by {by}, security {session.security}"
    if session.handshake:
        came = session.handshake
        yield f"  handshake  {came.state} {list(came.frames)}, awaited: {came.awaited}. {came.text}"
    if session.reconnects:
        yield f"  follows    session {session.reconnects}"
    yield from (f"  {label.lower():<10} {text}" for label, text in rows(session))
    yield from (f"  {f.severity:<10} {f.id} {list(f.frames)}: {f.text}" for f in session.findings)
    yield from (f"  gap        {gap.frame} {gap.sender} {gap.kind} {gap.size}" for gap in session.gaps)
    for event in sorted([*session.timeline, *session.messages], key=lambda event: event.frame):
        what = event.text if isinstance(event, Moment) else f"[{event.channel}] {event.type}"
        yield f"  {event.frame:>8}   {event.sender or '-':<6} {what}"


def golden(case: Case, engine: EngineName) -> str:
    found = report(case, engine)
    lines = [f"{case}: {found.packets} packets, {found.rdp_connections} RDP connections, notes {found.notes}"]
    lines += [f"attempt: {attempt.how} {list(attempt.frames)}" for attempt in found.attempts]
    for session in found.sessions:
        lines += ["", *told(session)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("case", [*CASES, *LOCKED], ids=name_of)
def test_golden(case: Case) -> None:
    path = FOLDER / name_of(case)
    text = golden(case, "embedded")
    if os.environ.get("MSRA_UPDATE_GOLDEN"):
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text


@pytest.mark.parametrize("case", [*CASES, *LOCKED], ids=name_of)
def test_the_engines_say_the_same(case: Case) -> None:
    embedded, tshark = (golden(case, engine) for engine in ENGINES)
    if case.capture.file in DIFFERENT_GAPS and not case.key:
        embedded, tshark = (_without_gaps(text) for text in (embedded, tshark))
    assert tshark == embedded


def _without_gaps(text: str) -> str:
    """What may differ where the gaps do: DIFFERENT_GAPS says why."""
    hidden = ("  gap  ", "  info       incomplete_capture", "  info       undecoded_data")
    return "\n".join(line for line in text.splitlines() if not line.startswith(hidden))


def test_there_is_no_golden_without_its_capture() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {name_of(case) for case in [*CASES, *LOCKED]}
