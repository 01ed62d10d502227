"""Reports in pieces, while the traffic goes on: text for people, and one line a message for programs."""

from __future__ import annotations

import json
from dataclasses import replace

from msra.analysis.as_dict import message_dict, rfc3339
from msra.analysis.evidence import Evidence
from msra.analysis.model import CaptureReport, Report, Session
from msra.analysis.timeline import timeline
from msra.events import GAPS, ConnectionOpened, Fact, Gap, Message
from msra.report import facts
from msra.report.data import to_jsonl
from msra.report.printable import printable
from msra.report.screen import Detail, Screen
from msra.report.story import Step, step


class LiveText:
    """Lines for people: one a message and a moment that not every session has, and the session when it has ended."""

    def __init__(self, show_secrets: bool, detail: Detail, screen: Screen) -> None:
        self._show_secrets = show_secrets
        self._detail = detail
        self._screen = replace(screen, width=min(max(screen.width, 60), 120))

    def begin(self, session: int, opened: ConnectionOpened) -> str:
        """Who is in it."""
        if self._detail == "quiet":
            return ""
        ends = f"expert {facts.endpoint(opened.expert)}, novice {facts.endpoint(opened.novice)}"
        return self._line(session, opened.time, None, f"A session begins: {ends}.")

    def event(self, session: int, event: Message | Fact | Gap) -> str:
        """A line; "" for moments that every session has (-v shows them), and for all with -q."""
        if self._detail == "quiet":
            return ""
        if isinstance(event, Gap):
            return self._line(session, event.time, event.sender, f"unreadable: {GAPS.get(event.kind, event.kind)}")
        if isinstance(event, Message):
            return self._step(session, step(event, self._show_secrets))
        return "".join(
            self._step(session, told)
            for told in (step(moment, self._show_secrets) for moment in timeline(Evidence((), {}, (), (event,))))
            if self._detail == "verbose" or not told.usual
        )

    def session(self, session: Session, told: bool) -> str:  # noqa: ARG002 - the ladder is told in any case
        """The session as in the whole report, between empty lines."""
        from msra.report.lines import rendered
        from msra.report.terminal import session_block

        return f"\n{rendered(session_block(session, self._show_secrets, self._detail, self._screen), self._screen)}\n"

    def end(self, capture: CaptureReport, sessions: int) -> str:
        """What there was, in numbers, and what is to be said about the capture as a whole."""
        from rich.text import Text

        from msra.report.lines import rendered, row

        lines = [Text(f"{printable(capture.path)}: {facts.capture_line(capture, sessions)}", "bold")]
        if capture.error:
            lines.append(Text(f"  could not be read: {printable(capture.error)}", "bold red"))
        for made in facts.capture_rows(capture) if self._detail != "quiet" else ():
            lines += row(made, self._screen)
        return rendered(lines, self._screen)

    def _step(self, session: int, told: Step) -> str:
        values = f"  ({told.open_values})" if told.open_values and self._detail == "verbose" else ""
        return self._line(session, told.time, told.sender, told.label + values)

    def _line(self, session: int, time: int, sender: str | None, text: str) -> str:
        """`20:32:31.470Z  [1]  novice → REMOTEDESKTOP_CTL_VERSIONINFO 1.2`; UTC, as in all reports."""
        from rich.text import Text

        from msra.report.lines import headed, rendered

        arrow = "→" if self._screen.unicode else "->"
        who = f"{sender} {arrow}" if sender else ""
        head = Text.assemble(
            (f"{rfc3339(time)[11:23]}Z", "dim"),
            f"  [{session}]  ",
            (f"{who:<9}" if self._screen.unicode else f"{who:<10}", "cyan"),
        )
        return rendered(headed(head, text, self._screen), self._screen)


class LiveLines:
    """`jsonl`: the same lines as in the whole report, in the order in which they come."""

    def __init__(self, path: str, show_secrets: bool) -> None:
        self._path = path
        self._show_secrets = show_secrets

    def begin(self, session: int, opened: ConnectionOpened) -> str:  # noqa: ARG002
        """Nothing: a line is a message."""
        return ""

    def event(self, session: int, event: Message | Fact | Gap) -> str:
        """A line a message."""
        if not isinstance(event, Message):
            return ""
        return json.dumps({"capture": self._path, "session": session, **message_dict(event, self._show_secrets)}) + "\n"

    def session(self, session: Session, told: bool) -> str:
        """All lines of the session, if there were none yet."""
        alone = CaptureReport(path=self._path, engine="", sessions=[session])
        return "" if told else to_jsonl(Report([alone]), self._show_secrets)

    def end(self, capture: CaptureReport, sessions: int) -> str:  # noqa: ARG002
        """Nothing: a line is a message."""
        return ""
