"""What is done with each capture, wherever that is. Whatever happens to it, there is a report on it."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from msra.analysis.model import CaptureReport
from msra.analysis.session import Given
from msra.analyzer import EngineName, Progress, analyze_capture, choose_engine
from msra.engines.interface import Engine, Options
from msra.jobs.sampling import sampling
from msra.jobs.sources import Source


@dataclass(frozen=True, slots=True)
class Task:
    """What the user gave, the same for all captures."""

    engine: EngineName = "auto"
    options: Options = field(default_factory=Options)
    given: Given | None = None

    def run(self, source: Source, send: Callable[[Progress], None] | None = None) -> CaptureReport:
        """Analyse one capture; `send` is told from time to time, in another thread, how far that is."""
        engine = _engine(self.engine)
        try:
            if source.problem is not None:
                return failed(source, source.problem, engine.name)
            with source.opened() as (path, stream), sampling(send) as watch:
                return analyze_capture(path, source.name, engine, self.options, self.given, stream, watch)
        except OSError as error:
            return failed(source, f"it cannot be read: {error.strerror or error}", engine.name)
        except Exception as error:  # noqa: BLE001, RUF100 - a defect of ours must not cost the user the other captures
            return failed(source, _defect(error), engine.name)


@functools.cache
def _engine(name: EngineName) -> Engine:
    """What "auto" is takes a moment to find out, and stays so."""
    return choose_engine(name)


def failed(source: Source, sentence: str, engine: str = "") -> CaptureReport:
    """The report on a capture that could not be analysed."""
    return CaptureReport(path=source.name, engine=engine, error=sentence)


def _defect(error: Exception) -> str:
    (*_, last) = traceback.extract_tb(error.__traceback__)
    place = f"{Path(last.filename).name}, line {last.lineno}"
    return f"the analysis failed, please report that: {type(error).__name__}: {error} ({place})"
