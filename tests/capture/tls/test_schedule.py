"""Key derivation against published vectors."""

from __future__ import annotations

import pytest

from msra.capture.tls.schedule import (
    expand_label,
    extended_master_secret,
    key_block,
    master_secret,
    next_traffic_secret,
    prf,
    traffic_keys,
)
from msra.capture.tls.suites import Suite, find_suite


def suite(number: int) -> Suite:
    found = find_suite(number)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("secret", "key", "iv"),
    [
        (
            "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
            "3fce516009c21727d0f2e4e86ee403bc",
            "5d313eb2671276ee13000b30",
        ),
        (
            "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
            "dbfaa693d1762c5b666af5d950258d01",
            "5bd3c71b836e0b76bb73265f",
        ),
        (
            "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
            "17422dda596ed5d9acd890e3c63f5051",
            "5b78923dee08579033e523d9",
        ),
        (
            "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
            "9f02283b6c9c07efc26bb9f2ac92e356",
            "cf782b88dd83549aadf1e984",
        ),
    ],
)
def test_traffic_keys_of_rfc_8448(secret: str, key: str, iv: str) -> None:
    """RFC 8448 3: server and client, handshake and application."""
    keys = traffic_keys(suite(0x1301), bytes.fromhex(secret))
    assert (keys.key.hex(), keys.iv.hex(), keys.mac_key) == (key, iv, b"")


def test_finished_keys_of_rfc_8448() -> None:
    """RFC 8448 3: another label, the size of a whole hash."""
    secret = bytes.fromhex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38")
    finished = "008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8"
    assert expand_label("sha256", secret, b"finished", 32).hex() == finished


def test_expansion_is_a_stream() -> None:
    """HKDF-Expand (RFC 5869 2.3) over several hashes; the length is part of the input."""
    long = expand_label("sha256", b"secret", b"key", 100)
    assert len(long) == 100 and expand_label("sha256", b"secret", b"key", 99) != long[:99]


def test_key_updates_keep_the_size_of_the_hash() -> None:
    for number, size in ((0x1301, 32), (0x1302, 48)):
        assert len(next_traffic_secret(suite(number), bytes(size))) == size


def test_prf_of_tls_1_2() -> None:
    """The test vector for P_SHA256 that was published on the TLS working group's list."""
    secret = bytes.fromhex("9bbe436ba940f017b17652849a71db35")
    seed = bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c")
    expected = (
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
        "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
        "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
        "87347b66"
    )
    assert prf(0x0303, "sha256", secret, b"test label", seed, 100).hex() == expected


def test_prf_before_tls_1_2_splits_an_odd_secret_in_overlapping_halves() -> None:
    """RFC 2246 5: the middle byte is in both halves."""
    odd, even = (prf(0x0301, "sha256", secret, b"label", b"seed", 20) for secret in (b"abcbe", b"abccbe"))
    assert odd == even


def test_master_secrets_have_48_bytes() -> None:
    for version in (0x0301, 0x0302, 0x0303):
        plain = master_secret(version, "sha256", bytes(48), bytes(64))
        extended = extended_master_secret(version, "sha256", bytes(48), b"messages")
        assert len(plain) == len(extended) == 48 and plain != extended


@pytest.mark.parametrize(
    ("version", "number", "sizes"),
    [
        (0x0301, 0x0035, (20, 32, 16)),
        (0x0303, 0xC030, (0, 32, 4)),
        (0x0303, 0xCCA8, (0, 32, 12)),
        (0x0302, 4, (16, 16, 0)),
    ],
)
def test_the_key_block_is_cut_client_first(version: int, number: int, sizes: tuple[int, int, int]) -> None:
    """RFC 5246 6.3."""
    keys = key_block(version, suite(number), bytes(48), bytes(64))
    parts = [getattr(keys[side], name) for name in ("mac_key", "key", "iv") for side in (True, False)]
    assert tuple(map(len, parts[::2])) == tuple(map(len, parts[1::2])) == sizes
    assert b"".join(parts) == prf(version, suite(number).prf, bytes(48), b"key expansion", bytes(64), 2 * sum(sizes))


def test_no_key_is_shown() -> None:
    keys = traffic_keys(suite(0x1301), bytes(32))
    assert keys.key.hex() not in repr(keys) and repr(keys.key) not in repr(keys)
