"""Data frames: typed columns, in pandas and in polars."""

from __future__ import annotations

from importlib import util
from typing import Any

import pandas
import polars
import pytest

from msra.analysis.model import CaptureReport, Report
from msra.report import dataframe
from msra.report.dataframe import to_dataframe
from msra.report.table import COLUMNS
from tests.analysis.builders import Story

NANOSECONDS = 1_795_380_958_470_959_457


def made() -> Report:
    session = Story().say("expert", "EXPERT_ON_VISTA", encrypted_password="secret").result(0x80004005).session()
    object.__setattr__(session.messages[0], "time", NANOSECONDS)
    return Report([CaptureReport("a", "embedded", sessions=[session])])


def test_pandas() -> None:
    for report in (made(), Report()):
        frame = to_dataframe(report)
        assert tuple(frame.columns) == COLUMNS
        assert {name: str(kind) for name, kind in frame.dtypes.items() if kind != "string"} == {
            "session": "int64", "frame": "int64", "time": "datetime64[ns, UTC]", "result": "Int64",
        }  # fmt: skip
    frame = to_dataframe(made())
    assert [time.value for time in frame["time"]] == [NANOSECONDS, 3_000_000_000]
    assert frame["result"][1] == 0x80004005 and frame["result"].isna().tolist() == [True, False]
    assert frame["detail"][0] == "encrypted_password=<masked>" and frame["detail"][1] is pandas.NA
    assert to_dataframe(made(), show_secrets=True)["detail"][0] == "encrypted_password=secret"


def test_polars() -> None:
    for report in (made(), Report()):
        frame = to_dataframe(report.captures[0] if report.captures else report, "polars")
        assert tuple(frame.columns) == COLUMNS
        assert {name: kind for name, kind in frame.schema.items() if kind != polars.String} == {
            **dict.fromkeys(["session", "frame", "result"], polars.Int64), "time": polars.Datetime("ns", "UTC")
        }  # fmt: skip
    frame = to_dataframe(made(), "polars")
    assert frame["time"].dt.timestamp("ns").to_list() == [NANOSECONDS, 3_000_000_000]
    assert frame["result"].to_list() == [None, 0x80004005]


@pytest.mark.parametrize(
    ("library", "text"),
    [
        ("auto", r"pandas or polars, and neither is installed: pip install pandas, or .*\[notebook\]"),
        ("polars", r"needs polars, and it is not installed: pip install polars, or "),
    ],
)
def test_neither(monkeypatch: pytest.MonkeyPatch, library: Any, text: str) -> None:
    monkeypatch.setattr(dataframe, "find_spec", lambda _name: None)
    with pytest.raises(ImportError, match=text):
        to_dataframe(Report(), library)


def test_the_one_that_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataframe, "find_spec", lambda name: util.find_spec(name) if name == "polars" else None)
    assert type(to_dataframe(Report())).__module__.startswith("polars")
