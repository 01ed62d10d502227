"""Scapy's sniff() on captures, lists and interfaces: the messages of the analyzer, as Scapy packets."""

from __future__ import annotations

import copy
import logging
import os
import struct
import sys
from collections import Counter
from itertools import pairwise, zip_longest
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest
from scapy.config import conf
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import GRE, Ether
from scapy.packet import Packet, Raw
from scapy.plist import PacketList
from scapy.sendrecv import AsyncSniffer, sniff
from scapy.sessions import DefaultSession
from scapy.utils import rdpcap

import msra
from msra.build import Session, script, to_scapy
from msra.codes import SAFERROR
from msra.engines.interface import EngineError, Options
from msra.events import Gap, Message
from msra.layers import (
    ENCOMSP_GraphicsStreamPaused,
    ENCOMSP_Header,
    ENCOMSP_WndShow,
    MSRA_Chat,
    MSRA_Header,
    MSRA_Result,
)
from msra.scapy_session import RemoteAssistanceSession, _take_secrets
from tests.conformance.expected import PCAPS
from tests.replay import Replay

ERROR = PCAPS / "v2_err61_passwords_dont_match.pcapng"
SECRETS_INSIDE = PCAPS / "v2_tls13_dsb.pcapng"
LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"

OUTER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="192.0.2.1", dst="192.0.2.2")

# Of a file whose last packet is cut off by its end, Scapy delivers what is there, and the analyzer nothing.
CAPTURES = sorted(path.name for path in PCAPS.iterdir() if ".pcap" in path.name and "file_truncated" not in path.name)


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """All warnings: Scapy's log leaves out those that come soon after others."""
    monkeypatch.setattr(conf, "warning_threshold", 0)
    caplog.set_level(logging.WARNING, "scapy.runtime")
    return caplog


def given(name: str) -> Options:
    """The keys that lie beside a capture."""
    stem = name.partition(".")[0]
    keylog, key = PCAPS / f"{stem}.keys.txt", PCAPS / f"{stem}.server.key.pem"
    return Options(keylog if keylog.exists() else None, (key,) if key.exists() else ())


def read(source: Any, session: Any = RemoteAssistanceSession, **options: Any) -> PacketList:
    return sniff(offline=str(source) if isinstance(source, Path) else source, session=session, quiet=True, **options)


def told(messages: list[Message]) -> list[tuple[Any, ...]]:
    return [(m.frame, m.time, m.sender, m.channel, m.type, m.fields, m.data) for m in messages]


def sizes(gaps: list[Gap]) -> Counter[tuple[int, str, str]]:
    found: Counter[tuple[int, str, str]] = Counter()
    for gap in gaps:
        found[gap.connection, gap.sender, gap.kind] += gap.size
    return found


@pytest.mark.parametrize("name", CAPTURES)
def test_the_same_as_the_analyzer(name: str) -> None:
    """Messages with their bytes and times to the nanosecond, and gaps."""
    options = given(name)
    session = RemoteAssistanceSession(keylog=options.keylog, rdp_keys=options.rdp_keys)
    packets = read(PCAPS / name, session)
    events = list(msra.iter_events(PCAPS / name, "embedded", options))
    messages = [event for event in events if isinstance(event, Message)]
    assert told([packet.message for packet in packets]) == told(messages)
    assert [(int(packet.time * 10**9), bytes(packet)) for packet in packets] == [(m.time, m.data) for m in messages]
    assert sizes(session.gaps) == sizes([event for event in events if isinstance(event, Gap)])


@pytest.mark.parametrize("name", ["link_ipv6.pcapng", "link_any_sll2.pcap", "link_vlan.pcap", "link_snaplen128.pcap"])
def test_lists_of_packets(name: str) -> None:
    """As the file they are from: with their times, and with what is missing at the end of cut packets."""
    session, from_file = RemoteAssistanceSession(), RemoteAssistanceSession()
    packets, expected = read(rdpcap(str(PCAPS / name)), session), read(PCAPS / name, from_file)
    assert told([packet.message for packet in packets]) == told([packet.message for packet in expected])
    assert [packet.time for packet in packets] == [packet.time for packet in expected]
    assert len(packets) and session.gaps == from_file.gaps


