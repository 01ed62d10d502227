"""Standard RDP Security from the server's certificate to the last packet, against peers written from the text."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msra.capture.tcp import StreamData
from msra.engines.tcp_walk import TcpWalk
from msra.transport import channels, gcc, mcs, x224
from msra.transport.protection import MISMATCH, RC4_LOST
from msra.transport.rdp_keys import RsaPrivateKey, load_private_keys
from msra.transport.security import (
    SEC_INFO_PKT,
    SEC_LICENSE_PKT,
    SecurityLayer,
    Unprotected,
    has_header,
    parse_server_security,
)
from msra.transport.tpkt import Framer, Kind
from tests.transport import rdp_security_peer as peer

PCAPS = Path(__file__).parents[2] / "pcaps"
DATA = Path(__file__).parents[1] / "data"
METHODS = [peer.BIT40, peer.BIT56, peer.BIT128, peer.FIPS]


def key_of(session: peer.Session) -> RsaPrivateKey:
    return RsaPrivateKey(session.n, session.e, session.d)


WRONG_KEY = RsaPrivateKey(peer.number(peer.KEY_512["n"]), 65537, peer.number(peer.KEY_512["d"]))


def layer_of(session: peer.Session, keys: list[RsaPrivateKey] | None = None, exchange: bool = True) -> SecurityLayer:
    layer = SecurityLayer(
        session.method,
        session.level,
        session.server_random,
        session.certificate,
        [WRONG_KEY, key_of(session)] if keys is None else keys,
    )
    if exchange:
        layer.unprotect(True, session.security_exchange())
    return layer


# -- headers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (struct.pack("<HH", SEC_INFO_PKT, 0) + bytes(300), True),
        (struct.pack("<HH", SEC_LICENSE_PKT | 0x0200, 0xABCD) + bytes(16), True),
        (struct.pack("<HHH", 0x80, 0x17, 1002) + bytes(0x80 - 6), False),  # a share control header of 128 bytes
        (struct.pack("<HHH", 0x40, 0x11, 1002) + bytes(0x40 - 6), False),
        (struct.pack("<HHH", 300, 0x17, 1002) + bytes(294), False),
        (b"\x80\x00", False),
        (b"", False),
    ],
)
def test_headers_where_nothing_is_encrypted(data: bytes, expected: bool) -> None:
    """5.3.8: the Client Info PDU and licensing PDUs always have one, all others start with a share control header."""
    assert has_header(data) is expected


def test_server_security_data() -> None:
    """2.2.1.4.3; without encryption it ends with the level."""
    block = struct.pack("<IIII", 2, 3, 32, 5) + bytes(range(32)) + b"certi" + b"more"
    parsed = parse_server_security(block)
    assert parsed is not None
    assert (parsed.method, parsed.level) == (2, 3)
    assert (parsed.server_random, parsed.certificate) == (bytes(range(32)), b"certi")
    short = parse_server_security(struct.pack("<II", 0, 0))
    assert short is not None
    assert (short.method, short.server_random, short.certificate) == (0, b"", b"")
    assert parse_server_security(b"1234567") is None


@given(st.binary(max_size=80))
def test_any_server_security_data(block: bytes) -> None:
    parsed = parse_server_security(block)
    assert (parsed is None) == (len(block) < 8)
    if parsed:
        SecurityLayer(parsed.method, parsed.level, parsed.server_random, parsed.certificate, [WRONG_KEY])


# -- whole sessions ------------------------------------------------------------------------------------------------


def packets(session: peer.Session, count: int) -> Iterator[tuple[bool, bool, bool, bytes]]:
    """(from the client, fast path, salted, data): both paths and both directions mixed, and both kinds of MACs."""
    chance = random.Random(session.method)
    for n in range(count):
        from_client = bool(chance.getrandbits(1))
        yield from_client, bool(chance.getrandbits(1)), bool(chance.getrandbits(1)), b"packet %d" % n


@pytest.mark.parametrize("method", METHODS)
def test_both_directions_and_both_paths_through_key_updates(method: int) -> None:
    """More than 4,096 packets each way: both paths count together, the directions do not."""
    session = peer.Session(method)
    layer = layer_of(session)
    assert layer.reason is None
    sent = {True: 0, False: 0}
    for from_client, fast, salted, data in packets(session, 8800):
        sender = session.client if from_client else session.server
        sent[from_client] += 1
        if fast:
            result = layer.unprotect_fast_path(from_client, *sender.fast(data, salted))
        else:
            result = layer.unprotect(from_client, sender.slow(data, 0x0040, salted))
            assert result.flags & 0x0040
        assert (result.data, result.encrypted, result.mac_ok, result.reason) == (data, True, True, None)
    assert min(sent.values()) > 4200
    assert (layer.verified, layer.mismatched) == (8800, 0)


@pytest.mark.parametrize("method", METHODS[:3])
def test_level_low_encrypts_one_direction(method: int) -> None:
    """5.3.1: what the server sends has a basic header, and fast-path updates have no security bits."""
    session = peer.Session(method, peer.LOW)
    layer = layer_of(session)
    assert layer.level_name == "low"
    for n in range(3):
        assert layer.unprotect(True, session.client.slow(b"input")).mac_ok is True
        clear = layer.unprotect(False, struct.pack("<HH", 0, 0) + b"data %d" % n)
        assert clear == Unprotected(0, b"data %d" % n, False, None, None)
        assert layer.unprotect_fast_path(False, 0, b"update") == Unprotected(0, b"update", False, None, None)


def test_licensing_may_or_may_not_be_encrypted() -> None:
    """2.2.1.12: the flag of each PDU decides; one without it leaves the cipher where it is."""
    session = peer.Session(peer.BIT128)
    layer = layer_of(session)
    for _ in range(2):
        clear = layer.unprotect(False, struct.pack("<HH", SEC_LICENSE_PKT, 0) + b"license")
        assert (clear.flags, clear.data, clear.encrypted, clear.mac_ok) == (SEC_LICENSE_PKT, b"license", False, None)
        encrypted = layer.unprotect(False, session.server.slow(b"license", SEC_LICENSE_PKT))
        assert (encrypted.data, encrypted.mac_ok) == (b"license", True)
        assert encrypted.flags & SEC_LICENSE_PKT


def test_the_exchange_itself() -> None:
    session = peer.Session(peer.BIT128)
    layer = layer_of(session, exchange=False)
    assert "not in the capture" in (layer.reason or "")
    result = layer.unprotect(True, session.security_exchange())
    assert (result.data, result.encrypted, result.reason) == (b"", False, None)
    assert layer.reason is None
    # A second one, or anything that looks like it, must not take the keys away.
    layer.unprotect(True, struct.pack("<HHI", 1, 0, 64) + bytes(64))
    assert layer.unprotect(True, session.client.slow(b"data")).mac_ok is True


@pytest.mark.parametrize(
    ("method", "level", "names"),
    [(1, 1, ("rc4-40", "low")), (8, 2, ("rc4-56", "client compatible")), (2, 3, ("rc4-128", "high")),
     (16, 4, ("fips", "fips")), (0, 0, ("none", "none")), (0x20, 9, ("0x20", "9"))],
)  # fmt: skip
def test_names(method: int, level: int, names: tuple[str, str]) -> None:
    layer = SecurityLayer(method, level, bytes(32), b"", [])
    assert (layer.method_name, layer.level_name) == names


# -- what is missing -----------------------------------------------------------------------------------------------


def reason(layer: SecurityLayer, session: peer.Session) -> str:
    """The reason that an encrypted packet gets, which is that of the layer."""
    result = layer.unprotect(False, session.server.slow(b"data"))
    assert (result.data, result.encrypted, result.mac_ok) == (b"", True, None)
    assert result.reason == layer.reason
    assert layer.unprotect_fast_path(False, *session.server.fast(b"data")).reason == layer.reason
    return layer.reason or ""


def test_without_a_key_the_sentence_names_the_public_key() -> None:
    session = peer.Session(peer.BIT128)
    layer = layer_of(session, [])
    assert layer.server_key is not None
    text = reason(layer, session)
    assert text.startswith("the server's RSA private key is needed")
    for part in ("1024 bits", layer.server_key.sha256, layer.server_key.kh, layer.server_key.kh2()):
        assert part in text


def test_with_a_wrong_key_the_sentence_says_so() -> None:
    session = peer.Session(peer.BIT128)
    layer = layer_of(session, [WRONG_KEY])
    assert layer.server_key is not None
    text = reason(layer, session)
    assert f"the given RSA private key (SHA-256 {WRONG_KEY.sha256}) is the wrong one" in text
    assert layer.server_key.sha256 in text and layer.server_key.kh in text
    many = reason(layer_of(session, [WRONG_KEY] * 4), session)
    assert many.startswith("none of the 4 given RSA private keys") and ", ..." in many
    assert str(WRONG_KEY.d) not in text + many and f"{WRONG_KEY.d:x}" not in text + many


def test_a_certificate_that_can_not_be_read() -> None:
    """The client random shows by itself which key fits: nothing is in the number but its 32 bytes."""
    session = peer.Session(peer.BIT128)
    session.certificate = b"\x09\x00\x00\x00"
    layer = layer_of(session)
    assert layer.unprotect(True, session.client.slow(b"data")).mac_ok is True
    text = reason(layer_of(session, [WRONG_KEY]), session)
    assert "is the wrong one" in text and "can't be read from the certificate" in text
    assert "can't be read from the certificate" in reason(layer_of(session, []), session)


@pytest.mark.parametrize("exchange", [b"\1\0\0\0", struct.pack("<HHI", 1, 0, 0), struct.pack("<HHI", 1, 0, 64) + b"x"])
def test_a_damaged_exchange(exchange: bytes) -> None:
    session = peer.Session(peer.BIT128)
    layer = layer_of(session, exchange=False)
    layer.unprotect(True, exchange)
    assert reason(layer, session) == "its Security Exchange PDU is damaged"


def test_other_things_that_can_not_be_read() -> None:
    session = peer.Session(peer.BIT128)
    unknown = SecurityLayer(0x20, 3, session.server_random, session.certificate, [key_of(session)])
    assert reason(unknown, session) == "its encryption method 0x20 is not known"
    short = SecurityLayer(2, 3, b"random", session.certificate, [key_of(session)])
    assert reason(short, session) == "its server random has 6 bytes instead of 32"


def test_a_library_without_rc4() -> None:
    """FIPS mode of an operating system: RC4 is switched off, which must be a sentence and no traceback."""
    code = """
