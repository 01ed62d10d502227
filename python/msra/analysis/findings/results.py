"""Remarks on RESULT messages ([MS-RA] 2.2.1.10, 2.2.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msra.analysis.findings.rule import Case, Finder, Hit, Rule, hit
from msra.codes import ResultCode, lookup
from msra.events import Message, Role

RESULT = "REMOTEDESKTOP_CTL_RESULT"
_REQUESTS = frozenset({
    "REMOTEDESKTOP_CTL_VERSIONINFO", "REMOTEDESKTOP_CTL_AUTHENTICATE", "REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP",
    "REMOTEDESKTOP_EXPERT_ON_VISTA", "REMOTEDESKTOP_CTL_VERIFY_PASSWORD",
})  # fmt: skip
"""What a RESULT may answer. In version 2 it is two messages and up to two results: the password's, the user's."""
_OTHER_SIDE: dict[Role, Role] = {"expert": "novice", "novice": "expert"}
_INCOMPATIBLE_VERSION = 47


def _codes(case: Case) -> Iterator[tuple[Message, ResultCode]]:
    for message in case.messages(RESULT):
        value = message.fields.get("result")
        if isinstance(value, int):
            yield message, lookup(value)


def _is_hresult(code: ResultCode) -> bool:
    return code.value >= 0x80000000


def _each(applies: Callable[[ResultCode, int | None], bool]) -> Finder:
    """A rule on the code alone; its text may use the code's {name}, {value} and {versions}."""

    def find(case: Case) -> Iterator[Hit]:
        for message, code in _codes(case):
            if applies(code, case.version):
                versions = " and ".join(str(number) for number in code.versions)
                yield hit(message, name=code.name, value=code.value, versions=versions)

    return find


def _unrequested(case: Case) -> Iterator[Hit]:
    """A RESULT where the other side has asked nothing, or nothing more; those that end a session need no question."""
    asked = {"expert": 0, "novice": 0}
    for message in case.messages(RESULT, *_REQUESTS):
        if message.type in _REQUESTS:
            asked[message.sender] += 1
            continue
        value = message.fields.get("result")
        if not isinstance(value, int) or lookup(value).ends_session:
            continue
        other = _OTHER_SIDE[message.sender]
        if asked[other]:
            asked[other] -= 1
        elif case.complete_until(message.frame):
            yield hit(message, sender=message.sender, other=other, name=lookup(value).name)


def _from_the_expert(case: Case) -> Iterator[Hit]:
    for message, code in _codes(case):
        if message.sender == "expert" and code.value != _INCOMPATIBLE_VERSION and not _is_hresult(code):
            yield hit(message, name=code.name)


RULES = (
    Rule(
        "unknown_result", "warning", "[MS-RA] 2.2.6",
        "A RESULT has a value that is no result code.",
        "{value} is none of the 48 result codes of the specification.",
        _each(lambda code, _version: not code.known and not _is_hresult(code)),
    ),
    Rule(
        "hresult_result", "info", "[MS-RA] behaviour notes 5 and 6",
        "A RESULT has an HRESULT instead of a result code.",
        "The result is an HRESULT ({name}), as Windows Vista and later send for an unexpected version.",
        _each(lambda code, _version: _is_hresult(code)),
    ),
    Rule(
        "unused_result", "warning", "[MS-RA] 2.2.6",
        "A RESULT has a code of which the specification says that it is not used.",
        "{name} is not used, says the specification: the novice is probably no Windows program.",
        _each(lambda code, _version: not code.used),
    ),
    Rule(
        "result_of_other_version", "warning", "[MS-RA] 2.2.6",
        "A RESULT has a code that only another version of the protocol uses.",
        "{name} belongs to protocol version {versions} only, and this session uses another one.",
        _each(lambda code, version: bool(code.versions) and version in (1, 2) and version not in code.versions),
    ),
    Rule(
        "unrequested_result", "warning", "[MS-RA] 2.2.1.10",
        "A RESULT answers nothing that the other side has asked.",
        "The {sender} sent the result {name}, but the {other} had asked nothing that was still to be answered. It says "
        "little about this session, unless a request was sent in a way that the capture does not show.",
        _unrequested,
    ),
    Rule(
        "result_from_expert", "info", "[MS-RA] 3.3.5",
        "The expert sends a RESULT that does not complain about the version.",
        "The expert sent the result {name}. It is the novice who decides; the expert only answers a VERSIONINFO whose "
        "version does not fit.",
        _from_the_expert,
    ),
    Rule(
        "shadow_session", "info", "[MS-TSTS] 3.10.4.1.1",
        "A RESULT has one of the codes 300 to 302, which tell how the shadowing of a user session ended.",
        "{name} tells that the shadowing of a user session ended. An administrator can start it without an invitation "
        "(mstsc /shadow), and silently where a policy allows that: ask whether this was an offer of help.",
        _each(lambda code, _version: code.value in (300, 301, 302)),
    ),
)  # fmt: skip
"""Remarks on results."""
