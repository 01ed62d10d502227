"""The pages of the text report, as lines: the answer first, then what is known, the ladder, and remarks."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from msra import codes
from msra.analysis.model import CaptureReport, Outcome, Report, Session
from msra.report import facts, side_by_side
from msra.report.facts import Row
from msra.report.ladder import ladder
from msra.report.lines import OUTCOMES, numbered, row
from msra.report.printable import printable
from msra.report.screen import Detail, Screen
from msra.report.story import steps, told_briefly


def pages(report: Report, show_secrets: bool, detail: Detail, screen: Screen) -> Iterator[Text]:
    """One block a capture and a session, with an empty line between them."""
    first = True
    for capture in report.captures:
        yield from [] if first else [Text()]
        first = False
        yield from _heading(capture, detail, screen)
        for session in capture.sessions:
            yield Text()
            yield from session_block(session, show_secrets, detail, screen)
    together = "" if detail == "quiet" else "\n".join(side_by_side.rows(report, printable)).rstrip("\n")
    if together:
        yield from map(Text, ["", *together.split("\n")])


def _heading(capture: CaptureReport, detail: Detail, screen: Screen) -> Iterator[Text]:
    yield Text(printable(capture.path), "bold")
    if capture.error:
        yield Text(f"  could not be read: {printable(capture.error)}", "bold red")
    if capture.engine and (detail != "quiet" or not capture.sessions):
        yield Text(f"  {facts.capture_line(capture)}", "dim")
    for made in facts.capture_rows(capture) if detail != "quiet" else ():
        yield from row(made, screen)


def session_block(session: Session, show_secrets: bool, detail: Detail, screen: Screen) -> Iterator[Text]:
    """One session."""
    everything = detail == "verbose"
    outcome = session.verdict.outcome
    yield Text.assemble((f"Session {session.id}: ", "bold"), (outcome.value.upper(), OUTCOMES[outcome]))
    yield from _verdict(session, detail, screen)
    if detail == "quiet":
        return
    for made in facts.session_rows(session, everything):
        yield from row(made, screen)
    if session.messages or session.timeline:
        story = (steps if everything else told_briefly)(session, show_secrets)
        yield Text()
        yield from ladder(session, story, screen, everything)
    yield from _remarks(session, everything, screen)


def _verdict(session: Session, detail: Detail, screen: Screen) -> Iterator[Text]:
    verdict = session.verdict
    if verdict.result is not None:
        yield from row(Row("Result", facts.result(session)), screen, OUTCOMES[verdict.outcome])
        if detail != "quiet":
            yield from row(Row("", codes.lookup(verdict.result).text), screen)
    yield from row(Row("Summary", printable(verdict.summary)), screen, "bold")
    if verdict.outcome is not Outcome.ESTABLISHED:
        few = 1 if detail == "quiet" else None
        yield from numbered("Causes", map(printable, verdict.causes[:few]), screen)
        yield from numbered("Next", map(printable, verdict.next_steps[:few]), screen)


def _remarks(session: Session, everything: bool, screen: Screen) -> Iterator[Text]:
    made = [*facts.remarks(session, everything)]
    number = 0 if everything else facts.minor(session)
    if number:
        made.append(
            Row("Info", f"{facts.count(number, 'minor remark')}: -v shows {'it' if number == 1 else 'them'}", "info")
        )
    if made:
        yield Text()
    for one in made:
        yield from row(one, screen)
