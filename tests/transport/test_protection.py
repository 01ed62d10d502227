"""The ciphers of one direction over many packets: counts, key updates, and finding the place again after a loss."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msra.transport import protection
from msra.transport.protection import BLOCK_LOST, MISMATCH, RC4_LOST, FipsDirection, Rc4Direction
from tests.transport import rdp_security_peer as peer

RC4_METHODS = [peer.BIT40, peer.BIT56, peer.BIT128]
SLOW, FAST = 27, 10
"""Bytes of headers around the data of a PDU, the MAC included."""


def rc4_pair(
    method: int = peer.BIT128, restart_count: bool = False, update_after: int = 4096
) -> tuple[peer.Sender, Rc4Direction]:
    mac_key, key, _ = peer.session_keys(method, bytes(range(32)), bytes(32))
    sender = peer.Sender(method, mac_key, key, restart_count, update_after=update_after)
    return sender, Rc4Direction(method, key, mac_key)


def fips_pair(chain: bool = True) -> tuple[peer.Sender, FipsDirection]:
    mac_key, key, _ = peer.session_keys(peer.FIPS, bytes(range(32)), bytes(32))
    return peer.Sender(peer.FIPS, mac_key, key, chain=chain), FipsDirection(key, mac_key)


def pass_rc4(sender: peer.Sender, direction: Rc4Direction, data: bytes, salted: bool = False) -> protection.Opened:
    _, mac, encrypted = sender.protect(data, salted)
    opened = direction.open(mac, encrypted, salted)
    if opened.mac_ok:
        assert opened.data == data
    return opened


def pass_fips(sender: peer.Sender, direction: FipsDirection, data: bytes) -> protection.Opened:
    information, mac, encrypted = sender.protect(data, False)
    opened = direction.open(mac, encrypted, padding=information[3])
    if opened.mac_ok:
        assert opened.data == data
    return opened


# -- key updates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restart_count", [False, True])
@pytest.mark.parametrize("method", RC4_METHODS)
def test_two_key_updates_with_both_kinds_of_macs(method: int, restart_count: bool) -> None:
    """5.3.7.1: after 4,096 packets; plain and salted MACs may change from packet to packet, and the count goes on."""
    sender, direction = rc4_pair(method, restart_count)
    for n in range(2 * 4096 + 100):
        assert pass_rc4(sender, direction, b"packet %d" % n, salted=n % 3 > 0).mac_ok is True, n


@pytest.mark.parametrize("chain", [True, False])
def test_triple_des_never_changes_its_key(chain: bool) -> None:
    """5.3.7.2; with the initialization vector chained from packet to packet, as peers do, and with a fresh one."""
    sender, direction = fips_pair(chain)
    for n in range(4200):
        assert pass_fips(sender, direction, bytes(n % 30)).mac_ok is True, n


# -- wrong bytes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("salted", [False, True])
def test_one_damaged_packet_is_one_finding(salted: bool) -> None:
    sender, direction = rc4_pair()
    assert pass_rc4(sender, direction, b"before", salted).mac_ok
    _, mac, encrypted = sender.protect(b"damaged", salted)
    opened = direction.open(mac, encrypted[:-1] + bytes([encrypted[-1] ^ 1]), salted)
    assert (opened.mac_ok, opened.reason) == (False, MISMATCH)
    assert opened.data == b"damage" + bytes([b"d"[0] ^ 1])
    assert pass_rc4(sender, direction, b"after", salted).mac_ok


def test_a_damaged_packet_of_triple_des() -> None:
    sender, direction = fips_pair()
    information, _, encrypted = sender.protect(b"damaged", False)
    opened = direction.open(bytes(8), encrypted, padding=information[3])
    assert (opened.data, opened.mac_ok, opened.reason) == (b"damaged", False, MISMATCH)
    assert pass_fips(sender, direction, b"after").mac_ok


@given(
    st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=40), st.booleans(), st.integers(0, 255)), max_size=8)
)
@settings(deadline=None)
def test_random_packets_never_raise_and_never_verify(packets: list[tuple[bytes, bytes, bool, int]]) -> None:
    for direction in (rc4_pair()[1], fips_pair()[1]):
        for signature, data, salted, padding in packets:
            direction.lost(len(signature), data)
            assert direction.open(signature, data, salted, padding).mac_ok is not True
            assert direction.open(signature, data, salted, padding).mac_ok is not True


# -- lost bytes, RC4 -----------------------------------------------------------------------------------------------


def lose(sender: peer.Sender, direction: Rc4Direction, sizes: list[tuple[int, int]], salted: bool) -> None:
    """PDUs of (data, headers) bytes go by unseen."""
    for size, headers in sizes:
        sender.protect(bytes(size), salted)
        direction.lost(size + headers)


LOST_PDUS = st.lists(st.tuples(st.integers(1, 1600), st.sampled_from([10, 11, 26, 27])), min_size=1, max_size=20)


@given(LOST_PDUS, st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_place_is_found_again_whatever_was_lost(sizes: list[tuple[int, int]], first: bool, then: bool) -> None:
    """Only the number of lost bytes is known; MACs without a count leave open how many packets there were."""
    sender, direction = rc4_pair()
    for n in range(3):
        assert pass_rc4(sender, direction, bytes(n), salted=first).mac_ok
    lose(sender, direction, sizes, first)
    assert pass_rc4(sender, direction, b"the first one", salted=first).mac_ok is True
    assert pass_rc4(sender, direction, b"the second one", salted=then).mac_ok is True
    lose(sender, direction, sizes[:3], then)
    assert pass_rc4(sender, direction, b"the next one", salted=then).mac_ok is True


@pytest.mark.parametrize("salted", [False, True])
@pytest.mark.parametrize("before", [4090, 4093, 4096])
def test_a_key_update_after_and_in_a_hole(before: int, salted: bool) -> None:
    """Counted from the start, whatever was lost since: the update comes where the sender has it."""
    sender, direction = rc4_pair()
    for _ in range(before):
        assert pass_rc4(sender, direction, b"x", salted).mac_ok
    lose(sender, direction, [(100, SLOW), (30, FAST), (500, SLOW), (64, SLOW)], salted)
    for n in range(20):
        assert pass_rc4(sender, direction, b"packet %d" % n, salted).mac_ok is True, n


@pytest.mark.parametrize("salted", [False, True])
def test_bytes_that_are_no_pdu_move_nothing(salted: bool) -> None:
    sender, direction = rc4_pair()
    assert pass_rc4(sender, direction, b"before", salted).mac_ok
    direction.lost(500)
    assert pass_rc4(sender, direction, b"after", salted).mac_ok is True


@pytest.mark.parametrize("salted", [False, True])
def test_a_hole_that_is_too_large_lasts_until_the_next_key(salted: bool) -> None:
    """What can't be found is said to be lost, and costs little; the first packet of the next key puts all right."""
    sender, direction = rc4_pair()
    assert pass_rc4(sender, direction, b"before", salted).mac_ok
    lose(sender, direction, [(300, SLOW)] * 200, salted)
    start = time.perf_counter()
    while sender.packets < 4096:
        opened = pass_rc4(sender, direction, bytes(50), salted)
        assert (opened.data, opened.mac_ok, opened.reason) == (b"", None, RC4_LOST)
    assert time.perf_counter() - start < 20
    for n in range(5000):
        assert pass_rc4(sender, direction, b"packet %d" % n, salted).mac_ok is True, n