import os; os.environ["CRYPTOGRAPHY_OPENSSL_NO_LEGACY"] = "1"
from tests.transport import rdp_security_peer as peer, test_security
print(test_security.layer_of(peer.Session(peer.BIT128)).reason)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=60
    )
    assert "switched off" in run.stdout, run.stderr


def test_wrong_macs_are_counted_and_reported() -> None:
    session = peer.Session(peer.FIPS)
    layer = layer_of(session)
    flags, body = session.client.fast(b"data")
    result = layer.unprotect_fast_path(True, flags, body[:4] + bytes(8) + body[12:])
    assert (result.mac_ok, result.reason) == (False, MISMATCH)
    assert (layer.verified, layer.mismatched) == (0, 1)


def test_losses_of_one_direction_leave_the_other_alone() -> None:
    session = peer.Session(peer.BIT128)
    layer = layer_of(session)
    layer.lost(True, 0)
    session.client.slow(b"unseen")
    layer.lost(True, 27 + 6)
    assert layer.unprotect(False, session.server.slow(b"data")).mac_ok is True
    assert layer.unprotect(True, session.client.slow(b"found again")).data == b"found again"
    layer.lost(True, 1 << 30)
    assert layer.unprotect(True, session.client.slow(b"too much")).reason == RC4_LOST


