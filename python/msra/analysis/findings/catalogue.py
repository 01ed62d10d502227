"""All rules, in one table, and their application to a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msra.analysis.evidence import Evidence
from msra.analysis.findings import (
    commands,
    completeness,
    control,
    files,
    form,
    multiparty,
    results,
    security,
    sequence,
    transport,
)
from msra.analysis.findings.rule import Case, Rule, apply
from msra.analysis.model import Control, Finding, Transfer

CATALOGUE: tuple[Rule, ...] = (
    *results.RULES,
    *sequence.RULES,
    *form.RULES,
    *commands.RULES,
    *control.RULES,
    *files.RULES,
    *multiparty.RULES,
    *security.RULES,
    *transport.RULES,
    *completeness.RULES,
)
"""Every rule that there is; ids are unique."""


def findings(
    evidence: Evidence, controls: Sequence[Control] = (), transfers: Sequence[Transfer] = ()
) -> Iterator[Finding]:
    """All remarks on a session in the order of their first frames; those on one frame as the catalogue has them."""
    case = Case(evidence, tuple(controls), tuple(transfers))
    found = [finding for rule in CATALOGUE for finding in apply(rule, case)]
    yield from sorted(found, key=lambda finding: finding.frames[0])
