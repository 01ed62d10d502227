"""Whole Remote Assistance sessions under every protection, made packet by packet by the tests' own peers.

They cover what the real captures do not: all encryption methods and levels, key updates in both directions,
compression under encryption, a logon (NLA) before RDP, and lost segments in between.
"""

from __future__ import annotations

import ssl
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from msra.analysis.model import Outcome, Session
from msra.analyzer import analyze
from msra.engines.interface import Options
from tests.capture.tls.sessions import Live
from tests.transport import builders as rdp
from tests.transport import rdp_security_peer as peer
from tests.transport.test_credssp import integer, ts_request
from tests.wire import Talk, pcap

REMDESK, OTHER = 1004, 1005
METHODS = {peer.BIT40: "rc4-40", peer.BIT56: "rc4-56", peer.BIT128: "rc4-128", peer.FIPS: "fips"}
MPPC_64K = 0x21
TEXT = b"Remote Assistance "


def server_data(session: peer.Session) -> bytes:
    security = struct.pack("<IIII", session.method, session.level, 32, len(session.certificate))
    network = struct.pack("<HHHH", 1003, 2, REMDESK, OTHER)
    blocks = rdp.block(0x0C02, security + session.server_random + session.certificate) + rdp.block(0x0C03, network)
    gcc = bytes(14) + b"McDn" + rdp.per_length(len(blocks)) + blocks
    start = rdp.ber(b"\x0a", b"\0") + rdp.ber(b"\x02", b"\0") + rdp.ber(b"\x30", rdp.ber(b"\x02", b"\x22"))
    return rdp.data_tpdu(rdp.ber(b"\x7f\x66", start + rdp.ber(b"\x04", gcc)))


class Protected:
    """Both sides of a session with Standard RDP Security; each call returns one packet's payload."""

    def __init__(self, method: int, level: int = peer.HIGH) -> None:
        self.security = peer.Session(method, level)

    def start(self, talk: Talk) -> list[bytes]:
        packets = [*talk.open(), *talk.send(True, rdp.connection_request(protocols=0))]
        packets += talk.send(False, rdp.connection_confirm())
        packets += talk.send(True, rdp.connect_initial("remdesk", "rdpsnd"))
        packets += talk.send(False, server_data(self.security))
        return packets + talk.send(True, rdp.send_data(1003, self.security.security_exchange(), True))

    def channel(self, from_client: bool, channel: int, message: bytes, flags: int = 0) -> bytes:
        chunk = rdp.chunk(message, 100, rdp.FIRST | rdp.LAST | flags << 16)
        if self.security.level == peer.LOW and not from_client:
            return rdp.send_data(channel, b"\0\0\0\0" + chunk, from_client)
        sender = self.security.client if from_client else self.security.server
        return rdp.send_data(channel, sender.slow(chunk, salted=True), from_client)

    def picture(self, updates: bytes) -> bytes:
        flags, body = self.security.server.fast(updates, salted=True)
        size = len(body) + 3
        return bytes([flags << 6]) + struct.pack(">H", size | 0x8000) + body


def read(folder: Path, packets: list[bytes], security: peer.Session | None = None, keylog: str = "") -> Session:
    (folder / "made.pcap").write_bytes(pcap(packets))
    key, log = folder / "key.pem", folder / "keys.txt"
    if security is not None:
        key.write_bytes(private_key(security))
    log.write_text(keylog)
    options = Options(keylog=log, rdp_keys=(key,) if security is not None else ())
    report = analyze(folder / "made.pcap", "embedded", options)
    assert report.error is None
    (session,) = report.sessions
    return session


def private_key(security: peer.Session) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return security.KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def handshake(session: Protected, talk: Talk) -> Iterator[bytes]:
    """Version 2, refused."""
    on_vista = rdp.ra_message("RC_CTL", struct.pack("<I", 9) + bytes(32))
    yield from talk.send(True, session.channel(True, REMDESK, on_vista))
    yield from talk.send(False, session.channel(False, REMDESK, rdp.result(41)))


def check(session: Session, security: str) -> None:
    assert (session.verdict.outcome, session.verdict.result) == (Outcome.REFUSED, 41)
    assert (session.security, session.version) == (security, 2)
    assert session.gaps == []


@pytest.mark.parametrize("method", METHODS, ids=METHODS.get)
def test_every_method(tmp_path: Path, method: int) -> None:
    session, talk = Protected(method), Talk()
    found = read(tmp_path, [*session.start(talk), *handshake(session, talk)], session.security)
    check(found, METHODS[method])
    assert found.security_details["encryption_level"] == "high"


def test_level_low_encrypts_one_direction(tmp_path: Path) -> None:
    session, talk = Protected(peer.BIT40, peer.LOW), Talk()
    check(read(tmp_path, [*session.start(talk), *handshake(session, talk)], session.security), "rc4-40")


@pytest.mark.parametrize("method", [peer.BIT40, peer.BIT128, peer.FIPS], ids=METHODS.get)
def test_key_updates_in_both_directions(tmp_path: Path, method: int) -> None:
    """After 4096 packets, fast path and slow path counted together ([MS-RDPBCGR] 5.3.7)."""
    session, talk = Protected(method), Talk()
    packets = session.start(talk)
    for _ in range(2060):
        packets += talk.send(False, session.picture(bytes(6)), session.channel(False, OTHER, b"sound"))
        packets += talk.send(True, session.channel(True, OTHER, b"a"), session.channel(True, OTHER, b"b"))
    check(read(tmp_path, [*packets, *handshake(session, talk)], session.security), METHODS[method])


