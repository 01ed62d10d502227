"""Captures are documents: each is described in pcaps/README.md, and what it says of the result is true."""

from __future__ import annotations

import re

import pytest

from msra.analyzer import analyze
from tests.conformance.expected import PCAPS, load

ROW = re.compile(r"^\| (\S+) \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = {name: (story, result) for name, story, result in ROW.findall((PCAPS / "README.md").read_text("utf-8"))}
del ROWS["Capture"]
KEYS = {".txt", ".pem", ".md", ".json"}


def test_every_capture_is_described() -> None:
    files = {path.name for path in PCAPS.iterdir() if path.suffix not in KEYS}
    assert files == set(ROWS) == {capture.file for capture in load()}


def test_every_key_is_described() -> None:
    text = (PCAPS / "README.md").read_text("utf-8")
    for key in PCAPS.glob("*.keys.txt"), PCAPS.glob("*.pem"):
        assert all(path.name in text for path in key)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_results(name: str) -> None:
    verdicts = [session.verdict for session in analyze(PCAPS / name, engine="embedded").sessions]
    result = ROWS[name][1]
    if len(verdicts) != 1:
        assert result == (f"{len(verdicts)} sessions" if verdicts else "no session")
        return
    outcome, _, code = result.partition(", ")
    assert verdicts[0].outcome.value == outcome
    assert verdicts[0].result == (int(code, 0) if code else None)
