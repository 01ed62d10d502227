"""Remarks on the RDP connection below: what RDP, licensing and TLS themselves said went wrong."""

from __future__ import annotations

from collections.abc import Iterator

from msra.analysis import rdp_codes
from msra.analysis.findings.rule import Case, Hit, Rule, hit
from msra.analysis.rdp_codes import RdpCode
from msra.events import Fact

_STATUS_VALID_CLIENT = 7
"""[MS-RDPBCGR] 2.2.1.12.1.3: licensing has ended as it should."""
_CLOSE_NOTIFY, _USER_CANCELED = 0, 90
"""RFC 8446 6.1: the alerts that close a connection in order."""


def _hit(fact: Fact, code: RdpCode) -> Hit:
    return hit(fact, sender=fact.sender, name=code.name, text=code.text)


def _license_error(case: Case) -> Iterator[Hit]:
    for fact in case.facts("license_error"):
        code = fact.data.get("error_code")
        if isinstance(code, int) and code != _STATUS_VALID_CLIENT:
            yield _hit(fact, rdp_codes.license_error(code))


def _error_info(case: Case) -> Iterator[Hit]:
    for fact in case.facts("error_info"):
        code = fact.data.get("error_info")
        if isinstance(code, int) and code:
            yield _hit(fact, rdp_codes.error_info(code))


def _tls_alert(case: Case) -> Iterator[Hit]:
    for fact in case.facts("tls_alert"):
        code = fact.data.get("description")
        if isinstance(code, int) and code not in (_CLOSE_NOTIFY, _USER_CANCELED):
            yield _hit(fact, rdp_codes.tls_alert(code))


RULES = (
    Rule(
        "license_error", "error", "[MS-RDPBCGR] 2.2.1.12.1.3",
        "Licensing ends with another code than STATUS_VALID_CLIENT.",
        "The {sender} ended RDP licensing with the error {name}, so the connection could not be used. {text}",
        _license_error,
    ),
    Rule(
        "error_info", "warning", "[MS-RDPBCGR] 2.2.5.1.1",
        "The novice's RDP server says why it is about to end the connection.",
        "The novice's RDP server gave a reason for the end of the connection: {name}. {text}",
        _error_info,
    ),
    Rule(
        "tls_alert", "error", "[MS-RDPBCGR] 5.4.5.2.2, RFC 8446 6.2",
        "One side ends TLS with an error alert.",
        "The {sender} ended TLS with the alert {name}. {text}",
        _tls_alert,
    ),
)  # fmt: skip
"""Remarks on the connection below."""