def test_the_length_on_the_wire_is_of_use() -> None:
    """Where a network card makes the packets of a segment, IP says that its length is 0."""
    packets = list(rdpcap(str(PCAPS / "link_gzip.pcapng.gz")))
    at = next(at for at, packet in enumerate(packets) if len(packet) > 500)
    wire = bytes(packets[at])
    packets[at] = Ether(wire[:16] + b"\0\0" + wire[18:-10])
    packets[at].wirelen = len(wire)
    session = RemoteAssistanceSession()
    read(PacketList(packets), session)
    assert [(gap.frame, gap.size) for gap in session.gaps if gap.kind == "cut_packet"] == [(at + 1, 10)]


def test_the_48_codes() -> None:
    packets = read(PCAPS / "v2_all48_codes.pcapng")
    results = [packet[MSRA_Result].result for packet in packets if MSRA_Result in packet]
    assert results == [int(code) for code in SAFERROR]


def test_filters_see_layers() -> None:
    found = read(PCAPS / "rich_all_types.pcapng", lfilter=lambda packet: MSRA_Chat in packet)
    assert [str(packet[MSRA_Chat].text)[:9] for packet in found] == ["Hello Bob", "My printe", "no termin", "Long ong "]


def test_orders_of_encomsp_are_packets_of_their_own() -> None:
    orders = ENCOMSP_WndShow(wnd_id=7), ENCOMSP_GraphicsStreamPaused()
    made = Session().connect().play(script.order("novice", *orders) + script.chat("novice", "Hello")).close()
    packets = read(to_scapy(made.packets))
    assert [packet.summary().partition(" / ")[2] for packet in packets] == [
        "ENCOMSP OD_WND_SHOW", "ENCOMSP OD_GRAPHICS_STREAM_PAUSED", "MS-RA CHAT 'Hello'",
    ]  # fmt: skip
    assert [bytes(packet) for packet in packets[:2]] == [bytes(ENCOMSP_Header() / order) for order in orders]
    assert packets[0].message.frame == packets[1].message.frame < packets[2].message.frame


def test_summaries_begin_with_who_sends_to_whom() -> None:
    packets = read(ERROR)
    expert, novice = packets[0].connection.expert, packets[0].connection.novice
    assert [packet.summary() for packet in packets[2:]] == [
        f"expert {expert.ip}:{expert.port} > novice {novice.ip}:{novice.port} / "
        "MS-RA REMOTEDESKTOP_CTL_VERIFY_PASSWORD",
        f"novice {novice.ip}:{novice.port} > expert {expert.ip}:{expert.port} / "
        "MS-RA REMOTEDESKTOP_CTL_RESULT PASSWORDS_DONT_MATCH",
    ]
    assert MSRA_Header(bytes(packets[3])).summary() == "MS-RA REMOTEDESKTOP_CTL_RESULT PASSWORDS_DONT_MATCH"
    (ipv6, *_) = read(PCAPS / "link_ipv6.pcapng")
    assert f"novice [{ipv6.connection.novice.ip}]:{ipv6.connection.novice.port} > " in ipv6.summary()


def test_copies_know_where_they_are_from() -> None:
    packet = read(ERROR)[3]
    for copied in (packet.copy(), copy.deepcopy(packet)):
        assert copied.message is packet.message and copied.connection is packet.connection
        assert copied.summary() == packet.summary() and copied.time == packet.time


