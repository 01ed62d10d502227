"""Remarks on security: each rule fires on its cause, and not on a story much like it; no secret is ever shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.findings.stories import Stories, Tale, check, found

SECRET = "48BJQ853X3B4"


def client_info(method: int, **fields: str) -> Tale:
    story = Tale().fact("security", encryption_method=method)
    story.fact("client_info", "expert", **{"password": "*", "alternate_shell": "*", "working_dir": "x", **fields})
    story.in_version(2)
    return story


def fact(name: str, **data: Any) -> Tale:
    return Tale().fact(name, **data)


def connection_string(text: str) -> Tale:
    return Tale().expert("CTL_AUTHENTICATE", ra_connection_string=text)


STORIES: Stories = {
    "password_in_clear": (client_info(0, alternate_shell=SECRET), client_info(2, alternate_shell=SECRET)),
    "password_field": (client_info(2, password=SECRET), client_info(2, alternate_shell=SECRET)),
    "no_encryption": (Tale().in_version(2), Tale().fact("tls", version="tls1.3").in_version(2)),
    "rc4_short_key": (fact("security", encryption_method=8), fact("security", encryption_method=2)),
    "rc4_encryption": (fact("security", encryption_method=2), fact("security", encryption_method=16)),
    "one_way_encryption": (
        fact("security", encryption_method=2, encryption_level=1),
        fact("security", encryption_method=2, encryption_level=2),
    ),
    "old_tls": (fact("tls", version="tls1.1"), fact("tls", version="tls1.2")),
    "weak_cipher_suite": (
        fact("tls_session", cipher_suite="TLS_RSA_WITH_RC4_128_SHA"),
        fact("tls_session", cipher_suite="TLS_AES_256_GCM_SHA384"),
    ),
    "short_server_key": (fact("server_key", bits=512), fact("server_key", bits=2048)),
    "sha1_key_hash": (
        connection_string('<E><A KH="abc=" ID="x"/><C/></E>'),
        connection_string('<E><A KH="abc=" KH2="sha256:def=" ID="x"/><C/></E>'),
    ),
    "version_1_deprecated": (Tale().in_version(1), Tale().in_version(2)),
}


@pytest.mark.parametrize("rule", STORIES)
def test_rule(rule: str) -> None:
    check(rule, STORIES[rule])


@pytest.mark.parametrize("field", ["password", "alternate_shell"])
def test_a_password_is_never_quoted(field: str) -> None:
    for finding in found(client_info(0, **{field: SECRET})):
        assert SECRET not in finding.text


def test_a_password_in_clear_over_tls_is_none() -> None:
    story = client_info(0, alternate_shell=SECRET).fact("tls", version="tls1.2")
    assert not found(story, "password_in_clear")


def test_an_empty_password_is_none() -> None:
    assert not found(client_info(0, password="", alternate_shell=""), "password_in_clear")


def test_security_without_its_packets() -> None:
    """A capture of the middle: readable messages are in clear text, and the first of them is the frame."""
    (finding,) = found(Tale(start=False).in_version(2), "no_encryption")
    assert finding.frames == (2,)


def test_an_unread_connection_is_not_called_unencrypted() -> None:
    assert not found(Tale(start=False).gap("encrypted"), "no_encryption")
