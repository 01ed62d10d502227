"""What the names of cipher suites say, and what an independent table says about their numbers."""

from __future__ import annotations

import ssl

import pytest

from msra.capture.tls import suites
from msra.capture.tls.suites import find_suite, suite_name


@pytest.mark.parametrize(
    ("number", "exchange", "algorithm", "mode", "key", "mac", "prf"),
    [
        (0x0005, "RSA", "ARC4", "stream", 16, "sha1", "sha256"),
        (0x0004, "RSA", "ARC4", "stream", 16, "md5", "sha256"),
        (0x000A, "RSA", "TripleDES", "cbc", 24, "sha1", "sha256"),
        (0x003D, "RSA", "AES", "cbc", 32, "sha256", "sha256"),
        (0x003B, "RSA", "", "null", 0, "sha256", "sha256"),
        (0xC028, "ECDHE_RSA", "AES", "cbc", 32, "sha384", "sha384"),
        (0xC030, "ECDHE_RSA", "AES", "gcm", 32, "", "sha384"),
        (0xC0AE, "ECDHE_ECDSA", "AES", "ccm", 16, "", "sha256"),
        (0xCCA8, "ECDHE_RSA", "ChaCha20", "chacha", 32, "", "sha256"),
        (0x1302, "", "AES", "gcm", 32, "", "sha384"),
        (0x1305, "", "AES", "ccm", 16, "", "sha256"),
    ],
)  # fmt: skip
def test_names_are_understood(
    number: int, exchange: str, algorithm: str, mode: str, key: int, mac: str, prf: str
) -> None:
    suite = find_suite(number)
    assert suite is not None
    assert (suite.key_exchange, suite.cipher.algorithm, suite.cipher.mode) == (exchange, algorithm, mode)
    assert (suite.cipher.key, suite.mac, suite.prf) == (key, mac, prf)


def test_tags_of_ccm_8_are_short() -> None:
    assert [suite.cipher.tag for suite in map(find_suite, (0xC0AC, 0xC0AE, 0x1304, 0x1305)) if suite] == [16, 8, 16, 8]


def test_all_suites_can_be_made_out() -> None:
    found = [find_suite(number) for number in suites._NAMES]
    assert len(found) > 90 and None not in found


def test_the_table_agrees_with_openssl() -> None:
    """What the local OpenSSL knows is in the table with the same cipher and key exchange."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ciphers = {cipher["id"] & 0xFFFF: cipher["description"] for cipher in context.get_ciphers()}
    assert {0x1301, 0xC02F} <= set(ciphers)
    for number, description in ciphers.items():
        suite = find_suite(number)
        if suite is None:
            assert any(word in description for word in ("PSK", "SRP", "ARIA")), description
            continue
        bits = suite.cipher.key * 8
        assert f"({bits})" in description, description
        if suite.key_exchange:
            assert f"Kx={suite.key_exchange.split('_')[0].removesuffix('E')} " in description


def test_unknown_suites_keep_their_number() -> None:
    assert find_suite(0xC051) is None
    assert suite_name(0xC051) == "0xc051"
    assert suite_name(0x002F) == "TLS_RSA_WITH_AES_128_CBC_SHA"
