"""Session keys and MACs against an independent reading of [MS-RDPBCGR] 5.3 and the examples in its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.transport import session_keys
from msra.transport.rdp_keys import RsaPrivateKey
from msra.transport.session_keys import FipsMac, Rc4Mac, decrypt_client_random, derive, updated
from tests.transport import rdp_security_peer as peer

METHODS = [peer.BIT40, peer.BIT56, peer.BIT128, peer.FIPS]
RC4_METHODS = METHODS[:3]
RANDOM = st.binary(min_size=32, max_size=32)

EXAMPLE_KEY = RsaPrivateKey(
    peer.number(peer.KEY_512["n"]), peer.number(peer.KEY_512["e"]), peer.number(peer.KEY_512["d"])
)
EXAMPLE_RANDOM = b"\xff\xee" + bytes(29) + b"\xff"


def test_the_client_random_of_the_specification() -> None:
    """4.8: what the public key encrypts, the private exponent decrypts, in a buffer with eight more bytes (5.3.4.1)."""
    number = pow(int.from_bytes(EXAMPLE_RANDOM, "little"), EXAMPLE_KEY.e, EXAMPLE_KEY.n)
    assert decrypt_client_random(number.to_bytes(72, "little"), EXAMPLE_KEY) == (EXAMPLE_RANDOM, True)


def test_a_wrong_key_shows_in_what_it_decrypts() -> None:
    """The rest behind the 32 bytes is not zero: the only sign when there is no certificate to compare with."""
    other = RsaPrivateKey(EXAMPLE_KEY.n - 2, EXAMPLE_KEY.e, EXAMPLE_KEY.d)
    number = pow(int.from_bytes(EXAMPLE_RANDOM, "little"), EXAMPLE_KEY.e, EXAMPLE_KEY.n)
    client_random, plausible = decrypt_client_random(number.to_bytes(72, "little"), other)
    assert (len(client_random), plausible) == (32, False)


@given(st.binary(max_size=600))
def test_any_bytes_decrypt_to_32(encrypted: bytes) -> None:
    assert len(decrypt_client_random(encrypted, EXAMPLE_KEY)[0]) == 32


@pytest.mark.parametrize("method", METHODS)
@given(RANDOM, RANDOM)
def test_initial_keys(method: int, client_random: bytes, server_random: bytes) -> None:
    keys = derive(method, client_random, server_random)
    assert (keys.mac, keys.client, keys.server) == peer.session_keys(method, client_random, server_random)


@pytest.mark.parametrize(("method", "salt", "size"), [(1, "d1269e", 8), (8, "d1", 8), (2, "", 16)])
def test_weak_keys_start_with_their_salt(method: int, salt: str, size: int) -> None:
    """5.3.5.1, table 1: all keys, the one of the MAC too, and after an update as well (5.3.7.1)."""
    keys = derive(method, bytes(range(32)), bytes(32))
    strong = derive(2, bytes(range(32)), bytes(32))
    for key, whole in [(keys.mac, strong.mac), (keys.client, strong.client), (keys.server, strong.server)]:
        assert len(key) == size
        assert key == bytes.fromhex(salt) + whole[len(salt) // 2 : size]
    new = updated(method, keys.client, keys.client)
    assert new.startswith(bytes.fromhex(salt)) and len(new) == size and new != keys.client


def test_the_triple_des_key_of_the_specification() -> None:
    """5.3.5.2 shows the first five bytes of an expanded key."""
    assert session_keys._triple_des_key(bytes.fromhex("d15ec47eda") + bytes(15))[:5].hex() == "513d107626"
    assert peer.triple_des_key(bytes.fromhex("d15ec47eda") + bytes(15))[:5].hex() == "513d107626"


@pytest.mark.parametrize("method", RC4_METHODS)
@given(RANDOM, st.integers(1, 3))
def test_key_updates(method: int, client_random: bytes, times: int) -> None:
    """From the initial and the current key: the second update depends on the first."""
    initial = ours = theirs = derive(method, client_random, bytes(32)).server
    for _ in range(times):
        ours, theirs = updated(method, initial, ours), peer.update_key(method, initial, theirs)
    assert ours == theirs


@pytest.mark.parametrize("method", RC4_METHODS)
@given(st.binary(max_size=100), st.integers(0, 10))
def test_macs_beside_rc4(method: int, data: bytes, count: int) -> None:
    mac_key, client, _ = peer.session_keys(method, bytes(32), bytes(32))
    mac = Rc4Mac(mac_key)
    sender = peer.Sender(method, mac_key, client, packets=count)
    plain, salted = sender.protect(data, False)[1], sender.protect(data, True)[1]
    assert mac.plain(data) == plain
    assert mac.find(salted, data, range(20)) == count + 1
    assert mac.find(salted, data, range(count + 1)) is None
    assert mac.find(plain, data, range(20)) is None


@given(st.binary(max_size=100), st.integers(0, 10))
def test_macs_beside_triple_des(data: bytes, count: int) -> None:
    mac_key, client, _ = peer.session_keys(peer.FIPS, bytes(32), bytes(32))
    signature = peer.Sender(peer.FIPS, mac_key, client, packets=count).protect(data, False)[1]
    mac = FipsMac(mac_key)
    assert mac.find(signature, data, range(20)) == count
    assert mac.find(signature, data, range(count)) is None


@given(st.integers(0, 2**40))
def test_counts_wrap_at_32_bits(count: int) -> None:
    """The count on the wire is a u32; a hostile capture must not make an OverflowError of it."""
    assert Rc4Mac(bytes(16)).find(bytes(8), b"", [count]) is None
    assert FipsMac(bytes(20)).find(bytes(8), b"", [count]) is None


def test_keys_do_not_show_in_their_text() -> None:
    assert derive(2, bytes(32), bytes(32)).client.hex() not in repr(derive(2, bytes(32), bytes(32)))
