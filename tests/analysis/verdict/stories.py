"""Stories for the verdict, and what is decided about them."""

from __future__ import annotations

from collections.abc import Sequence

from msra.analysis.handshake import handshake
from msra.analysis.model import Check, Outcome, Verdict
from msra.analysis.verdict import decide
from tests.analysis.builders import SECOND
from tests.analysis.findings.stories import Tale, evidence


def verdict(tale: Tale, checks: Sequence[Check] = ()) -> Verdict:
    """What the table says of a story; its first second is when the connection was opened."""
    seen = evidence(tale)
    return decide(seen, SECOND, handshake(seen), checks)


def outcome(tale: Tale) -> tuple[Outcome, int | None]:
    """The outcome and the result."""
    got = verdict(tale)
    return got.outcome, got.result


def asked(version: int = 2) -> Tale:
    """Up to the expert's password."""
    tale = Tale().fact("server_channels", channel_ids=(1004,))
    tale.novice("CTL_SERVER_ANNOUNCE").novice("CTL_VERSIONINFO", version_major=1, version_minor=2)
    if version == 2:
        return tale.expert("EXPERT_ON_VISTA").expert("CTL_VERIFY_PASSWORD")
    return tale.expert("CTL_VERSIONINFO", version_major=1, version_minor=2).expert("CTL_AUTHENTICATE")


def result(tale: Tale, code: int) -> Tale:
    """The novice answers."""
    return tale.novice("CTL_RESULT", result=code)
