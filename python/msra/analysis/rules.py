"""The findings: remarks on a session, each by one rule of the table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msra import codes
from msra.analysis.evidence import Evidence
from msra.analysis.model import Finding, Severity
from msra.events import Message


@dataclass(frozen=True, slots=True)
class ResultRule:
    """A remark on a RESULT message; `text` may use the code's {name}, {value} and {versions}."""

    id: str
    severity: Severity
    section: str
    applies: Callable[[codes.ResultCode, int | None], bool]
    text: str


RESULT_RULES = (
    ResultRule(
        "unknown_result", "warning", "[MS-RA] 2.2.6",
        lambda code, _version: not code.known and code.value < 0x80000000,
        "{value} is none of the 48 result codes of the specification.",
    ),
    ResultRule(
        "hresult_result", "info", "[MS-RA] behaviour notes 5 and 6",
        lambda code, _version: code.value >= 0x80000000,
        "The result is an HRESULT ({name}), as Windows Vista and later send for an unexpected version.",
    ),
    ResultRule(
        "unused_result", "warning", "[MS-RA] 2.2.6",
        lambda code, _version: not code.used,
        "{name} is not used, says the specification: the novice is probably no Windows program.",
    ),
    ResultRule(
        "result_of_other_version", "warning", "[MS-RA] 2.2.6",
        lambda code, version: bool(code.versions) and version in (1, 2) and version not in code.versions,
        "{name} belongs to protocol version {versions} only, and this session uses another one.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GapRule:
    """A remark on what could not be read: `kind` is a key of events.GAPS."""

    kind: str
    severity: Severity
    section: str
    text: str


GAP_RULES = (
    GapRule(
        "wrong_mac", "warning", "[MS-RDPBCGR] 5.3.6",
        "Packets were decrypted, but their MACs do not match: they were changed on the way, or bytes before them are "
        "missing from the capture.",
    ),
)  # fmt: skip


def findings(evidence: Evidence) -> Iterator[Finding]:
    """All remarks on a session, in the order of its messages."""
    version = evidence.version
    for message in evidence.messages:
        yield from _on_result(message, version)
    for rule in GAP_RULES:
        frames = tuple(gap.frame for gap in evidence.gaps if gap.kind == rule.kind)
        if frames:
            yield Finding(rule.kind, rule.severity, f"{rule.text} ({rule.section})", frames)


def _on_result(message: Message, version: int | None) -> Iterator[Finding]:
    result = message.fields.get("result")
    if not isinstance(result, int):
        return
    code = codes.lookup(result)
    for rule in RESULT_RULES:
        if rule.applies(code, version):
            versions = " and ".join(str(number) for number in code.versions)
            text = rule.text.format(name=code.name, value=code.value, versions=versions)
            yield Finding(rule.id, rule.severity, f"{text} ({rule.section})", (message.frame,))
