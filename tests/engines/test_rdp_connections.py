"""Finding RDP connections among others, on captures that were made for one question each."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from msra.engines.embedded import EmbeddedEngine
from msra.engines.interface import Options
from msra.events import ConnectFailed, ConnectionOpened, Endpoint, Event, Fact, Gap, Message
from tests.transport import builders as rdp
from tests.wire import ACK, FIN, RST, SYN, Talk, pcap

REMDESK = 1004


def read(folder: Path, packets: Iterable[bytes], options: Options | None = None) -> list[Event]:
    path = folder / "made.pcap"
    path.write_bytes(pcap(list(packets)))
    return list(EmbeddedEngine().read(path, options or Options()).events())


def handshake(talk: Talk, *names: str) -> list[bytes]:
    packets = [*talk.open(), *talk.send(True, rdp.connection_request())]
    packets += talk.send(False, rdp.connection_confirm())
    packets += talk.send(True, rdp.connect_initial(*(names or ("remdesk",))))
    return [*packets, *talk.send(False, rdp.connect_response(REMDESK))]


def results(events: Iterable[Event]) -> list[tuple[int, int, object]]:
    return [(e.connection, e.frame, e.fields["result"]) for e in events if isinstance(e, Message)]


def refusal(code: int = 41) -> list[bytes]:
    return rdp.channel_pdus(REMDESK, rdp.result(code), from_client=False)


def of_tcp(events: Iterable[Event]) -> list[Fact]:
    return [event for event in events if isinstance(event, Fact) and event.name.startswith("tcp_")]


def tcp(events: Iterable[Event]) -> list[tuple[int, str, str, object]]:
    """The facts of TCP: frame, sender, name and how."""
    return [(fact.frame, fact.sender, fact.name, fact.data.get("how", "")) for fact in of_tcp(events)]


def test_a_session(tmp_path: Path) -> None:
    talk = Talk()
    events = read(tmp_path, [*handshake(talk), *talk.send(False, *refusal()), *talk.close()])
    opened = events[0]
    assert opened == ConnectionOpened(1, 4, 4_000_000, Endpoint("10.0.1.1", 50000), Endpoint("10.0.1.2", 49230))
    assert [event.name for event in events if isinstance(event, Fact)] == [
        "connection_request", "connection_confirm", "client_channels", "server_channels", "security",
        "tcp_syn", "tcp_syn_ack", "tcp_close",
    ]  # fmt: skip
    (message,) = [event for event in events if isinstance(event, Message)]
    assert (message.frame, message.time, message.sender, message.channel) == (8, 8_000_000, "novice", "RC_CTL")
    assert message.fields["result_name"] == "SAFERROR_HELPEESAIDNO"


def test_sessions_side_by_side_keep_their_channels_apart(tmp_path: Path) -> None:
    """The same channel id means another channel in another connection."""
    talks = [Talk(client_port=50000 + index, network=index) for index in range(4)]
    queues = [handshake(talk, "rdpsnd" if index == 3 else "remdesk") for index, talk in enumerate(talks)]
    for index, talk in enumerate(talks):
        queues[index] += talk.send(False, *refusal(40 + index))
    shuffled, source = [], random.Random(1)
    while any(queues):
        queue = source.choice([queue for queue in queues if queue])
        shuffled.append(queue.pop(0))
    assert sorted(code for _, _, code in results(read(tmp_path, shuffled))) == [40, 41, 42]


def test_an_expert_that_did_not_open_the_tcp_connection(tmp_path: Path) -> None:
    """Roles come from the RDP client, not from the SYN ([MS-RA] 1.3)."""
    talk = Talk()
    packets = [*talk.open(), *talk.send(False, rdp.connection_request()), *talk.send(True, rdp.connection_confirm())]
    events = read(tmp_path, packets)
    (opened,) = [event for event in events if isinstance(event, ConnectionOpened)]
    assert opened.expert == Endpoint("10.0.1.2", 49230)
    assert tcp(events) == [
        (1, "novice", "tcp_syn", ""),
        (2, "expert", "tcp_syn_ack", ""),
        (5, "novice", "tcp_close", "end"),
    ]


def test_a_capture_that_starts_inside_a_pdu(tmp_path: Path) -> None:
    talk = Talk()
    packets = talk.send(False, b"the end of some PDU" + refusal()[0], *refusal(42))
    events = read(tmp_path, packets)
    assert results(events) == [(1, 1, 41), (1, 2, 42)]


@pytest.mark.parametrize("missing", range(5))
def test_a_capture_that_starts_within_the_handshake(tmp_path: Path, missing: int) -> None:
    """Behind the SYN, at the connection request or confirm: both sides are read from their first PDU on."""
    talk = Talk()
    events = read(tmp_path, [*handshake(talk, "cliprdr", "remdesk")[missing:], *talk.send(False, *refusal())])
    named = [event.data for event in events if isinstance(event, Fact) and event.name == "client_channels"]
    assert named == [{"channel_names": ("cliprdr", "remdesk")}]
    assert [event for event in events if isinstance(event, Gap)] == []


def test_decode_as_takes_any_port(tmp_path: Path) -> None:
    talk = Talk()
    packets = [*talk.open(), *talk.send(False, b"\x01 not RDP at all")]
    assert read(tmp_path, packets) == []
    opened, gap, *_facts = read(tmp_path, packets, Options(decode_as=frozenset({49230})))
    assert isinstance(opened, ConnectionOpened) and opened.novice.port == 49230
    assert isinstance(gap, Gap) and gap.kind == "incomplete_pdu"


def test_a_message_without_a_header_is_a_gap(tmp_path: Path) -> None:
    talk = Talk()
    pdus = rdp.channel_pdus(REMDESK, b"\xff" * 30, from_client=False)
    events = read(tmp_path, [*handshake(talk), *talk.send(False, *pdus)])
    (gap,) = [event for event in events if isinstance(event, Gap)]
    assert (gap.kind, gap.size, gap.sender) == ("bad_header", 30, "novice")


@pytest.mark.parametrize("seed", range(5))
def test_segmentation_order_and_duplicates_do_not_matter(tmp_path: Path, seed: int) -> None:
    source, talk = random.Random(seed), Talk()
    packets = handshake(talk)
    stream = rdp.fast_path(500) + b"".join(refusal(41) + refusal(42)) + rdp.fast_path(20)
    start, pieces = talk.sequence[False], []
    at = 0
    while at < len(stream):
        size = source.randint(1, 40)
        pieces.append((start + at, stream[at : at + size]))
        at += size
    pieces += source.sample(pieces, 5)
    for index in range(len(pieces) - 1):
        if source.random() < 0.3:
            pieces[index], pieces[index + 1] = pieces[index + 1], pieces[index]
    packets += [talk.packet(False, 0x10, piece, sequence) for sequence, piece in pieces]
    events = read(tmp_path, packets)
    assert [code for _, _, code in results(events)] == [41, 42]
    assert [event for event in events if isinstance(event, Gap)] == []


def test_other_traffic_is_left_alone(tmp_path: Path) -> None:
    talk = Talk(server_port=80)
    packets = [*talk.open(), *talk.send(True, b"GET / HTTP/1.1\r\n\r\n"), *talk.send(False, *[bytes(1400)] * 300)]
    assert read(tmp_path, packets) == []


def test_the_tcp_story(tmp_path: Path) -> None:
    """Its frames stand before and behind those of RDP; the connection keeps the frame of its first RDP bytes."""
    talk = Talk()
    syn, *rest = handshake(talk)
    events = read(tmp_path, [syn, syn, *rest, *talk.close()])
    assert tcp(events) == [
        (1, "expert", "tcp_syn", ""),
        (3, "novice", "tcp_syn_ack", ""),
        (9, "expert", "tcp_close", "fin"),
    ]
    (opened,) = [event for event in events if isinstance(event, ConnectionOpened)]
    assert opened.frame == 5


@pytest.mark.parametrize(("from_client", "sender"), [(True, "expert"), (False, "novice")])
def test_who_resets(tmp_path: Path, from_client: bool, sender: str) -> None:
    talk = Talk()
    packets = [*handshake(talk), talk.packet(from_client, RST)]
    assert tcp(read(tmp_path, packets))[-1] == (8, sender, "tcp_close", "rst")


def test_a_reset_after_a_fin_does_not_change_who_closed_first(tmp_path: Path) -> None:
    talk = Talk()
    packets = [*handshake(talk), talk.packet(False, FIN | ACK), talk.packet(True, RST)]
    assert tcp(read(tmp_path, packets))[-1] == (8, "novice", "tcp_close", "fin")


def test_both_close_at_once(tmp_path: Path) -> None:
    """The capture's order decides: at its place this FIN was the first."""
    talk = Talk()
    packets = [*handshake(talk), talk.packet(False, FIN | ACK), talk.packet(True, FIN | ACK)]
    assert tcp(read(tmp_path, packets))[-1] == (8, "novice", "tcp_close", "fin")


