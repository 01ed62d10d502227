"""The verdict: an ordered table of rules; the first one that applies decides the outcome and says why."""

from __future__ import annotations

from collections.abc import Sequence

from msra.analysis.evidence import Evidence
from msra.analysis.model import Check, Handshake, Verdict
from msra.analysis.verdict import below, results, undecided, unreadable
from msra.analysis.verdict.deciding import deciding_result
from msra.analysis.verdict.rule import VerdictRule, View

__all__ = ["RULES", "VerdictRule", "decide", "deciding_result"]

RULES: tuple[VerdictRule, ...] = (*results.RULES, *below.RULES, *unreadable.RULES, *undecided.RULES)
"""The whole table; ids are unique."""


def decide(evidence: Evidence, start: int, handshake: Handshake, checks: Sequence[Check] = ()) -> Verdict:
    """Apply the rules. `start`: when the connection was opened, in nanoseconds; `checks`: those of the invitation."""
    view = View(evidence, start, handshake, checks)
    return next(verdict for verdict in (rule.apply(view) for rule in RULES) if verdict)