# Options


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("v2_rc4_128.pcapng", {"rdp_keys": PCAPS / "v2_rc4_128.server.key.pem"}),
        ("v2_rc4_128.pcapng", {"rdp_keys": str(PCAPS / "v2_rc4_128.server.key.pem")}),
        (
            "v2_rc4_128.pcapng",
            {"rdp_keys": [PCAPS / "v2_fips.server.key.pem", str(PCAPS / "v2_rc4_128.server.key.pem")]},
        ),
        ("v2_tls13.pcapng", {"keylog": PCAPS / "v2_tls13.keys.txt"}),
        ("v2_tls13.pcapng", {"keylog": str(PCAPS / "v2_tls13.keys.txt")}),
    ],
)
def test_keys(name: str, options: dict[str, Any]) -> None:
    assert not read(PCAPS / name)
    assert len(read(PCAPS / name, RemoteAssistanceSession(**options))) == 4


@pytest.mark.parametrize("ports", [49230, [80, 49230], {49230}])
def test_ports_that_are_taken_for_rdp(ports: Any) -> None:
    """What begins in the middle of a PDU shows nothing that it could be recognised by."""
    session = RemoteAssistanceSession(decode_as=ports)
    noise = [OUTER / TCP(sport=50000, dport=49230, flags="PA", seq=1, ack=1) / Raw(b"\x16" * 50)]
    read(PacketList(noise), session)
    assert [gap.sender for gap in session.gaps] == ["expert"]
    other = RemoteAssistanceSession(decode_as=80)
    read(PacketList(noise), other)
    assert other.gaps == []


def test_files_that_cannot_be_used() -> None:
    with pytest.raises(EngineError, match=r"nowhere\.txt: the key file cannot be read"):
        RemoteAssistanceSession(keylog="nowhere.txt")
    with pytest.raises(EngineError, match="README"):
        RemoteAssistanceSession(rdp_keys=PCAPS / "README.md")


def test_a_key_log_may_grow(tmp_path: Path) -> None:
    keylog = tmp_path / "keys.txt"
    keylog.touch()
    session = RemoteAssistanceSession(keylog=keylog)
    keylog.write_bytes((PCAPS / "v2_tls13.keys.txt").read_bytes())
    assert len(read(PCAPS / "v2_tls13.pcapng", session)) == 4


def test_the_key_log_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(PCAPS / "v2_tls13.keys.txt"))
    assert len(read(PCAPS / "v2_tls13.pcapng")) == 4


# Secrets inside a pcapng


def test_secrets_inside_a_pcapng(warnings: pytest.LogCaptureFixture) -> None:
    """Scapy does not warn that it won't be able to decrypt the packets, either."""
    assert len(read(SECRETS_INSIDE)) == 4
    assert warnings.messages == []


def test_a_list_has_no_secrets_and_that_is_said() -> None:
    session = RemoteAssistanceSession()
    assert not read(rdpcap(str(SECRETS_INSIDE)), session)
    assert {gap.kind for gap in session.gaps} == {"encrypted"}
    assert [note.partition(": ")[2][:21] for note in session.notes] == ["TLS 1.3; give a key l"]