@given(st.binary(max_size=64), st.booleans(), st.integers(0, 3), st.sampled_from(METHODS), st.integers(-5, 9000))
@settings(max_examples=40, deadline=None)
def test_random_bytes_never_raise(data: bytes, from_client: bool, fast: int, method: int, lost: int) -> None:
    for exchange in (False, True):
        layer = layer_of(peer.Session(method), exchange=exchange)
        for taken in (data, b"\x08\x00\x00\x00" + data, b"\x08\x08\x00\x00" + data, b"\x01\x00\x00\x00" + data):
            layer.unprotect(from_client, taken)
            layer.lost(from_client, lost, data)
        layer.unprotect_fast_path(from_client, fast, data)
        assert layer.verified == 0


# -- real sessions -------------------------------------------------------------------------------------------------


class Reading:
    """The PDUs of a sample capture, taken apart as far as needed."""

    def __init__(self, keys: list[RsaPrivateKey]) -> None:
        self.keys = keys
        self.framers = {True: Framer(), False: Framer()}
        self.layer: SecurityLayer | None = None
        self.results: list[tuple[bool, Unprotected]] = []
        self.messages: list[tuple[bool, bytes]] = []
        self.names: tuple[str, ...] = ()
        self.ids: tuple[int, ...] = ()

    def feed(self, item: StreamData) -> None:
        for frame in self.framers[item.from_initiator].feed(item.data):
            assert frame.kind is not Kind.SKIPPED
            if frame.kind is Kind.FAST_PATH:
                assert self.layer is not None
                behind_length = 3 if frame.data[1] & 0x80 else 2
                flags, body = frame.data[0] >> 6, frame.data[behind_length:]
                result = self.layer.unprotect_fast_path(item.from_initiator, flags, body)
                self.results.append((item.from_initiator, result))
            elif x224.code(frame.data) == x224.DATA:
                self.pdu(item.from_initiator, x224.data_payload(frame.data))

    def pdu(self, from_client: bool, pdu: bytes) -> None:
        for kind, block in gcc.blocks(mcs.connect_user_data(pdu)) if mcs.connect_type(pdu) else ():
            if kind == gcc.CS_NET:
                self.names = gcc.channel_names(block)
            elif kind == gcc.SC_NET:
                _, self.ids = gcc.channel_ids(block)
            elif kind == gcc.SC_SECURITY and (sent := parse_server_security(block)):
                self.layer = SecurityLayer(sent.method, sent.level, sent.server_random, sent.certificate, self.keys)
        if mcs.domain_type(pdu) not in (mcs.SEND_DATA_REQUEST, mcs.SEND_DATA_INDICATION) or mcs.connect_type(pdu):
            return
        data = mcs.parse_send_data(pdu)
        assert data is not None and self.layer is not None
        result = self.layer.unprotect(from_client, data.data)
        self.results.append((from_client, result))
        if dict(zip(self.ids, self.names, strict=True)).get(data.channel) == "remdesk" and not result.reason:
            chunk = channels.parse_chunk(result.data)
            assert chunk is not None and chunk.first and chunk.last
            self.messages.append((from_client, chunk.data))


