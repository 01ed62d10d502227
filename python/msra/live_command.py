"""`analyze-pcap -i IFACE` and `analyze-pcap -`: the report is written while the only capture grows."""

from __future__ import annotations

import argparse
import os
import sys

from msra import filters
from msra.analysis.model import CaptureReport
from msra.analysis.session import Given
from msra.analyzer import analyze_capture
from msra.console import USAGE, complain, status, warn_of
from msra.engines.interface import Engine, EngineError, Options
from msra.live import LiveSessions, Show, watch
from msra.output import OutputError, write_text
from msra.report.live import LiveLines, LiveText
from msra.report.screen import screen_of
from msra.source import source

STDIN = "-"
FORMATS = ("text", "jsonl")
"""Formats that need not know the end."""


def is_growing(arguments: argparse.Namespace) -> bool:
    """Whether there is one capture, which may still grow."""
    return bool(arguments.interface) or arguments.captures == [STDIN]


def is_live(arguments: argparse.Namespace) -> bool:
    """Whether what is asked of it can be written meanwhile."""
    at_the_end = arguments.output or arguments.extract or arguments.detail == "summary"
    return arguments.format in FORMATS and not at_the_end


def run(arguments: argparse.Namespace, engine: Engine, options: Options, given: Given | None) -> int:
    """Write what happens while it does; returns the exit status."""
    path = arguments.interface or STDIN
    chosen = filters.from_options(arguments)
    sessions = LiveSessions(_show(path, arguments), given, chosen, lambda one: warn_of(path, one, arguments.format))
    error: str | None = None
    try:
        with source(arguments.interface, lambda: _begun(path)) as stream:
            error = watch(path, engine, options, stream, sessions, lambda text: write_text(text, None)).error
    except EngineError as problem:
        error = str(problem)
    except BrokenPipeError:
        pass  # whoever reads it has seen enough
    except OutputError as problem:
        complain(str(problem))
        return USAGE
    if error:
        complain(f"{path}: {error}")
    if left_out := filters.left_out(sessions.left_out, sessions.left_out + sessions.shown):
        complain(left_out)
    return status(bool(error), sessions.outcomes, arguments.fail_on)


def analyze_stream(interface: str | None, engine: Engine, options: Options, given: Given | None) -> CaptureReport:
    """The whole report on an interface, or on standard input if None, when it has come to its end."""
    path = interface or STDIN
    try:
        with source(interface, lambda: _begun(path)) as stream:
            return analyze_capture(None, path, engine, options, given, stream)
    except EngineError as error:
        return CaptureReport(path=path, engine=engine.name, error=str(error))


def _show(path: str, arguments: argparse.Namespace) -> Show:
    if arguments.format == "jsonl":
        return LiveLines(path, arguments.show_secrets)
    return LiveText(arguments.show_secrets, arguments.detail or "normal", screen_of(sys.stdout, os.environ))


def _begun(path: str) -> None:
    complain(f"capturing on {path}; Ctrl-C ends it")
