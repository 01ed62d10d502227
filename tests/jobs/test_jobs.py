"""Who works for which options."""

from __future__ import annotations

import os

import pytest

from msra import jobs
from msra.jobs.local import Local, SomeHere


def test_who_works(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(jobs.choose_runner(), Local)
    runner = jobs.choose_runner(3)
    assert isinstance(runner, SomeHere) and vars(runner._others) == {"_workers": 3}
    monkeypatch.setattr(jobs, "_processors", lambda: 7)
    assert vars(jobs.choose_runner(0)._others) == {"_workers": 7}  # type: ignore[attr-defined]
    monkeypatch.setattr(jobs, "_processors", lambda: 1)
    assert isinstance(jobs.choose_runner(0), Local)
    runner = jobs.choose_runner(1, "tcp://scheduler:8786")
    assert isinstance(runner, SomeHere) and vars(runner._others) == {"_address": "tcp://scheduler:8786"}


def test_processors() -> None:
    assert 1 <= jobs._processors() <= (os.cpu_count() or 1)
