"""Remarks on how well the session was protected, and on secrets that anybody could read. Secrets are never shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msra.analysis.findings.rule import Case, Finder, Hit, Rule, hit
from msra.analysis.findings.vocabulary import AUTHENTICATE, CONTROL_DESKTOP, VERSIONINFO
from msra.events import Fact

_NO_SECRET = ("", "*")
_WEAK_CIPHER = re.compile("RC4|NULL|EXPORT|_DES_|DES40|anon", re.IGNORECASE)
_KH, _KH2 = re.compile(r"\bKH\s*="), re.compile(r"\bKH2\s*=")
_LOW = 1
_GOOD_KEY = 2048
"""Bits of an RSA key (NIST SP 800-57 part 1, table 2: less gives under 112 bits of security)."""


def _first_message(case: Case) -> Iterator[Hit]:
    for message in case.evidence.messages[:1]:
        yield hit(message)


def _protected_by(*names: str) -> Finder:
    """Sessions with this security (Evidence.security); their frame is that of the fact, or of the first message."""

    def find(case: Case) -> Iterator[Hit]:
        security = case.evidence.security
        if security not in names:
            return
        for name in ("tls", "security"):
            fact = case.evidence.facts.get(name)
            if fact is not None:
                yield hit(fact, security=security.upper().replace("TLS", "TLS "))
                return
        yield from _first_message(case)

    return find


def _in_clear(case: Case) -> Iterator[Hit]:
    if case.evidence.security == "none" and case.evidence.messages:
        yield from _protected_by("none")(case)


def _client_info(applies: Callable[[Case, Fact], bool]) -> Finder:
    def find(case: Case) -> Iterator[Hit]:
        return (hit(fact) for fact in case.facts("client_info") if applies(case, fact))

    return find


def _has_secret(fact: Fact, *keys: str) -> bool:
    return any(str(fact.data.get(key, "")) not in _NO_SECRET for key in keys)


def _one_way(case: Case) -> Iterator[Hit]:
    fact = case.evidence.facts.get("security")
    if fact and fact.data.get("encryption_level") == _LOW and fact.data.get("encryption_method"):
        yield hit(fact)


def _weak_suite(case: Case) -> Iterator[Hit]:
    fact = case.evidence.facts.get("tls_session")
    suite = str(fact.data.get("cipher_suite", "")) if fact else ""
    if fact and _WEAK_CIPHER.search(suite):
        yield hit(fact, suite=suite)


def _short_key(case: Case) -> Iterator[Hit]:
    fact = case.evidence.facts.get("server_key")
    bits = fact.data.get("bits") if fact else None
    if fact and isinstance(bits, int) and bits < _GOOD_KEY:
        yield hit(fact, bits=bits)


def _only_sha1(case: Case) -> Iterator[Hit]:
    for message in case.evidence.messages:
        text = str(message.fields.get("ra_connection_string", ""))
        if _KH.search(text) and not _KH2.search(text):
            yield hit(message)


def _version_1(case: Case) -> Iterator[Hit]:
    """On the expert's first word that tells the version ([MS-RA] 3)."""
    told = [m for m in case.messages(VERSIONINFO, AUTHENTICATE, CONTROL_DESKTOP) if m.sender == "expert"]
    if case.version == 1 and told:
        yield hit(told[0])


RULES = (
    Rule(
        "password_in_clear", "warning", "[MS-RA] 2.2.7.2, [MS-RDPBCGR] 2.2.1.11.1.1",
        "The Client Info PDU carries a password over a connection without encryption.",
        "The Client Info PDU carries a password that anybody on the way could read. Take the invitation back, and do "
        "not pass this capture on.",
        _client_info(
            lambda case, fact: case.evidence.security == "none" and _has_secret(fact, "password", "alternate_shell")
        ),
    ),
    Rule(
        "password_field", "info", "[MS-RA] 2.2.7.2",
        "The Password field of the Client Info PDU is not \"*\".",
        "The Password field of the Client Info PDU holds something else than \"*\": the expert's program sends a real "
        "password, which Remote Assistance does not ask for.",
        _client_info(lambda _case, fact: _has_secret(fact, "password")),
    ),
    Rule(
        "no_encryption", "warning", "[MS-RA] 5.1, [MS-RDPBCGR] 5.3.2",
        "Messages are sent without any encryption.",
        "The session is not encrypted: anybody on the way could read and change it. In versions 2 and 3 all traffic "
        "should be encrypted.",
        _in_clear,
    ),
    Rule(
        "rc4_short_key", "warning", "[MS-RDPBCGR] 5.3.5.1",
        "Standard RDP Security with 40-bit or 56-bit RC4 keys.",
        "{security}: keys that short are found by trying them all, so the session is hardly protected.",
        _protected_by("rc4-40", "rc4-56"),
    ),
    Rule(
        "rc4_encryption", "info", "[MS-RDPBCGR] 5.3.5.1",
        "Standard RDP Security with 128-bit RC4 keys.",
        "{security}: usual for Remote Assistance of Windows, but RC4 is a weak cipher, and there is no forward "
        "secrecy: the server's key opens every capture.",
        _protected_by("rc4-128"),
    ),
    Rule(
        "one_way_encryption", "warning", "[MS-RDPBCGR] 5.3.1",
        "The encryption level is low: only what the expert sends is encrypted.",
        "The encryption level is low: only what the expert sends is encrypted, the picture and the novice's answers "
        "are not.",
        _one_way,
    ),
    Rule(
        "old_tls", "warning", "RFC 8996",
        "TLS older than 1.2.",
        "{security} is deprecated and no longer safe; a peer that insists on 1.2 refuses it.",
        _protected_by("ssl3.0", "tls1.0", "tls1.1"),
    ),
    Rule(
        "weak_cipher_suite", "warning", "RFC 7465, RFC 9325 4.1",
        "The TLS cipher suite has RC4, DES, NULL, EXPORT or no authentication.",
        "The cipher suite {suite} does not protect the session well.",
        _weak_suite,
    ),
    Rule(
        "short_server_key", "info", "[MS-RDPBCGR] 5.3.3",
        "The server's RSA key has less than 2,048 bits.",
        "The server's RSA key has {bits} bits; with less than 2,048 it can be broken in the long run.",
        _short_key,
    ),
    Rule(
        "sha1_key_hash", "info", "[MS-RAI] 2.2.2",
        "A connection string 2 has the key hash KH (SHA-1), but no KH2.",
        "The connection string names the novice's key by its SHA-1 hash only (KH without KH2). So do all versions of "
        "Windows so far, but SHA-1 is weak against forged keys.",
        _only_sha1,
    ),
    Rule(
        "version_1_deprecated", "warning", "[MS-RA] behaviour note 1 (section 3)",
        "The session uses version 1 of the protocol.",
        "Version 1 is deprecated since the Windows updates of January 2026: updated computers may refuse it. Use an "
        "invitation that has a connection string 2 (Windows Vista and later).",
        _version_1,
    ),
)  # fmt: skip
"""Remarks on security."""
