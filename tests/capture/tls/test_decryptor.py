"""Whole connections: recorded ones of two independent implementations, live ones, with losses and with nonsense."""

from __future__ import annotations

import ssl
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msra.capture import open_capture_file
from msra.capture.link import FragmentTable, decode_segment
from msra.capture.tcp import StreamData, StreamHole, TcpTracker
from msra.capture.tls import (
    Alert,
    Certificate,
    HandshakeFact,
    Item,
    Plaintext,
    TlsDecryptor,
    TlsSecrets,
    Undecrypted,
)
from tests.capture.tls import sessions
from tests.capture.tls.sessions import (
    Connection,
    Live,
    Stream,
    clear_text,
    client_hello,
    cut_records,
    decrypt,
    record,
    recorded,
    rsa_key,
    server_hello,
)

PCAPS = Path(__file__).parents[3] / "pcaps"
RSA_KEY = [name for name in sessions.NAMES if recorded(name).rsa_key]
EARLY_DATA = "it is TLS 1.3 early data, which is not read"
CHAINED = {name for name in sessions.NAMES if name.startswith("tls10") and "rc4" not in name}
ONE_HANDSHAKE = [name for name in sessions.NAMES if "renegotiation" not in name and name != "tls13_early_data"]


def check(session: sessions.Session, given_secrets: TlsSecrets) -> None:
    for connection in session.connections:
        items = decrypt(connection.stream, given_secrets)
        assert clear_text(items) == connection.clear
        assert sessions.reasons(items) <= {EARLY_DATA}
        assert sum(isinstance(item, HandshakeFact) for _, item in items) == 1
        assert "close_notify" in [item.name for _, item in items if isinstance(item, Alert)]


@pytest.mark.parametrize("name", sessions.NAMES)
def test_with_a_key_log(name: str) -> None:
    check(recorded(name), sessions.secrets(recorded(name).keylog))


@pytest.mark.parametrize("name", RSA_KEY)
def test_with_the_servers_private_key(name: str) -> None:
    """Resumed sessions and renegotiations too: their secrets follow from the first handshake, or its key exchange."""
    check(recorded(name), sessions.secrets(b"", rsa_key()))


def test_the_recorded_sessions_cover_what_is_supported() -> None:
    """A session for each version and kind of cipher, each with the name that the ServerHello's number has."""
    seen = set()
    for name in sessions.NAMES:
        fact = decrypt(recorded(name).first.stream, TlsSecrets())[0][1]
        assert isinstance(fact, HandshakeFact) and name.startswith(fact.version.replace(".", ""))
        seen.add((fact.version, fact.cipher_suite.rpartition("WITH_")[2].removeprefix("TLS_")))
    assert {
        ("tls1.0", "AES_128_CBC_SHA"), ("tls1.0", "AES_256_CBC_SHA"), ("tls1.0", "RC4_128_SHA"),
        ("tls1.0", "3DES_EDE_CBC_SHA"), ("tls1.0", "CAMELLIA_128_CBC_SHA"),
        ("tls1.1", "AES_256_CBC_SHA"), ("tls1.1", "RC4_128_MD5"),
        ("tls1.2", "AES_128_CBC_SHA"), ("tls1.2", "AES_128_CBC_SHA256"), ("tls1.2", "AES_256_CBC_SHA384"),
        ("tls1.2", "AES_128_GCM_SHA256"), ("tls1.2", "AES_256_GCM_SHA384"), ("tls1.2", "AES_128_CCM"),
        ("tls1.2", "AES_256_CCM_8"), ("tls1.2", "CHACHA20_POLY1305_SHA256"), ("tls1.2", "CAMELLIA_256_CBC_SHA256"),
        ("tls1.2", "NULL_SHA256"), ("tls1.2", "RC4_128_SHA"), ("tls1.2", "3DES_EDE_CBC_SHA"),
        ("tls1.3", "AES_128_GCM_SHA256"), ("tls1.3", "AES_256_GCM_SHA384"), ("tls1.3", "CHACHA20_POLY1305_SHA256"),
        ("tls1.3", "AES_128_CCM_SHA256"), ("tls1.3", "AES_128_CCM_8_SHA256"),
    } <= seen  # fmt: skip


