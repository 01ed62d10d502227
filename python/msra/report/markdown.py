"""The report as Markdown (CommonMark with the tables of GitHub), to be pasted into a ticket.

Text from captures stays text. Words and numbers stand as they are; whatever else there is in a text, up to the next
blank, becomes code, in which nothing is a link, an image, a mention, a reference, HTML or emphasis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msra import codes
from msra.analysis.model import CaptureReport, Report, Session
from msra.report import facts, side_by_side
from msra.report.facts import Row
from msra.report.printable import printable
from msra.report.story import Step, most, told_briefly

_TOKEN = re.compile(r"([\"'(]*)(.*?)([\"').,;:?!]*)", re.DOTALL)
_ORDINARY = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|[0-9]+(?:[.,:][0-9]+)*|")
_DOCUMENT = re.compile(r"\[(MS-[A-Z]+)\]")
_LIST = re.compile(r"([0-9]+)([.)])")
_LONGEST = 200


def to_markdown(report: Report, show_secrets: bool = False) -> str:
    """A section a capture, a subsection a session."""
    blocks = [block for capture in report.captures for block in _capture(capture, show_secrets)]
    together = "\n".join(side_by_side.rows(report, printable)).rstrip("\n")
    return "\n\n".join([*blocks, _fenced(together)] if together else blocks) + ("\n" if blocks else "")


def prose(text: str) -> str:
    """Text of any origin as a part of a paragraph."""
    words = [_word(token) for token in printable(text).split()]
    if words:
        words[0] = _LIST.sub(r"\1\\\2", words[0]) if _LIST.fullmatch(words[0]) else words[0]
    return " ".join(words)


def code(text: str) -> str:
    """Text of any origin as code: inside a longer row of backticks than any of its own."""
    text = printable(text).strip()
    if not text:
        return ""
    ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _word(token: str) -> str:
    before, core, behind = _split(token)
    if _ORDINARY.fullmatch(core):
        return token
    document = _DOCUMENT.fullmatch(core)
    return f"{before}\\[{document[1]}\\]{behind}" if document else before + code(core) + behind


def _split(token: str) -> tuple[str, str, str]:
    """Punctuation before and behind, which has no effect."""
    match = _TOKEN.fullmatch(token)
    return (match[1], match[2], match[3]) if match else ("", token, "")


def _capture(capture: CaptureReport, show_secrets: bool) -> Iterator[str]:
    yield f"## {code(capture.path)}"
    if capture.error:
        yield f"**Could not be read:** {prose(capture.error)}"
    if capture.engine:
        yield prose(facts.capture_line(capture)) + "."
    yield from _bullets(facts.capture_rows(capture))
    for session in capture.sessions:
        yield from _session(session, show_secrets)


def _session(session: Session, show_secrets: bool) -> Iterator[str]:
    verdict = session.verdict
    result = facts.result(session)
    yield f"### Session {session.id}: {verdict.outcome.value.upper()}" + (f", {code(result)}" if result else "")
    yield f"**{prose(verdict.summary)}**"
    if verdict.result is not None:
        yield prose(codes.lookup(verdict.result).text)
    if verdict.outcome.value != "established":
        yield from _numbered("Probable causes", verdict.causes)
        yield from _numbered("What to try next", verdict.next_steps)
    yield _table(("Fact", "Value"), ((row.label, prose(row.text)) for row in facts.session_rows(session)))
    story = most(told_briefly(session, show_secrets), verdict.frame)
    if story:
        rows = (_step(step, session.start) for step in story)
        yield _table(("Time", "Frame", "From", "Event", "Details"), rows)
    yield from _bullets(facts.remarks(session))
    if left_out := facts.minor(session):
        yield f"{facts.count(left_out, 'minor remark')} left out."


def _step(step: Step, start: int) -> tuple[str, ...]:
    when = (f"{(step.time - start) / 1e9:+.3f} s", str(step.frame or ""), step.sender or "")
    if step.kind == "moment":
        return (*when, prose(step.name), "")
    times = f" ×{step.count}" if step.count > 1 else ""
    details = (code(_short(text)) for text in (step.argument, step.open_values) if text)
    return (*when, code(step.name) + times, ", ".join(details))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _bullets(rows: Iterable[Row]) -> Iterator[str]:
    lines = [f"- **{row.label}:** {prose(row.text)}" for row in rows]
    if lines:
        yield "\n".join(lines)


def _numbered(label: str, sentences: Iterable[str]) -> Iterator[str]:
    lines = [f"{number}. {prose(sentence)}" for number, sentence in enumerate(sentences, start=1)]
    if lines:
        yield f"{label}:\n\n" + "\n".join(lines)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Cells end at a "|", also inside code, unless a backslash stands before it."""
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _fenced(text: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
