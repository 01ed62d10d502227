"""Remarks on how sure the answer is: what the capture does not hold, or what in it could not be read."""

from __future__ import annotations

from collections.abc import Iterator

from msra.analysis.findings.rule import LOSSES, Case, Hit, Rule, hit, hits
from msra.events import GAPS, Gap

_UNDECODED = ("bad_framing", "bad_pdu", "encrypted", "compressed")


def _total(gaps: list[Gap]) -> Iterator[Hit]:
    kinds = "; ".join(GAPS[kind] for kind in GAPS if any(gap.kind == kind for gap in gaps))
    return hits(gaps, size=f"{sum(gap.size for gap in gaps):,}", kinds=kinds)


def _lost(case: Case) -> Iterator[Hit]:
    return _total(case.gaps(*LOSSES))


def _undecoded(case: Case) -> Iterator[Hit]:
    """Only beside messages: where nothing at all could be read, the verdict says why."""
    return _total(case.gaps(*_UNDECODED) if case.evidence.messages else [])


def _left_out(case: Case) -> Iterator[Hit]:
    gaps = case.gaps("left_out")
    return hits(gaps, size=f"{sum(gap.size for gap in gaps):,}")


def _no_start(case: Case) -> Iterator[Hit]:
    for message in case.evidence.messages[:1] if not case.starts else ():
        yield hit(message)


def _wrong_mac(case: Case) -> Iterator[Hit]:
    return hits(case.gaps("wrong_mac"))


RULES = (
    Rule(
        "incomplete_capture", "info", "",
        "Bytes of the connection are missing from the capture.",
        "Not everything was captured ({kinds}; {size} bytes): messages may be missing, so what follows from the "
        "absence of a message is less sure.",
        _lost,
    ),
    Rule(
        "undecoded_data", "info", "",
        "Beside the messages there are bytes that could not be read.",
        "Not everything could be read ({kinds}; {size} bytes): messages may be missing, so what follows from the "
        "absence of a message is less sure.",
        _undecoded,
    ),
    Rule(
        "left_out", "warning", "",
        "More was sent than is decoded, or held by a report.",
        "More was sent than is decoded, or held by a report: messages of {size} bytes, or what else happened, are left "
        "out from here on, so what follows from the absence of a message is less sure.",
        _left_out,
    ),
    Rule(
        "missing_start", "info", "",
        "The capture begins in the middle of the connection.",
        "The capture begins after the connection did: how it was set up, and messages before this one, are not known.",
        _no_start,
    ),
    Rule(
        "wrong_mac", "warning", "[MS-RDPBCGR] 5.3.6",
        "Decrypted packets have MACs that do not match.",
        "Packets were decrypted, but their MACs do not match: they were changed on the way, or bytes before them are "
        "missing from the capture.",
        _wrong_mac,
    ),
)  # fmt: skip
"""Remarks on the capture."""