def test_what_a_handshake_tells() -> None:
    session = recorded("tls12_rsa_gcm")
    items = decrypt(session.first.stream, TlsSecrets())
    random = session.first.stream[0][1][11:43].hex()
    assert items[0] == (False, HandshakeFact("tls1.2", "TLS_RSA_WITH_AES_256_GCM_SHA384", random))
    certificate = items[1][1]
    pem = (sessions.DATA / "server.crt.pem").read_text()
    assert isinstance(certificate, Certificate) and ssl.DER_cert_to_PEM_cert(certificate.der).split() == pem.split()


def test_in_tls_1_3_the_certificate_takes_the_keys() -> None:
    session = recorded("tls13_small_records")
    kinds = [type(item) for _, item in decrypt(session.first.stream, sessions.secrets(session.keylog))]
    assert kinds[:2] == [HandshakeFact, Certificate]
    assert Certificate not in [type(item) for _, item in decrypt(session.first.stream, TlsSecrets())]


def test_undecrypted_is_as_long_as_the_fragments() -> None:
    for name in ("tls13_ccm", "tls12_cbc_sha384"):
        connection = recorded(name).first
        items = decrypt(connection.stream, TlsSecrets())
        for side in (True, False):
            sizes = [item.size for item_side, item in items if item_side == side and isinstance(item, Undecrypted)]
            assert sizes == [len(data) - 5 for data in cut_records(connection.sent(side)) if data[0] == 23]


def test_early_data_is_not_fatal() -> None:
    """RFC 8446 2.3: it is protected with keys of its own, and is followed by records that can be read."""
    session = recorded("tls13_early_data")
    items = decrypt(session.connections[1].stream, sessions.secrets(session.keylog))
    assert sessions.reasons(items) == {EARLY_DATA}
    assert clear_text(items) == session.connections[1].clear


def test_an_alert_in_the_clear() -> None:
    items = decrypt([(True, record(22, client_hello())), (False, record(21, b"\x02\x28"))], TlsSecrets())
    assert items == [(False, Alert(2, 40, "handshake_failure"))]


def test_the_server_is_captured_before_the_client() -> None:
    """The order of the two directions in a capture is not always that of the protocol."""
    for name in ("tls12_rsa_gcm_ems", "tls13_aes128_gcm", "tls10_aes_cbc_rsa"):
        session = recorded(name)
        first, second = session.first.stream[:2]
        hello = next(cut_records(second[1]))
        rest = (False, second[1][len(hello) :])
        stream = [(False, hello), first, rest, *session.first.stream[2:]]
        keys = (rsa_key(),) if session.rsa_key else ()
        items = decrypt(stream, sessions.secrets(b"" if keys else session.keylog, *keys))
        assert clear_text(items) == session.first.clear
        fact = items[0][1]
        assert isinstance(fact, HandshakeFact) and fact.client_random == ""


@pytest.mark.parametrize("name", ["tls12_rsa_gcm_ems", "tls12_rsa_cbc_sha256", "tls13_ccm"])
def test_the_whole_handshake_of_the_client_is_captured_first(name: str) -> None:
    """Its ChangeCipherSpec can't be told from the one that TLS 1.3 sends for nothing."""
    session = recorded(name)
    client, server, flight, *rest = session.first.stream
    finished = sum(list(map(len, cut_records(flight[1])))[:3])
    flight, text = (True, flight[1][:finished]), (True, flight[1][finished:])
    items = decrypt([client, flight, server, *([text] if text[1] else []), *rest], sessions.secrets(session.keylog))
    assert clear_text(items) == session.first.clear


