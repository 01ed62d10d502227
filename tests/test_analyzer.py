"""The Python API: what `import msra` offers, and what it costs to import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

import msra
from msra.analyzer import Progress, analyze_capture, choose_engine
from msra.engines import tshark
from msra.engines.interface import EngineError, Options
from msra.events import Message
from tests.conformance.expected import PCAPS

CAPTURE = PCAPS / "v2_err41_helpeesaidno.pcapng"


def test_analyze() -> None:
    report = msra.analyze(CAPTURE, engine="embedded")
    assert (report.engine, report.packets, report.rdp_connections, report.error) == ("embedded", 105, 1, None)
    assert [session.verdict.result for session in report.sessions] == [41]


def test_a_capture_that_cannot_be_read_is_a_report() -> None:
    report = msra.analyze("/nowhere/at.all", engine="embedded")
    assert report.error == "it cannot be read: No such file or directory"
    with pytest.raises(EngineError):
        list(msra.iter_events("/nowhere/at.all", engine="embedded"))


def test_iter_events() -> None:
    messages = [event for event in msra.iter_events(str(CAPTURE), engine="embedded") if isinstance(event, Message)]
    assert msra.lookup(int(messages[-1].fields["result"])).name == "SAFERROR_HELPEESAIDNO"


def test_auto_takes_tshark_where_it_runs_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tshark, "find_tshark", lambda: "/usr/bin/tshark")
    for runs, name in ((True, "tshark"), (False, "embedded")):
        monkeypatch.setattr(tshark, "runs_plugins", lambda _path, runs=runs: runs)
        assert choose_engine("auto").name == name
    monkeypatch.setattr(tshark, "find_tshark", lambda: None)
    assert choose_engine("auto").name == "embedded"


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, msra; print({'scapy', 'pyshark', 'msra.codes'} & set(sys.modules), msra.lookup(61).name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set() PASSWORDS_DONT_MATCH\n"


def test_unknown_names() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        msra.nothing  # noqa: B018


def test_a_reading_can_be_watched() -> None:
    asked: list[Callable[[], Progress]] = []
    engine = choose_engine("embedded")
    analyze_capture(CAPTURE, "x", engine, Options(), watch=asked.append)
    assert asked[0]() == Progress(CAPTURE.stat().st_size, 1, 1)
    analyze_capture(PCAPS / "neg_plain_rdp.pcapng", "x", engine, Options(), watch=asked.append)
    assert asked[1]()[1:] == (1, 0)
