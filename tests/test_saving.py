"""What is saved beside the report. The formats are tested with export.py and extract.py, the options in test_cli.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from msra.analysis.model import Report
from msra.analyzer import analyze
from msra.engines.interface import Options
from msra.jobs.sources import Source
from msra.output import OutputError
from msra.saving import save_files, save_messages
from tests.conformance.expected import PCAPS
from tests.faults.command import GOOD


def test_a_capture_that_is_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was read for the report, and cannot be read again: the messages of the others are saved."""
    gone = tmp_path / "gone.pcapng"
    gone.write_bytes(GOOD.read_bytes())
    captures = [analyze(path, "embedded") for path in (gone, GOOD)]
    gone.unlink()
    report, sources = Report(captures), [Source(str(path), path) for path in (gone, GOOD)]
    save_messages(report, sources, Options(), tmp_path / "messages.pcapng")
    assert [capture.error for capture in captures] == ["it cannot be read: No such file or directory", None]
    assert capsys.readouterr().err.splitlines() == [
        f"analyze-pcap: {gone}: it cannot be read: No such file or directory",
        f"analyze-pcap: 4 messages written to {tmp_path / 'messages.pcapng'}",
    ]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    report = Report([analyze(PCAPS / "rich_all_types.pcapng", "embedded")])
    with pytest.raises(OutputError, match="file/in: it cannot be written: Not a directory"):
        save_files(report, tmp_path / "file" / "in")
