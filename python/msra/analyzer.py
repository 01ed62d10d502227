"""Captures in, reports out: wires engines and analysis together. This is the Python API behind `import msra`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple, TypeAlias

from msra.analysis.differences import differences
from msra.analysis.invitation import parse_invitation
from msra.analysis.linking import same_sessions
from msra.analysis.model import CaptureReport, Report, SameSession
from msra.analysis.session import Given, Sessions
from msra.engines.interface import Engine, EngineError, Options, Reading
from msra.events import Event

EngineName: TypeAlias = Literal["auto", "tshark", "embedded"]


class Progress(NamedTuple):
    """How far a capture has been read: bytes of the file, RDP connections, and those of them known to be sessions."""

    position: int = 0
    rdp_connections: int = 0
    sessions: int = 0


Watch: TypeAlias = Callable[[Callable[[], Progress]], None]
"""Is given, before reading begins, a function that tells how far it is; any thread may call that at any time."""


def choose_engine(name: EngineName = "auto") -> Engine:
    """The engine of this name; "auto" is tshark where it is installed and runs plugins, else embedded."""
    from msra.engines import tshark

    installed = tshark.find_tshark() if name == "auto" else None
    if name == "tshark" or (installed and tshark.runs_plugins(installed)):
        return tshark.TsharkEngine()
    from msra.engines.embedded import EmbeddedEngine

    return EmbeddedEngine()


def iter_events(
    path: str | os.PathLike[str], engine: EngineName = "auto", options: Options | None = None
) -> Iterator[Event]:
    """The events of one capture, as they are read. Raises EngineError if it cannot be read."""
    return choose_engine(engine).read(Path(path), options or Options()).events()


def analyze(
    path: str | os.PathLike[str],
    engine: EngineName = "auto",
    options: Options | None = None,
    invitation: str | os.PathLike[str] | None = None,
    password: str | None = None,
) -> CaptureReport:
    """The report on one capture; `to_dict()` gives it as data. A capture that cannot be read has `error` set.

    `invitation` is a .msrcIncident file to check the sessions against, `password` its password. Raises InvitationError
    if the file is none, OSError if it cannot be read.
    """
    given = None if invitation is None else Given(parse_invitation(Path(invitation).read_bytes()), password)
    return analyze_capture(Path(path), os.fspath(path), choose_engine(engine), options or Options(), given)


def analyze_together(
    *paths: str | os.PathLike[str], engine: EngineName = "auto", options: Options | None = None
) -> Report:
    """The report on several captures, in which the sessions that more than one of them shows are known as the same."""
    return together([analyze(path, engine, options) for path in paths])


def together(captures: list[CaptureReport]) -> Report:
    """One report of several, in which the sessions that more than one of them shows are known as the same."""
    groups = same_sessions(captures)
    return Report(captures, [SameSession(group, tuple(differences(captures, group))) for group in groups])


def analyze_capture(
    path: Path | None,
    shown_path: str,
    engine: Engine,
    options: Options,
    given: Given | None = None,
    stream: BinaryIO | None = None,
    watch: Watch | None = None,
) -> CaptureReport:
    """Read the capture at `path`, without one that in `stream`, or else standard input; and draw the conclusions."""
    report = CaptureReport(path=shown_path, engine=engine.name)
    sessions = Sessions(given)
    reading: Reading | None = None
    try:
        reading = engine.read(path, options, stream)
        if watch:
            watch(partial(_progress, reading, sessions))
        with closing(reading.events()) as events:
            for event in events:
                sessions.add(event)
    except EngineError as error:
        report.error = str(error)
    if reading is not None:
        report.packets = reading.packets
        report.notes = reading.notes + sessions.notes
    report.rdp_connections = sessions.rdp_connections
    report.sessions = sessions.finish()
    report.attempts = sessions.attempts
    return report


def _progress(reading: Reading, sessions: Sessions) -> Progress:
    return Progress(reading.position, sessions.rdp_connections, sessions.with_messages)
