"""Control, files and times as sentences."""

from __future__ import annotations

import pytest

from msra.analysis.model import Control, Durations, Transfer
from msra.report.details import durations, rows, uses
from tests.analysis.builders import SECOND, Story


def shown(**parts: object) -> list[tuple[str, str]]:
    session = Story().session()
    session.durations = None
    for name, value in parts.items():
        setattr(session, name, value)
    assert list(rows(session)) == list(uses(session))
    return list(uses(session))


@pytest.mark.parametrize(
    ("control", "text"),
    [
        (Control(5, None, None, "pending", None), "asked for in frame 5, not answered"),
        (Control(5, 6, None, "accepted", None), "asked for in frame 5, granted in frame 6; still running at the end"),
        (Control(5, 6, None, "rejected", None), "asked for in frame 5, rejected by the novice's user in frame 6"),
        (Control(5, 6, None, "denied", None), "asked for in frame 5, denied by the novice's settings in frame 6"),
        (Control(5, None, 7, "aborted", None), "asked for in frame 5, aborted in frame 7"),
        (
            Control(5, 6, 7, "taken_back", 3 * SECOND),
            "asked for in frame 5, granted in frame 6, taken back by the novice in frame 7; 3.0 s of control",
        ),
        (
            Control(None, 6, 7, "escaped", None),
            "not asked for, granted in frame 6, ended by the novice's Esc key in frame 7",
        ),
        (Control(None, None, 7, "given_up", None), "ended in frame 7 by the expert, though none was running"),
    ],
)
def test_control(control: Control, text: str) -> None:
    assert shown(controls=[control]) == [("Control", text)]


@pytest.mark.parametrize(
    ("transfer", "text"),
    [
        (
            Transfer(1, "expert", "RA_FX", "a.txt", 4137, 4137, 2, "complete", "ab", (1,)),
            '"a.txt" from the expert, complete: 4,137 of 4,137 bytes, SHA-256 ab',
        ),
        (
            Transfer(1, "novice", "RA_FX", "b", None, 0, 0, "rejected", "", (1,)),
            '"b" from the novice, rejected: 0 bytes',
        ),
        (
            Transfer(1, "novice", "RA_FX", "c", 5, 5, 1, "accepted", "cd", (1,), {}),
            "contact information from the novice, accepted, not ended: 5 of 5 bytes, SHA-256 cd",
        ),
    ],
)
def test_files(transfer: Transfer, text: str) -> None:
    assert shown(transfers=[transfer]) == [("File", text)]


def test_durations() -> None:
    session = Story().session()
    session.durations = None
    assert durations(session) == ""
    session.durations = Durations(total=0)
    assert durations(session) == "0.0 s in all"
    session.durations = Durations(10 * SECOND, 2 * SECOND, 3 * SECOND, 4 * SECOND, 5)
    assert list(rows(session)) == [("Durations", durations(session))]
    assert durations(session) == (
        "10.0 s in all, 2.0 s to the answer, 3.0 s under control, 4.0 s of silence before the end, heart-beats: 5"
    )