@pytest.mark.parametrize(
    ("block", "scapy_has_tls", "passed_on"),
    [
        (struct.pack("<II", 0x544C534B, 4) + b"abcd", False, False),
        (struct.pack("<II", 0x544C534B, 4) + b"abcd", True, True),
        (struct.pack("<II", 0x57474B4C, 4) + b"abcd", False, True),  # WireGuard
        (b"\x4b\x53", False, True),
    ],
    ids=["TLS", "TLS that Scapy reads, too", "other", "too short"],
)
def test_what_scapy_gets_of_secrets(
    block: bytes, scapy_has_tls: bool, passed_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    taken: list[bytes] = []
    reader: Any = SimpleNamespace(endian="<", blocktypes={10: lambda *given: seen.append(given)})
    secrets: Any = SimpleNamespace(tls=SimpleNamespace(add_keylog=taken.append))
    monkeypatch.setattr(conf, "tls_sessions", object() if scapy_has_tls else None, raising=False)
    _take_secrets(reader, secrets)
    reader.blocktypes[10](block, 65535)
    assert seen == ([(block, 65535)] if passed_on else [])
    assert taken == ([b"abcd"] if block[:4] == b"KSLT" else [])


# What could not be read


def test_gaps_are_kept_and_logged(warnings: pytest.LogCaptureFixture) -> None:
    """Also where nobody has the session: `session=RemoteAssistanceSession`."""
    assert len(read(PCAPS / "tcp_lost_segment.pcap")) == 3
    (text,) = warnings.messages
    assert text.startswith("expert 127.0.0.1:") and text.endswith(
        "bytes of the TCP stream are missing from the capture"
    )


def test_thousands_of_gaps_of_one_kind_are_one(warnings: pytest.LogCaptureFixture) -> None:
    session = RemoteAssistanceSession()
    read(PCAPS / "v2_tls13.pcapng", session)
    events = [e for e in msra.iter_events(PCAPS / "v2_tls13.pcapng", "embedded") if isinstance(e, Gap)]
    assert len(events) > 50 and {(gap.sender, gap.kind) for gap in events} == {(g.sender, g.kind) for g in session.gaps}
    assert len(session.gaps) == 2 and sizes(session.gaps) == sizes(events)
    assert len(warnings.messages) == 2 and warnings.messages[0] == session.notes[0]


def test_a_message_separates_gaps() -> None:
    session = RemoteAssistanceSession()
    messages = {packet.message.frame for packet in read(PCAPS / "link_snaplen128.pcap", session)}
    cut = [gap.frame for gap in session.gaps if (gap.kind, gap.sender) == ("cut_packet", "expert")]
    assert len(cut) > 1
    for before, after in pairwise(cut):
        assert any(before <= frame <= after for frame in messages)


def test_link_types_that_are_not_supported(warnings: pytest.LogCaptureFixture) -> None:
    session = RemoteAssistanceSession()
    assert not read(PacketList([Raw(b"abc"), Raw(b"def")]), session)
    assert session.notes == ["Packets that begin with Raw are left out: this link type is not supported"]
    assert warnings.messages == session.notes


# Several at once


def test_several_files_at_once() -> None:
    """Each has its own frame numbers and connections, although these have the same addresses and ports."""
    twice = {str(ERROR): "one", str(PCAPS / "link_gzip.pcapng.gz"): "two"}
    packets = read(twice)
    for path, label in twice.items():
        assert told([p.message for p in packets if p.sniffed_on == label]) == told(
            [p.message for p in read(Path(path))]
        )


def test_several_sessions_at_once() -> None:
    paths = ERROR, PCAPS / "v1_ok.pcapng", PCAPS / "v2_rc4_128.pcapng"
    mixed = [packet for row in zip_longest(*(rdpcap(str(path)) for path in paths)) for packet in row if packet]
    keys = PCAPS / "v2_rc4_128.server.key.pem"
    packets = read(PacketList(mixed), RemoteAssistanceSession(rdp_keys=keys))
    for path in paths:
        alone = read(path, RemoteAssistanceSession(rdp_keys=keys))
        ends = alone[0].connection.expert, alone[0].connection.novice
        found = [p for p in packets if (p.connection.expert, p.connection.novice) == ends]
        assert [(p.time, p.summary(), bytes(p)) for p in found] == [(p.time, p.summary(), bytes(p)) for p in alone]


def test_a_supersession_gets_the_packets_first() -> None:
    class Tunnel(DefaultSession):
        def process(self, pkt: Packet) -> Packet | None:
            inner = pkt[GRE].payload.copy()
            inner.time = pkt.time
            return inner

    tunnelled = []
    for packet in rdpcap(str(ERROR)):
        outer = OUTER / GRE() / packet[IP]
        outer.time = packet.time
        tunnelled.append(outer)
    assert not read(PacketList(tunnelled))
    packets = read(PacketList(tunnelled), RemoteAssistanceSession(Tunnel))
    assert told([packet.message for packet in packets]) == told([packet.message for packet in read(ERROR)])


# Live


def live(session: RemoteAssistanceSession, packets: list[Packet]) -> list[Packet]:
    """As from an interface, which has no end."""

    class Socket:
        def recv(self) -> Packet:
            return packets.pop(0)

    socket = Socket()
    return [packet for _ in range(len(packets)) for packet in session.recv(socket)]


def test_a_closed_connection_leaves_nothing_behind() -> None:
    session = RemoteAssistanceSession()
    assert len(live(session, list(rdpcap(str(PCAPS / "tcp_lost_segment.pcap"))))) == 3
    (source,) = session._sources.values()
    assert session.gaps and (source.opened, source.gaps, source.warned) == ({}, {}, set())


def test_what_is_still_waiting_when_sniffing_is_stopped() -> None:
    """The bytes after a lost segment come when it is known that it won't: at the latest when it is finished."""
    packets = list(rdpcap(str(ERROR)))
    result = read(ERROR)[3].message.frame
    novice = packets[result - 1][IP].payload.sport
    before = [at for at in range(result - 1) if packets[at][IP].payload.sport == novice and len(packets[at]) > 100]
    del packets[result:], packets[before[-1]]
    session = RemoteAssistanceSession()
    found = live(session, packets)
    assert (len(found), session.gaps) == (3, [])
    (last,) = session.finish()
    assert last.message.fields["result"] == 61 and [gap.kind for gap in session.gaps] == ["lost_segment"]
    assert list(session.finish()) == []


@pytest.fixture
def may_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf, "bufsize", 1 << 22)  # or as much as the system allows
    try:
        conf.L2listen(iface=LOOPBACK).close()
    except OSError as error:
        must = os.environ.get("CI") and os.geteuid() == 0
        (pytest.fail if must else pytest.skip)(f"NOT TESTED: capturing on {LOOPBACK}: {error}")


