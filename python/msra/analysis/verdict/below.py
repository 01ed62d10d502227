"""Failed before Remote Assistance could say anything: negotiation, logon, TLS, licensing, RDP itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msra.analysis import rdp_codes
from msra.analysis.model import Outcome
from msra.analysis.rdp_codes import RdpCode
from msra.analysis.verdict.rule import Finder, Reason, VerdictRule, View

Advice: TypeAlias = "tuple[tuple[str, ...], tuple[str, ...]]"
"""Causes and next steps."""

_SETTINGS = (
    "Compare the security settings of both computers: the policy 'Require use of specific security layer for remote "
    "(RDP) connections' on the novice's, the options of the program on the expert's."
)
_OTHER_SERVICE = (
    "Check address and port of the invitation: this answer is typical of the ordinary Remote Desktop service (port "
    "3389), not of Remote Assistance."
)
_NEGOTIATION: Mapping[int, Advice] = {
    # [MS-RDPBCGR] 2.2.1.2.2
    1: (("The expert's program offered no TLS, and the novice insists on it.",), (_SETTINGS,)),
    2: (
        ("The novice's server is set to Standard RDP Security only; the expert's program asked for TLS or CredSSP.",),
        (_SETTINGS, "With FreeRDP try /sec:rdp."),
    ),
    3: (
        ("The novice's server has no certificate, or cannot use its private key.",),
        ("On the novice's computer read the event log of TerminalServices-RemoteConnectionManager for that time.",
         "Delete its self-signed certificate in the store 'Remote Desktop' and restart the service, which makes a new "
         "one."),
    ),
    4: (("The two programs disagree on what is already in force: one of them is faulty.",), (_SETTINGS,)),
    5: (
        ("The server insists on Network Level Authentication, which Remote Assistance does not use.",
         "The expert reached the computer's ordinary Remote Desktop service.",),
        (_OTHER_SERVICE,),
    ),
    6: (("The server insists on a certificate of the expert.",), (_OTHER_SERVICE, _SETTINGS)),
}  # fmt: skip
_NEGOTIATION_UNKNOWN: Advice = (("The two sides found no security protocol that both allow.",), (_SETTINGS,))
_ACCESS_DENIED = 5
_STATUS_VALID_CLIENT = 7
_DENIALS = frozenset({0x7, 0x9})
"""ERRINFO_SERVER_DENIED_CONNECTION and ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES: a policy said no."""
_ORDERLY_ALERTS = frozenset({0, 90})


def _fact(
    name: str, key: str, applies: Callable[[int], object], lookup: Callable[[int], RdpCode],
    advice: Callable[[int], Advice] = lambda _code: ((), ()),
) -> Finder:  # fmt: skip
    """The first fact of this name whose number says that something failed."""

    def find(view: View) -> Reason | None:
        for fact in view.evidence.story:
            number = fact.data.get(key) if fact.name == name else None
            if isinstance(number, int) and applies(number):
                code = lookup(number)
                values = {"sender": fact.sender, "code": f"{code.name} ({code.number})", "text": code.text}
                return Reason(fact.frame, values, *advice(number))
        return None

    return find


def _failed(number: int) -> bool:
    return bool(number & 0x80000000)


RULES = (
    VerdictRule(
        "negotiation", Outcome.FAILED,
        "The novice's RDP server refused to negotiate a protocol: {code}. {text}",
        _fact(
            "negotiation_failure", "failure_code", lambda _code: True, rdp_codes.negotiation_failure,
            lambda code: _NEGOTIATION.get(code, _NEGOTIATION_UNKNOWN),
        ),
    ),
    VerdictRule(
        "logon", Outcome.FAILED,
        "The logon before RDP (CredSSP) failed: {code}. {text}",
        _fact("credssp", "error_code", _failed, rdp_codes.ntstatus),
        ("Remote Assistance uses no logon before RDP: the expert probably reached the computer's ordinary Remote "
         "Desktop service.",),
        (_OTHER_SERVICE,),
    ),
    VerdictRule(
        "authorization", Outcome.REFUSED,
        "The user who logged on is not authorised to connect: {code}. {text}",
        _fact(
            "early_authorization", "authorization_result",
            lambda code: code == _ACCESS_DENIED, rdp_codes.early_authorization,
        ),
        ("Remote Assistance uses no logon before RDP: the expert probably reached the computer's ordinary Remote "
         "Desktop service, where the account lacks the right.",),
        (_OTHER_SERVICE,),
    ),
    VerdictRule(
        "tls_alert", Outcome.FAILED,
        "TLS failed: the {sender} sent the alert {code}. {text}",
        _fact("tls_alert", "description", lambda code: code not in _ORDERLY_ALERTS, rdp_codes.tls_alert),
        ("The two sides have no TLS version, cipher suite or certificate that both accept.",
         "A device between them that inspects TLS took part in the handshake.",),
        ("Look at the certificate and the TLS version in the capture, and compare what both sides allow.",
         _SETTINGS),
    ),
    VerdictRule(
        "licensing", Outcome.FAILED,
        "RDP licensing failed, before Remote Assistance began: the {sender} reported {code}. {text}",
        _fact("license_error", "error_code", lambda code: code != _STATUS_VALID_CLIENT, rdp_codes.license_error),
        ("Remote Assistance needs no licence: the expert probably reached a Remote Desktop session host.",
         "The licence that the expert's computer has stored is damaged.",),
        (_OTHER_SERVICE,
         "On the expert's computer delete HKLM\\SOFTWARE\\Microsoft\\MSLicensing and connect once as administrator."),
    ),
    VerdictRule(
        "denied", Outcome.REFUSED,
        "The novice's RDP server refused the connection (Set Error Info): {code}. {text}",
        _fact("error_info", "error_info", lambda code: code in _DENIALS, rdp_codes.error_info),
        ("A policy or a setting of the novice's computer does not allow the connection.",),
        ("Check System Properties > Remote > 'Allow Remote Assistance connections to this computer', and the policies "
         "for Remote Assistance.",),
    ),
    VerdictRule(
        "error_info", Outcome.FAILED,
        "The novice's RDP server ended the connection before a decision, and said why (Set Error Info): {code}. {text}",
        _fact("error_info", "error_info", bool, rdp_codes.error_info),
        next_steps=("On the novice's computer read the event logs of TerminalServices and RemoteAssistance for that "
                    "time.",),
    ),
)  # fmt: skip
"""Failures below Remote Assistance, in the order in which a connection meets them."""
