"""The findings: remarks on a session, each by one rule of the catalogue, with the section that the rule rests on."""

from msra.analysis.findings.catalogue import CATALOGUE, findings
from msra.analysis.findings.rule import Rule

__all__ = ["CATALOGUE", "Rule", "findings"]
