"""Remarks on chat ([MS-RA] 3.11) and session control commands ([MS-RA] 2.2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msra.analysis.findings.rule import Case, Hit, Rule, hit, hits, listed, quoted
from msra.analysis.findings.vocabulary import COMMANDS, command

LONGEST_CHAT = 1024
"""Bytes with the NUL, in versions 2 and 3 ([MS-RA] 3.11.5)."""
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "FILEXFER": ("filename", "filesize", "channelid"),  # [MS-RA] 3.9.5
    "SETTINGANNOUNCE": ("property", "value"),  # [MS-RA] 3.13.5
    "EXPERTIP": ("expertipdata",),  # [MS-RA] 2.2.2
    "VOIPGO": ("voipgokey", "voipiplist"),  # [MS-RA] 3.17.5
}


def _long_chat(case: Case) -> Iterator[Hit]:
    for message in case.messages("CHAT") if case.version in (2, 3) else ():
        size = len(str(message.fields.get("text", "")).encode("utf-16-le", "surrogatepass")) + 2
        if size > LONGEST_CHAT:
            yield hit(message, sender=message.sender, size=f"{size:,}")


def _unknown_command(case: Case) -> Iterator[Hit]:
    messages = [m for m in case.messages("RCCOMMAND") if "name" in m.fields and command(m) not in COMMANDS]
    return hits(messages, names=listed(quoted(command(message)) for message in messages))


def _missing_attribute(case: Case) -> Iterator[Hit]:
    for message in case.commands(*_REQUIRED):
        missing = [name.upper() for name in _REQUIRED[command(message)] if name not in message.fields]
        if missing:
            yield hit(message, name=command(message), missing=listed(missing))


RULES = (
    Rule(
        "long_chat", "warning", "[MS-RA] 3.11.5",
        "A chat message of version 2 or 3 is longer than 1,024 bytes.",
        "The {sender} sent a chat message of {size} bytes; in versions 2 and 3 none is longer than 1,024, and a "
        "receiver may show only a part of it.",
        _long_chat,
    ),
    Rule(
        "unknown_command", "info", "[MS-RA] 2.2.2",
        "An RCCOMMAND has a NAME that the specification does not know.",
        "Commands that the specification does not know: {names}. Receivers probably ignore them.",
        _unknown_command,
    ),
    Rule(
        "missing_attribute", "warning", "[MS-RA] 2.2.2, 3.9.5, 3.13.5",
        "An RCCOMMAND lacks an attribute that it needs.",
        "RCCOMMAND {name} has no {missing}, which the receiver needs to act on it.",
        _missing_attribute,
    ),
)  # fmt: skip
"""Remarks on chat and commands."""
