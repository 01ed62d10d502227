"""Reports with the same text wherever a capture, a file name or an invitation can put text."""

from __future__ import annotations

from html.parser import HTMLParser

from msra.analysis.model import (
    Attempt,
    CaptureReport,
    Check,
    Control,
    Finding,
    Handshake,
    Moment,
    Report,
    Session,
    Transfer,
    Verdict,
)
from msra.analyzer import together
from msra.events import Endpoint, Message
from tests.analysis.builders import Story

PAYLOADS = (
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 1</script>",
    "<!--<script>",
    '"><img src=x onerror="window.pwned = 1">',
    "' onmouseover='window.pwned = 1",
    "{{ 7 * 7 }}{% include 'page.html' %}",
    "</title></style></details></table><iframe src='http://attacker.example/'>",
    "<svg><a xlink:href='javascript:window.pwned=1'>]]>&lt;b&gt;&#60;b&#62;",
    "\u2028window.pwned = 1\u2029\x00\x1b[31m\u202e\ud800",
    "`${window.pwned = 1}` \\u003cscript\\u003e \\",
)


def report(text: str) -> Report:
    """Two captures, of which the second shows the first one's session, too."""
    return together([_capture(f"{text}/{text}"), _capture(f"{text}-2"), CaptureReport(text, text, error=text)])


def _capture(path: str) -> CaptureReport:
    text = path
    story = Story().fact("tcp_syn", "expert", sequence_number=7).fact("tcp_syn_ack", sequence_number=8)
    story.version2().say("novice", "CHAT", "70", text=text).say("expert", "RCCOMMAND", "71", name=text, **{text: text})
    story.say("novice", "X" + text, text, data=text).gap("encrypted").result(61)
    session = story.session()
    _fill(session, text)
    attempt = Attempt(Endpoint(text, 1), Endpoint(text, 2), "refused", 5, (1, 2), text)
    return CaptureReport(path, text, notes=[text], sessions=[session], attempts=[attempt])


def _fill(session: Session, text: str) -> None:
    verdict = session.verdict
    session.verdict = Verdict(verdict.outcome, 61, text, text, verdict.frame, (text, text), (text,))
    session.expert, session.novice = Endpoint(text, 1), Endpoint(text + ":", 2)
    session.security = text
    session.security_details = {"cipher_suite": text, "requested_protocols": text, "kh": text}
    session.findings = [Finding(text, "warning", text, (3,)), Finding("f", "error", text, tuple(range(1, 300)))]
    session.checks = [Check(text, "failed", text, (4,)), Check(text, "not_checkable", text)]
    session.handshake = Handshake(text, text, None)
    session.version_evidence = Message(1, 3, 4, "expert", text, text)
    session.timeline.append(Moment(5, 6, None, text, text, {text: text, "list": (text, 1)}))
    session.controls = [Control(3, 4, None, "accepted", 5), Control(None, None, 5, text, None)]
    session.transfers = [Transfer(1, "expert", text, text, 5, 5, 1, text, text, (3,))]
    session.reconnects = 1


class Structure(HTMLParser):
    """The tags of a page with their attributes' names, and what stands in its data blocks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str, str]] = []
        self.blocks: dict[str, list[str]] = {"script": [], "style": [], "json": []}
        self._block: list[str] | None = None
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(tag, name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self._block = self.blocks["json" if ("type", "application/json") in attrs else tag]
            self._block.append("")
        if tag not in ("meta", "br", "input", "link"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}>"
        self._block = None

    def handle_data(self, data: str) -> None:
        if self._block is not None:
            self._block[-1] += data