def test_a_capture_that_starts_in_the_middle_has_no_connect(tmp_path: Path) -> None:
    assert tcp(read(tmp_path, Talk().send(False, *refusal(42)))) == [(1, "novice", "tcp_close", "end")]


def test_reused_ports(tmp_path: Path) -> None:
    """Two connections of the same ports: the first one ends with the SYN of the second, which nobody sent to close."""
    first, second = Talk(), Talk(sequence={True: 5_000_000, False: 7_000_000})
    events = read(tmp_path, [*handshake(first), *handshake(second)])
    assert [(event.connection, *one) for event, one in zip(of_tcp(events), tcp(events), strict=True)] == [
        (1, 1, "expert", "tcp_syn", ""), (1, 2, "novice", "tcp_syn_ack", ""), (1, 8, "expert", "tcp_close", "reused"),
        (2, 8, "expert", "tcp_syn", ""), (2, 9, "novice", "tcp_syn_ack", ""), (2, 14, "novice", "tcp_close", "end"),
    ]  # fmt: skip


def test_failed_connects_come_last(tmp_path: Path) -> None:
    """A refused connect to the port of a novice counts, though that it is one shows only later; a web server's not."""
    refused, web, talk = Talk(client_port=50007), Talk(server_port=443), Talk()
    packets = [refused.packet(True, SYN), refused.packet(False, RST | ACK)]
    packets += [web.packet(True, SYN), web.packet(False, RST | ACK), *handshake(talk), *talk.close()]
    events = read(tmp_path, packets)
    expert, novice = Endpoint("10.0.1.1", 50007), Endpoint("10.0.1.2", 49230)
    assert events[-1] == ConnectFailed(0, 1, 1_000_000, expert, novice, "refused", (1, 2))
    assert sum(isinstance(event, ConnectFailed) for event in events) == 1


def test_traffic_without_rdp_is_no_failed_connect(tmp_path: Path) -> None:
    """Neither is a connection that was given up because of its many bytes."""
    talk = Talk(server_port=3389)
    short = [*talk.open(), *talk.send(True, b"GET / HTTP/1.1\r\n\r\n"), *talk.close()]
    assert read(tmp_path, short) == []
    talk = Talk(server_port=3389)
    long = [*talk.open(), *talk.send(False, *[bytes(1400)] * 300), *talk.close()]
    assert read(tmp_path, long) == []
