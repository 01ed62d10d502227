"""The report as a data frame of pandas or polars, whichever is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, TypeAlias

from msra.analysis.model import CaptureReport, Report
from msra.report.table import COLUMNS, rows
from msra.shown import Library

_Columns: TypeAlias = Mapping[str, list[Any]]

_NUMBERS = ("session", "frame")
_TIME, _RESULT = "time", "result"
"""A result may be missing, and times are nanoseconds since 1970; all other columns are text."""


def to_dataframe(report: Report | CaptureReport, library: Library = "auto", show_secrets: bool = False) -> Any:
    """One row an event (see Tabular.to_dataframe)."""
    make = _MAKERS[_installed(library)]
    whole = Report([report]) if isinstance(report, CaptureReport) else report
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for row in rows(whole, show_secrets):
        for values, value in zip(columns.values(), row, strict=True):
            values.append(value)
    return make(columns)


def _installed(library: Library) -> str:
    wanted = list(_MAKERS) if library == "auto" else [library]
    for name in wanted:
        if find_spec(name):
            return name
    missing = "neither is" if library == "auto" else "it is not"
    raise ImportError(
        f"a data frame needs {' or '.join(wanted)}, and {missing} installed: "
        f"pip install {wanted[0]}, or pip install 'wireshark-msra[notebook]'"
    )


def _pandas(columns: _Columns) -> Any:
    import pandas

    made: dict[str, Any] = {name: pandas.array(values, dtype="string") for name, values in columns.items()}
    made.update({name: pandas.array(columns[name], dtype="int64") for name in _NUMBERS})
    made[_RESULT] = pandas.array(columns[_RESULT], dtype="Int64")
    made[_TIME] = pandas.array(columns[_TIME], dtype="int64").astype("datetime64[ns]")
    return pandas.DataFrame(made).assign(time=lambda frame: frame[_TIME].dt.tz_localize("UTC"))


def _polars(columns: _Columns) -> Any:
    import polars

    schema: dict[str, Any] = dict.fromkeys(columns, polars.String)
    schema.update(dict.fromkeys([*_NUMBERS, _RESULT, _TIME], polars.Int64))
    return polars.DataFrame(columns, schema=schema).with_columns(
        polars.col(_TIME).cast(polars.Datetime("ns", "UTC"))
    )  # fmt: skip


_MAKERS: Mapping[str, Callable[[_Columns], Any]] = {"pandas": _pandas, "polars": _polars}
"""In the order of preference."""