def read(capture: Path, keys: list[RsaPrivateKey]) -> Reading:
    reading = Reading(keys)
    for item in TcpWalk(capture).items():
        if isinstance(item, StreamData):
            reading.feed(item)
    return reading


@pytest.mark.parametrize(
    ("name", "method", "level", "packets"),
    [
        ("v2_rc4_128", "rc4-128", "high", 556),
        ("v2_rc4_128_stock2117", "rc4-128", "client compatible", 38),
        ("v2_fips", "fips", "fips", 546),
    ],
)
def test_every_mac_of_the_sample_captures(name: str, method: str, level: str, packets: int) -> None:
    """Independent peers: all packets of both paths and both directions verify, and the messages appear."""
    reading = read(PCAPS / f"{name}.pcapng", load_private_keys((PCAPS / f"{name}.server.key.pem").read_bytes()))
    assert reading.layer is not None
    assert (reading.layer.method_name, reading.layer.level_name) == (method, level)
    assert (reading.layer.verified, reading.layer.mismatched) == (packets, 0)
    assert [result for _, result in reading.results if result.reason or result.encrypted != bool(result.mac_ok)] == []
    expected = {entry["file"]: entry for entry in json.loads((PCAPS / "expected.json").read_text("utf-8"))}
    senders = [message["from"] == "expert" for message in expected[f"{name}.pcapng"]["sessions"][0]]
    assert [from_client for from_client, _ in reading.messages] == senders
    for _, message in reading.messages:
        assert message[8:].decode("utf-16-le", "replace").startswith("RC_CTL\0")


@pytest.mark.parametrize(
    ("name", "key", "method", "level", "packets"),
    [
        ("rdp_security_level_low.pcap", "rdp_security_rsakeys.ini", "rc4-40", "low", {True: (8, 2), False: (0, 40)}),
        (
            "rdp_security_rc4_56.pcap",
            "rdp_security_rc4_56.key.pem",
            "rc4-56",
            "client compatible",
            {True: (16, 1), False: (16, 0)},
        ),
    ],
)
def test_other_strengths_and_level_low_between_real_peers(
    name: str, key: str, method: str, level: str, packets: dict[bool, tuple[int, int]]
) -> None:
    """Ordinary RDP on a loopback wire. Level low: rdesktop 1.9 and xrdp 0.9.21, plain MACs, `crypt_level=low`.
    56 bits: FreeRDP 2.11.7 on both sides, salted MACs, `/encryption-methods:56`. `packets` are verified and clear ones.
    """
    reading = read(DATA / name, load_private_keys((DATA / key).read_bytes()))
    assert reading.layer is not None
    assert (reading.layer.method_name, reading.layer.level_name) == (method, level)
    for side, verified_and_clear in packets.items():
        results = [result for sender, result in reading.results if sender is side]
        assert [result for result in results if result.reason] == []
        verified, clear = (sum(result.mac_ok is value for result in results) for value in (True, None))
        assert (verified, clear) == verified_and_clear


def test_a_sample_capture_without_its_key() -> None:
    reading = read(PCAPS / "v2_fips.pcapng", [WRONG_KEY])
    assert reading.layer is not None and reading.layer.server_key is not None
    assert reading.layer.verified == 0 and reading.messages == []
    assert "is the wrong one" in (reading.layer.reason or "")
    (key,) = load_private_keys((PCAPS / "v2_fips.server.key.pem").read_bytes())
    assert reading.layer.server_key.sha256 == key.sha256
