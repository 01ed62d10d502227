"""How reports, sessions and messages show themselves in notebooks, and reports as data frames.

The objects belong to the analysis, and what shows them to the reports above it: it is imported when it is asked for,
and here only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from msra.analysis.model import CaptureReport, Report

Library = Literal["auto", "pandas", "polars"]


class Shown:
    """Jupyter, and whatever else asks for HTML, shows this as the HTML report does; secrets are masked."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """IPython asks the class that has `__repr__`, as each dataclass does, and none above it."""
        cls._repr_pretty_ = Shown._repr_pretty_  # type: ignore[method-assign]

    def _repr_html_(self) -> str:
        from msra.report.notebook import html

        return html(self)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """IPython's plain text, which notebooks save beside the HTML: masked, too, which `repr` is not."""
        from msra.report.notebook import text

        printer.text(text(self))


class Tabular:
    """What can be had as a table of events."""

    __slots__ = ()

    def to_dataframe(self, library: Library = "auto", show_secrets: bool = False) -> Any:
        """A data frame of pandas or polars (auto: pandas, if it is there): one row an event, in the order of frames.

        Columns as in the CSV report: capture, session, frame, time (UTC, in nanoseconds), from, channel, kind (message,
        moment or gap), type, result, result_name, detail, notes. What an event does not have is missing. Raises
        ImportError if the library is not installed. Secrets are masked unless `show_secrets`.
        """
        from msra.report.dataframe import to_dataframe

        return to_dataframe(cast("Report | CaptureReport", self), library, show_secrets)
