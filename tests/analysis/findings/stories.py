"""Stories for the rules, and how a rule is tried: one story that fires it, and one much like it that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from msra.analysis.evidence import Evidence
from msra.analysis.findings import CATALOGUE, findings
from msra.analysis.model import Control, Finding, Transfer
from msra.events import Fact, Gap, Message, Role, Value
from tests.analysis.builders import Story


class Tale(Story):
    """A story whose capture shows the beginning of the connection, unless `start` is false."""

    def __init__(self, start: bool = True) -> None:
        super().__init__()
        if start:
            self.fact("connection_request", "expert", cookie="Eve")

    def fact(self, name: str, sender: Role = "novice", **data: Any) -> Tale:
        """A fact of the transport."""
        super().fact(name, sender, **data)
        return self

    def gap(self, kind: str, size: int = 10, sender: Role = "novice") -> Tale:
        """Bytes that could not be read."""
        super().gap(kind, size, sender)
        return self

    def message(
        self,
        sender: Role,
        kind: str,
        channel: str = "RC_CTL",
        notes: tuple[str, ...] = (),
        data: bytes = b"",
        **fields: Value,
    ) -> Tale:
        """Any message; `kind` is its type."""
        self.events.append(Message(*self._next(), sender, channel, kind, fields, notes, data))
        return self

    def expert(self, kind: str, **fields: Value) -> Tale:
        """A control message of the expert."""
        return self.message("expert", f"REMOTEDESKTOP_{kind}", **fields)

    def novice(self, kind: str, **fields: Value) -> Tale:
        """A control message of the novice."""
        return self.message("novice", f"REMOTEDESKTOP_{kind}", **fields)

    def command(self, sender: Role, name: str, **attributes: Value) -> Tale:
        """An RCCOMMAND."""
        return self.message(sender, "RCCOMMAND", "71", name=name, **attributes)

    def announce(self, sender: Role = "expert", channel: str = "RA_FX", size: int = 2048) -> Tale:
        """A FILEXFER."""
        return self.command(sender, "FILEXFER", filename="a.txt", filesize=str(size), channelid=channel)

    def block(self, size: int = 1024, sender: Role = "expert", channel: str = "RA_FX") -> Tale:
        """A block of a file."""
        return self.message(sender, "FILE_DATA", channel, data_len=size)

    def file(self, kind: str, sender: Role, channel: str = "RA_FX") -> Tale:
        """FILEXFERACK, FILEXFERREJECT or FILEXFEREND."""
        return self.message(sender, kind, channel)

    def order(self, sender: Role, kind: str, **fields: Value) -> Tale:
        """An order of encomsp."""
        return self.message(sender, kind, "encomsp", **fields)

    def in_version(self, version: int) -> Tale:
        """A handshake by the book ([MS-RA] 3.3, 3.5, 3.7), up to where the expert is let in."""
        if version == 3:
            return self.novice("CTL_TOKEN").expert("CTL_TOKEN")
        self.novice("CTL_SERVER_ANNOUNCE").novice("CTL_VERSIONINFO", version_major=1, version_minor=2)
        if version == 2:
            return self.expert("EXPERT_ON_VISTA").expert("CTL_VERIFY_PASSWORD").novice("CTL_RESULT", result=0)
        self.expert("CTL_VERSIONINFO", version_major=1, version_minor=2).expert("CTL_AUTHENTICATE")
        self.novice("CTL_RESULT", result=0).expert("CTL_REMOTE_CONTROL_DESKTOP")
        return self.novice("CTL_RESULT", result=0)


@dataclass(frozen=True)
class Told:
    """A story with what else the rules are given."""

    story: Story
    controls: Sequence[Control] = ()
    transfers: Sequence[Transfer] = ()


Pair: TypeAlias = tuple["Story | Told", "Story | Told"]
Stories: TypeAlias = Mapping[str, Pair]


def evidence(story: Story) -> Evidence:
    """The story as the rules see it."""
    kinds: dict[type[Any], list[Any]] = {Message: [], Fact: [], Gap: []}
    for event in story.events[1:]:
        kinds[type(event)].append(event)
    facts = {fact.name: fact for fact in reversed(kinds[Fact])}
    return Evidence(tuple(kinds[Message]), facts, tuple(kinds[Gap]), tuple(kinds[Fact]))


def found(told: Story | Told, rule: str | None = None) -> list[Finding]:
    """The findings, or those of one rule."""
    told = Told(told) if isinstance(told, Story) else told
    every = findings(evidence(told.story), told.controls, told.transfers)
    return [finding for finding in every if rule in (None, finding.id)]


def check(rule_id: str, pair: Pair) -> None:
    """The first story fires the rule, once; the second does not."""
    (rule,) = [rule for rule in CATALOGUE if rule.id == rule_id]
    (finding,) = found(pair[0], rule_id)
    assert finding.severity == rule.severity
    assert finding.text.endswith(f" ({rule.section})" if rule.section else ".")
    assert finding.frames and finding.frames == tuple(sorted(set(finding.frames)))
    assert "{" not in finding.text and "None" not in finding.text
    assert found(pair[1], rule_id) == []