@given(st.sampled_from(sessions.NAMES), st.data())
@settings(max_examples=60, deadline=None)
def test_any_segmentation_gives_the_same(name: str, data: st.DataObject) -> None:
    session = recorded(name)
    stream: Stream = []
    for side, sent in session.first.stream:
        size = data.draw(st.integers(1, len(sent)))
        stream += [(side, sent[at : at + size]) for at in range(0, len(sent), size)]
    known = session.keylog if data.draw(st.booleans()) else b""
    assert decrypt(stream, sessions.secrets(known)) == decrypt(session.first.stream, sessions.secrets(known))


# Losses


def play_with_hole(connection: Connection, given_secrets: TlsSecrets, side: bool, start: int, end: int) -> list[Item]:
    """The items of one side, whose bytes from `start` to `end` are not in the capture."""
    decryptor = TlsDecryptor(given_secrets)
    items: list[Item] = []
    at, told = 0, False
    for sender, data in connection.stream:
        if sender != side:
            list(decryptor.feed(sender, data))
            continue
        before, behind = data[: max(0, start - at)], data[max(0, end - at) :]
        at += len(data)
        items += decryptor.feed(side, before)
        if at > start and not told:
            told = True
            items += decryptor.hole(side, end - start)
        items += decryptor.feed(side, behind)
    return items


def texts(items: list[Item]) -> list[bytes]:
    return [item.data for item in items if isinstance(item, Plaintext)]


def is_part(some: list[bytes], everything: list[bytes]) -> bool:
    rest = iter(everything)
    return all(text in rest for text in some)


