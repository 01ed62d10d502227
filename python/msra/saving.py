"""What is saved beside the report: the messages as a capture (`--export`), and the transferred files (`--extract`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msra.analysis.model import Report
from msra.console import complain
from msra.engines.embedded import EmbeddedEngine
from msra.engines.export import MessageExport
from msra.engines.interface import EngineError, Options
from msra.extract import extract
from msra.jobs.sources import Source
from msra.output import private_file, writing


def save_messages(report: Report, sources: Sequence[Source], options: Options, target: Path) -> None:
    """Write the messages of all captures that could be read. What is decrypted is for the user's eyes only.

    A capture that cannot be read any more has `error` set. Raises OutputError.
    """
    with private_file(target) as stream:
        export = MessageExport(stream)
        for capture, source in zip(report.captures, sources, strict=True):
            if capture.error:
                continue
            try:
                with source.opened() as (path, remote):
                    export.add(EmbeddedEngine().read(path, options, remote).events(), capture.path)
            except EngineError as error:
                capture.error = str(error)
                complain(f"{capture.path}: {error}")
    complain(f"{export.count} messages written to {target}")


def save_files(report: Report, folder: Path) -> None:
    """Save the files of all captures. Raises OutputError."""
    with writing(str(folder)):
        saved = [file for capture in report.captures for file in extract(capture, folder)]
    for file in saved:
        complain(f"{file.path}" + ("" if file.whole else " (not whole)"))
    complain(f"{len(saved)} files saved in {folder}")
