"""Whole captures: read by the embedded engine, analysed, and reported in every format."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from msra.analysis.model import CaptureReport, Report
from msra.analyzer import analyze_capture, together
from msra.capture import scan, selection
from msra.cli import DETAILS, FORMATS
from msra.engines.embedded import EmbeddedEngine, EmbeddedReading
from msra.engines.export import MessageExport
from msra.engines.interface import EngineError, Options
from msra.extract import extract
from msra.report.text import to_text

HARMLESS = "\n\t"
LARGEST_REPORT = 1 << 20
"""Characters of a report for a capture of no bytes; each byte may add GROWTH more."""
GROWTH = 200


def analysed(data: bytes) -> CaptureReport:
    """The report on a capture that comes through a pipe."""
    return analyze_capture(None, "fuzzed.pcap", EmbeddedEngine(), Options(), stream=io.BytesIO(data))


def report(data: bytes) -> None:
    """Nothing raises, what is written is bounded, and does nothing to a terminal; secrets are shown in every other."""
    capture = analysed(data)
    whole = together([capture])
    for name, shown in rendered(whole, show_secrets=len(data) % 2 == 0):
        assert len(shown) <= LARGEST_REPORT + GROWTH * len(data), f"{name} grows"
        if name.startswith("text"):
            assert not harmful(shown), f"{name} shows {harmful(shown)!r}"
    json.loads(FORMATS["json"](whole, True))
    events = [event for session in capture.sessions for event in session.messages]
    if events:
        written(data, capture)


def rendered(report: Report, show_secrets: bool) -> Iterator[tuple[str, str]]:
    """The report in all formats and details."""
    for name, form in FORMATS.items():
        yield name, form(report, show_secrets)
    for detail, _ in DETAILS.values():
        yield f"text {detail}", to_text(report, show_secrets, detail)


def harmful(text: str) -> list[str]:
    """The characters that could act on a terminal."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return []
    return [mark for mark in text if unicodedata.category(mark) in ("Cc", "Cf", "Cs") and mark not in HARMLESS]


def written(data: bytes, capture: CaptureReport) -> None:
    """--export and --extract: files stay in their folder, and are no larger than what was sent."""
    export = MessageExport(io.BytesIO())
    export.add(EmbeddedEngine().read(None, Options(), io.BytesIO(data)).events(), "fuzzed.pcap")
    with TemporaryDirectory() as folder:
        inner = Path(folder, "inner")
        extract(capture, inner)
        assert [path.name for path in Path(folder).iterdir()] in ([], ["inner"])


def scanned(data: bytes) -> None:
    """A file in which only what may be RDP is followed has the same events as one that is followed whole."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        for owner, name, value in ((selection, "SMALL", 0), (selection, "SMALL_PACKED", 0), (scan, "_FEW", 4)):
            stack.enter_context(patch.object(owner, name, value))
        path = Path(folder, "fuzzed.pcap")
        path.write_bytes(data)
        try:
            every = EmbeddedReading(path, Options(), full=True)
            expected = list(every.events())
        except EngineError:
            expected = None
        try:
            reading = EmbeddedReading(path, Options())
            found = list(reading.events())
        except EngineError:
            assert expected is None
            return
        assert found == expected and sorted(reading.notes) == sorted(every.notes)