@given(st.sampled_from(ONE_HANDSHAKE), st.booleans(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_loss_costs_the_records_it_touches(name: str, side: bool, data: st.DataObject) -> None:
    """In TLS 1.0 with CBC one more, whose IV is lost."""
    session = recorded(name)
    connection, given_secrets = session.first, sessions.secrets(session.keylog)
    ends, at = [], 0
    for sent in cut_records(connection.sent(side)):
        ends.append((at, at + len(sent), sent[0]))
        at += len(sent)
    first = next(start for start, _, kind in ends if kind == 23)
    start = data.draw(st.integers(first, at - 1))
    end = data.draw(st.integers(start + 1, min(at, start + 300)))
    items = play_with_hole(connection, given_secrets, side, start, end)
    everything = texts([item for sender, item in decrypt(connection.stream, given_secrets) if sender == side])
    touched = sum(start < record_end and end > record_start for record_start, record_end, _ in ends)
    assert is_part(texts(items), everything)
    assert len(everything) - len(texts(items)) <= touched + (name in CHAINED)


@given(st.sampled_from(sessions.NAMES), st.booleans(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_loss_never_makes_text_that_was_not_sent(name: str, side: bool, data: st.DataObject) -> None:
    """Anywhere, also in the handshake; all bytes of the side are accounted for by what is told."""
    session = recorded(name)
    connection = session.first
    size = len(connection.sent(side))
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))
    everything = texts([i for s, i in decrypt(connection.stream, sessions.secrets(session.keylog)) if s == side])
    keys = (rsa_key(),) if session.rsa_key and data.draw(st.booleans()) else ()
    items = play_with_hole(connection, sessions.secrets(b"" if keys else session.keylog, *keys), side, start, end)
    assert is_part(texts(items), everything)


def test_a_hole_counts_the_cut_record_and_the_rest() -> None:
    session = recorded("tls12_ccm")
    decryptor = TlsDecryptor(sessions.secrets(session.keylog))
    for side, data in session.first.stream[:6]:
        list(decryptor.feed(side, data))
    lost = session.first.stream[6][1]
    assert list(decryptor.feed(True, lost[:11])) == []
    assert list(decryptor.hole(True, 9)) == [Undecrypted(11, "bytes of its TLS record are not in the capture")]
    assert list(decryptor.feed(True, lost[20:])) == []
    assert decryptor.finish(True) == len(lost) - 20
    assert decryptor.finish(False) == 0


def test_a_false_header_behind_a_loss_is_seen_through() -> None:
    """Bytes of a lost record that look like a header; the record that they announce doesn't verify."""
    session = recorded("tls13_ccm")
    stream = session.first.stream
    last = max(number for number, (side, data) in enumerate(stream) if side and len(data) > 40)
    decryptor = TlsDecryptor(sessions.secrets(session.keylog))
    for side, data in stream[:last]:
        list(decryptor.feed(side, data))
    assert list(decryptor.hole(True, 30)) == []
    for false in (b"\x17\x03\x03\x00\x30", b"\x15\x03\x03\x00\x02", b"\x16\x03\x03\x00\x20"):
        assert list(decryptor.feed(True, b"abc" + false + bytes(5))) == []
    items = [*decryptor.feed(True, stream[last][1])]
    assert items[0] == Undecrypted(39, "bytes of its TLS record are not in the capture")
    assert isinstance(items[1], Plaintext) and items[1].data in session.first.clear[True]


def test_lost_change_cipher_spec_and_finished() -> None:
    """Application data that comes in what seems to be the clear is protected all the same."""
    for name in ("tls12_ccm", "tls12_rsa_cbc_sha256", "tls13_aes128_gcm"):
        session = recorded(name)
        kinds = [(data[0], len(data)) for data in cut_records(session.first.sent(True))]
        end = sum(size for _, size in kinds[: next(n for n, (kind, _) in enumerate(kinds) if kind == 23)])
        if name.startswith("tls13"):
            end += next(size for kind, size in kinds if kind == 23)
        start = kinds[0][1] + (kinds[1][1] if name.startswith("tls12") else 0)
        items = play_with_hole(session.first, sessions.secrets(session.keylog), True, start, end)
        assert b"".join(texts(items)) == session.first.clear[True], name


@pytest.mark.parametrize("name", ["tls10_rc4_sha", "tls10_ecdhe"])
def test_a_loss_before_the_records_are_protected_has_no_effect_on_them(name: str) -> None:
    """The key stream and the first IV begin with the ChangeCipherSpec."""
    session = recorded(name)
    hello, exchange = [len(data) for data in cut_records(session.first.sent(True))][:2]
    items = play_with_hole(session.first, sessions.secrets(session.keylog), True, hello, hello + exchange)
    assert b"".join(texts(items)) == session.first.clear[True]
    assert not [item for item in items if isinstance(item, Undecrypted)]


# Live sessions, with what the local OpenSSL prefers


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_live_sessions(version: ssl.TLSVersion, tmp_path: Path) -> None:
    live = Live(version, tmp_path / "keys.txt")
    big = bytes(range(256)) * 400  # several records of the largest size
    for side in (True, False, False, True):
        live.say(side, b"hello")
        live.say(side, big)
    items = decrypt(live.stream, live.secrets())
    assert clear_text(items) == dict.fromkeys((True, False), (b"hello" + big) * 2)
    assert not sessions.reasons(items)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    session = Live(ssl.TLSVersion.TLSv1_3, tmp_path_factory.mktemp("tls") / "keys.txt")
    for number in range(30):
        session.say(number % 3 > 0, b"%d " % number * (number * 7 % 40))
    return session


@given(st.lists(st.tuples(st.integers(0, 6000), st.integers(1, 800)), max_size=5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_losses(live: Live, losses: list[tuple[int, int]]) -> None:
    """Whatever is read was sent, in order."""
    stream = Connection(live.stream, {}).sent(True)
    lost = sorted(losses)
    decryptor = TlsDecryptor(live.secrets())
    for side, data in live.stream:
        if not side:
            list(decryptor.feed(False, data))
    items: list[Item] = []
    at = 0
    for start, size in lost:
        if start >= at and start < len(stream):
            items += decryptor.feed(True, stream[at:start])
            items += decryptor.hole(True, min(size, len(stream) - start))
            at = start + size
    items += decryptor.feed(True, stream[at:])
    everything = texts([item for side, item in decrypt(live.stream, live.secrets()) if side])
    assert is_part(texts(items), everything)


# Nonsense

PIECES = st.one_of(
    st.binary(max_size=60),
    st.builds(record, st.integers(19, 25), st.binary(max_size=60), st.sampled_from([0x0300, 0x0301, 0x0303, 0x0304])),
    st.sampled_from([
        record(22, client_hello()),
        record(22, client_hello(b"x" * 32)),
        record(20, b"\1"),
        *(record(22, server_hello(version, suite)) for version in (0x0301, 0x0303, 0x0304)
          for suite in (0x0005, 0x002F, 0x009C, 0x0002, 0xC0AE, 0xCCA8, 0x1301, 0x1305, 0x000A)),
    ]),
)  # fmt: skip
LABELS = ("CLIENT_RANDOM", "SERVER_TRAFFIC_SECRET_0", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "PMS_CLIENT_RANDOM")


@given(st.lists(st.tuples(st.booleans(), PIECES, st.integers(0, 90)), max_size=25))
@settings(max_examples=300, deadline=None)
def test_nothing_raises_and_nothing_is_invented(steps: list[tuple[bool, bytes, int]]) -> None:
    keylog = b"\n".join(b"%s %s %s" % (label.encode(), b"00" * 32, b"00" * 48) for label in LABELS)
    decryptor = TlsDecryptor(sessions.secrets(keylog, rsa_key()))
    for side, data, size in steps:
        items = [*decryptor.feed(side, data)]
        if size > 60:
            items += decryptor.hole(side, size)
        assert not texts(items)
        assert all(item.size >= 0 for item in items if isinstance(item, Undecrypted))
    assert decryptor.finish(True) >= 0 and decryptor.finish(False) >= 0


@given(st.sampled_from(sessions.NAMES), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_sessions_never_raise(name: str, data: st.DataObject) -> None:
    session = recorded(name)
    stream = [(side, bytearray(sent)) for side, sent in session.first.stream]
    for _ in range(data.draw(st.integers(1, 4))):
        sent = stream[data.draw(st.integers(0, len(stream) - 1))][1]
        sent[data.draw(st.integers(0, len(sent) - 1))] ^= data.draw(st.integers(1, 255))
    keys = (rsa_key(),) if session.rsa_key else ()
    decrypt([(side, bytes(sent)) for side, sent in stream], sessions.secrets(b"" if keys else session.keylog, *keys))


# The price of importing

NO_CRYPTOGRAPHY = """
import sys
from msra.capture import tls
secrets = tls.TlsSecrets()
secrets.add_keylog(bytes(100))
decryptor = tls.TlsDecryptor(secrets)
items = [*decryptor.feed(False, bytes([23, 3, 3, 0, 3, 1, 2, 3])), *decryptor.hole(True, 5)]
assert len(items) == 1
assert not [name for name in sys.modules if name.split(".")[0] == "cryptography"]
"""


def test_cryptography_is_not_imported_before_there_is_something_to_decrypt() -> None:
    done = subprocess.run([sys.executable, "-c", NO_CRYPTOGRAPHY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# The second opinion


def ethernet(number: int, side: bool, sequence: int, acknowledged: int, flags: int, data: bytes) -> bytes:
    """A TCP segment of connection `number` over IPv4 and Ethernet."""
    ports = (40000 + number, 443) if side else (443, 40000 + number)
    addresses = (b"\x0a\0\0\1", b"\x0a\0\0\2") if side else (b"\x0a\0\0\2", b"\x0a\0\0\1")
    tcp = struct.pack(">HHIIBBHHH", *ports, sequence, acknowledged, 0x50, flags, 0xFFFF, 0, 0) + data
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + b"".join(addresses)
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp


def as_pcap(connections: list[Connection]) -> bytes:
    pcap = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 1)
    for number, connection in enumerate(connections):
        next_byte = {True: 1, False: 1}
        packets = [ethernet(number, True, 0, 0, 2, b""), ethernet(number, False, 0, 1, 0x12, b"")]
        for side, data in connection.stream:
            for at in range(0, len(data), 1400):
                part = data[at : at + 1400]
                packets.append(ethernet(number, side, next_byte[side], next_byte[not side], 0x18, part))
                next_byte[side] += len(part)
        pcap += b"".join(struct.pack("<IIII", 0, 0, len(data), len(data)) + data for data in packets)
    return pcap


def follow(lines: list[str]) -> list[dict[bool, bytes]]:
    """The views of `-z follow,tls,raw`, by stream: clear text by side, the first of which is whoever spoke first."""
    seen: dict[int, dict[bool, str]] = {}
    number = -1
    for line in lines:
        text = line.strip()
        if line.startswith("Filter: tcp.stream eq "):
            number = int(text.rpartition(" ")[2])
            seen[number] = {True: "", False: ""}
        elif number >= 0 and text and not set(text) - set("0123456789abcdef"):
            seen[number][not line.startswith("\t")] += text
    return [{side: bytes.fromhex(text) for side, text in seen[number].items()} for number in sorted(seen)]


def test_tshark_reads_the_same(tshark: Callable[..., list[str]], tmp_path: Path) -> None:
    """Every recorded session; only early data is read by tshark alone."""
    connections = [connection for name in sessions.NAMES for connection in recorded(name).connections]
    (tmp_path / "all.pcap").write_bytes(as_pcap(connections))
    (tmp_path / "keys.txt").write_bytes(b"\n".join(recorded(name).keylog for name in sessions.NAMES) + b"\n")
    views = [option for number in range(len(connections)) for option in ("-z", f"follow,tls,raw,{number}")]
    seen = follow(tshark(tmp_path / "all.pcap", "-o", f"tls.keylog_file:{tmp_path / 'keys.txt'}", "-q", *views))
    assert len(seen) == len(connections)
    for view, connection in zip(seen, connections, strict=True):
        texts_seen = sorted(text.removeprefix(b"early bird\n") for text in view.values())
        assert texts_seen == sorted(connection.clear.values())


@pytest.mark.parametrize(
    ("name", "keys"), [("v2_tls13", "v2_tls13"), ("v2_tls13_dsb", ""), ("v2_tls12_rsa_kex", "v2_tls12_rsa_kex")]
)
def test_real_remote_assistance_sessions(name: str, keys: str, tshark: Callable[..., list[str]]) -> None:
    """The captures of FreeRDP, read as by tshark. TLS begins behind one packet of each side (X.224)."""
    path = PCAPS / f"{name}.pcapng"
    given_secrets = sessions.secrets((PCAPS / f"{keys}.keys.txt").read_bytes() if keys else b"")
    stream: Stream = []
    with open_capture_file(path) as reader:
        tracker = TcpTracker()
        for packet in reader:
            segment = decode_segment(packet.link_type, packet.data, packet.length, FragmentTable())
            for item in tracker.feed(packet.number, packet.time, segment) if segment else ():
                assert not isinstance(item, StreamHole)
                if isinstance(item, StreamData) and not item.data.startswith(b"\x03\0"):
                    stream.append((item.from_initiator, item.data))
        for keylog in reader.tls_secrets:
            given_secrets.add_keylog(keylog)
    items = decrypt(stream, given_secrets)
    assert not sessions.reasons(items)
    preference = ("-o", f"tls.keylog_file:{PCAPS / f'{keys}.keys.txt'}") if keys else ()
    (view,) = follow(tshark(path, "-d", "tcp.port==3389,tls", *preference, "-q", "-z", "follow,tls,raw,0"))
    ours = clear_text(items)
    assert len(ours[False]) > 400_000 and sorted(view.values()) == sorted(ours.values())