def test_a_damaged_packet_behind_a_hole_does_not_end_the_search() -> None:
    sender, direction = rc4_pair()
    lose(sender, direction, [(100, SLOW), (20, FAST)], True)
    _, _, encrypted = sender.protect(bytes(500), True)
    assert direction.open(bytes(8), encrypted, True).reason == RC4_LOST
    assert pass_rc4(sender, direction, b"whole", True).mac_ok is True


@pytest.mark.parametrize("size", [1 << 20, 1 << 40])
def test_the_search_is_bounded(size: int) -> None:
    """A hostile capture claims huge holes, again and again."""
    _, direction = rc4_pair()
    start = time.perf_counter()
    for n in range(200):
        direction.lost(size if n % 2 else 5000)
        assert direction.open(bytes(8), bytes(10_000), n % 3 == 0).mac_ok is None
    assert time.perf_counter() - start < 20


# -- lost bytes, Triple DES ----------------------------------------------------------------------------------------


def test_without_the_last_lost_block_one_packet_more_is_lost() -> None:
    """Cipher block chaining: the first block needs the one before it. After that only the count has to be found."""
    sender, direction = fips_pair()
    assert pass_fips(sender, direction, b"before").mac_ok
    for size in (100, 20, 3):
        sender.protect(bytes(size), False)
        direction.lost(size + 31)
    opened = pass_fips(sender, direction, b"its first block is gone")
    assert (opened.data, opened.mac_ok, opened.reason) == (b"", None, BLOCK_LOST)
    for n in range(10):
        assert pass_fips(sender, direction, b"packet %d" % n).mac_ok is True, n


def test_the_rest_of_a_cut_pdu_gives_that_block() -> None:
    sender, direction = fips_pair()
    _, _, encrypted = sender.protect(bytes(64), False)
    direction.lost(31 + 40)
    direction.lost(24, encrypted[-24:])
    assert pass_fips(sender, direction, b"readable").mac_ok is True
    assert pass_fips(sender, direction, b"and the next").mac_ok is True


def test_fresh_vectors_need_no_block() -> None:
    sender, direction = fips_pair(chain=False)
    sender.protect(bytes(64), False)
    direction.lost(95)
    assert pass_fips(sender, direction, b"readable").mac_ok is True


def test_many_losses_in_a_row() -> None:
    """As in a capture with drops all the time: packets without their first block are no reason to give up."""
    sender, direction = fips_pair()
    chance = random.Random(7)
    verified = 0
    for n in range(600):
        if chance.random() < 0.4:
            sender.protect(bytes(40), False)
            direction.lost(71)
        else:
            opened = pass_fips(sender, direction, b"packet %d" % n)
            assert opened.mac_ok is not False
            verified += opened.mac_ok is True
    assert verified > 150