def test_compression_under_encryption(tmp_path: Path) -> None:
    """The result copies from the history that an encrypted picture filled ([MS-RDPBCGR] 3.1.8.4.2)."""
    session, talk = Protected(peer.BIT128), Talk()
    result = rdp.result(41)
    assert max(result) < 0x80, "MPPC: such bytes stand for themselves"
    update = b"\x81" + bytes([MPPC_64K]) + struct.pack("<H", len(result)) + result
    packets = [*session.start(talk), *talk.send(False, session.picture(update))]
    on_vista = rdp.ra_message("RC_CTL", struct.pack("<I", 9) + bytes(32))
    packets += talk.send(True, session.channel(True, REMDESK, on_vista))
    copied = copy_tuple(len(result), len(result))
    packets += talk.send(False, session.channel(False, REMDESK, copied, MPPC_64K))
    found = read(tmp_path, packets, session.security)
    check(found, "rc4-128")
    assert found.security_details["compression_type"] == "MPPC 64K"


def copy_tuple(offset: int, length: int) -> bytes:
    """MPPC 64K (3.1.8.4.2.2): 11111 + 6 bits of an offset below 64; lengths of 16 to 31 are 1110 + 4 bits."""
    assert offset < 64 and 16 <= length < 32
    bits = "11111" + f"{offset:06b}" + "1110" + f"{length - 16:04b}"
    padded = bits + "0" * (-len(bits) % 8)
    return bytes(int(padded[at : at + 8], 2) for at in range(0, len(padded), 8))


def test_a_lost_segment_is_stepped_over(tmp_path: Path) -> None:
    """RC4 goes on behind a hole: the MAC tells how many bytes of the key stream were used in it."""
    session, talk = Protected(peer.BIT128), Talk()
    packets = session.start(talk)
    on_vista = rdp.ra_message("RC_CTL", struct.pack("<I", 9) + bytes(32))
    packets += talk.send(True, session.channel(True, REMDESK, on_vista))
    talk.send(False, session.picture(bytes(500)), session.channel(False, OTHER, bytes(300)))  # not captured
    packets += talk.send(False, session.channel(False, REMDESK, rdp.result(41)))
    found = read(tmp_path, packets, session.security)
    assert (found.verdict.outcome, found.verdict.result) == (Outcome.REFUSED, 41)
    assert [gap.kind for gap in found.gaps] == ["lost_segment"]


def test_changed_packets_are_a_finding(tmp_path: Path) -> None:
    session, talk = Protected(peer.BIT128), Talk()
    packets = session.start(talk)
    changed = bytearray(session.channel(False, REMDESK, rdp.result(0)))
    changed[-4] ^= 41
    packets += [*talk.send(False, bytes(changed)), *handshake(session, talk)]
    found = read(tmp_path, packets, session.security)
    assert [finding.frames for finding in found.findings if finding.id == "wrong_mac"] == [(9,)]
    assert found.verdict.result == 41, "what was changed decides nothing"


def tls_session(folder: Path, prelude: list[tuple[bool, bytes]], selected: int) -> tuple[list[bytes], str]:
    """A session inside TLS; `prelude` is what stands before MCS."""
    live, talk = Live(ssl.TLSVersion.TLSv1_3, folder / "live.txt"), Talk()
    packets = [*talk.open(), *talk.send(True, rdp.connection_request(protocols=11))]
    packets += talk.send(False, rdp.connection_confirm(value=selected))
    script = [
        *prelude,
        (True, rdp.connect_initial("remdesk")),
        (False, rdp.connect_response(REMDESK)),
        (True, rdp.channel_pdus(REMDESK, rdp.ra_message("RC_CTL", struct.pack("<I", 9) + bytes(32)), True)[0]),
        (False, rdp.channel_pdus(REMDESK, rdp.result(41), False)[0]),
    ]
    for from_client, data in script:
        live.say(from_client, data)
    for from_client, data in live.stream:
        packets += talk.send(from_client, data)
    return packets, live.keylog.read_text()


LOGON = [(True, ts_request(rdp.ber(b"\xa1", bytes(300)))), (False, ts_request(rdp.ber(b"\xa1", bytes(900))))]


@pytest.mark.parametrize(
    ("prelude", "selected"),
    [([], 1), (LOGON, 2), ([*LOGON, (False, b"\0\0\0\0")], 8)],
    ids=["tls", "nla", "nla with early authorization"],
)
def test_a_logon_is_stepped_over(tmp_path: Path, prelude: list[tuple[bool, bytes]], selected: int) -> None:
    packets, keylog = tls_session(tmp_path, prelude, selected)
    check(read(tmp_path, packets, keylog=keylog), "tls1.3")


def test_a_failed_logon_is_named(tmp_path: Path) -> None:
    packets, keylog = tls_session(tmp_path, [*LOGON, (False, ts_request(integer(0xA4, b"\xc0\x00\x00\x6d")))], 2)
    verdict = read(tmp_path, packets[:-4], keylog=keylog).verdict
    assert verdict.outcome is Outcome.FAILED
    assert "STATUS_LOGON_FAILURE (0xC000006D)" in verdict.summary


def test_access_denied_before_rdp_starts(tmp_path: Path) -> None:
    packets, keylog = tls_session(tmp_path, [*LOGON, (False, b"\5\0\0\0")], 8)
    verdict = read(tmp_path, packets[:-4], keylog=keylog).verdict
    assert verdict.outcome is Outcome.REFUSED
    assert "not authorised" in verdict.summary