class Paced(RemoteAssistanceSession):
    """Lets a replay go on when what it sent has come: Scapy is slow, and its socket holds little."""

    def __init__(self) -> None:
        super().__init__()
        self.ports: set[int] = set()
        self._come: Queue[int] = Queue()
        self._ahead = 0

    def process(self, pkt: Packet) -> Packet | None:
        if TCP in pkt and {pkt[TCP].sport, pkt[TCP].dport} & self.ports:
            self._come.put(pkt[IP].len - 4 * pkt[IP].ihl - 4 * pkt[TCP].dataofs)
        return super().process(pkt)

    def wait(self, size: int) -> None:
        self._ahead += size
        while self._ahead > 0:
            self._ahead -= self._come.get(timeout=30)


@pytest.mark.usefixtures("may_capture")
def test_two_sessions_on_the_loopback_interface() -> None:
    """They come while their connections are open."""
    results: Queue[Packet] = Queue()
    started: Queue[None] = Queue()
    session = Paced()
    sniffer = AsyncSniffer(
        iface=LOOPBACK, session=session, prn=results.put, started_callback=lambda: started.put(None),
        lfilter=lambda p: MSRA_Result in p and p.connection.novice.port in session.ports,
    )  # fmt: skip
    sniffer.start()
    started.get(timeout=30)
    replays = Replay(ERROR), Replay(PCAPS / "v2_err41_helpeesaidno.pcapng")
    session.ports.update(replay.port for replay in replays)
    for replay in replays:
        replay.play(session.wait)
    packets = [results.get(timeout=30) for _ in replays]
    assert [(p.connection.novice.port, p[MSRA_Result].result, p.message.sender, p.sniffed_on) for p in packets] == [
        (replays[0].port, 61, "novice", LOOPBACK),
        (replays[1].port, 41, "novice", LOOPBACK),
    ]
    assert list(sniffer.stop()) == packets
    for replay in replays:
        replay.close()
