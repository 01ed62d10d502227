"""What both ways of the command, the whole report and live, say and answer to whoever started it."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Collection
from typing import NoReturn

from msra.analysis.model import Outcome, Session
from msra.report.printable import printable

READ, FAIL_ON_MET, USAGE, NOT_READ, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses."""
SELF_CHECK_FAILED = 1


class Parser(argparse.ArgumentParser):
    """One whose errors may quote what files are called."""

    def error(self, message: str) -> NoReturn:
        """Say it on standard error, and end."""
        super().error(printable(message))


def complain(text: str) -> None:
    """Say it on standard error; where that cannot be written, the exit status has to do."""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"analyze-pcap: {printable(text)}\n")
        sys.stderr.flush()


def warn_of(path: str, session: Session, form: str) -> None:
    """Say what a reader of `form` might miss."""
    if form == "jsonl" and not session.messages:
        complain(f"{path}: session {session.id} has no events: {session.verdict.summary}")


def status(unread: bool, outcomes: Collection[Outcome], fail_on: str) -> int:
    """The exit status; `unread`: some capture could not be read."""
    if unread:
        return NOT_READ
    if fail_on == "failure" and not {Outcome.FAILED, Outcome.REFUSED}.isdisjoint(outcomes):
        return FAIL_ON_MET
    return READ
