"""Packets of a TCP connection, with Scapy as the judge of their checksums and our reader of their order."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.compat import raw
from scapy.layers.inet import IP, TCP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from msra.build import pcap
from msra.build.tcp import ACK, FIN, PSH, RST, SYN, TcpStream
from msra.capture import CaptureReader
from msra.events import Endpoint

ENDS = {4: (Endpoint("192.0.2.1", 50000), Endpoint("198.51.100.7", 3389))}
ENDS[6] = (Endpoint("2001:db8::1", 1), Endpoint("::1", 65535))


def stream(version: int = 4, segment_size: int = 100) -> TcpStream:
    return TcpStream(*ENDS[version], clock=5_000, step=7, segment_size=segment_size)


@pytest.mark.parametrize("version", ENDS)
@given(data=st.binary(max_size=300))
def test_checksums_and_lengths(version: int, data: bytes) -> None:
    talk = stream(version)
    talk.open()
    talk.send(False, data)
    talk.close()
    for _, packet in talk.packets:
        again = Ether(packet)
        del again[TCP].chksum
        if version == 4:
            del again[IP].chksum, again[IP].len
        else:
            del again[IPv6].plen
        assert raw(again) == packet


@given(
    st.lists(st.tuples(st.booleans(), st.binary(max_size=500)), max_size=8),
    st.integers(1, 200),
    st.sampled_from([4, 6]),
)
def test_the_stream_is_read_back(sent: list[tuple[bool, bytes]], segment_size: int, version: int) -> None:
    talk = stream(version, segment_size)
    talk.open()
    for from_client, data in sent:
        talk.send(from_client, data)
    talk.close()
    got = {True: b"", False: b""}
    for packet in talk.packets:
        layer = Ether(packet.data)[TCP]
        got[layer.sport == ENDS[version][0].port] += bytes(layer.payload)
    assert got == {side: b"".join(data for who, data in sent if who is side) for side in got}


def test_life_of_a_connection() -> None:
    talk = stream()
    talk.open()
    talk.send(True, bytes(250))
    talk.reset(False)
    segments = [Ether(packet.data)[TCP] for packet in talk.packets]
    assert [int(one.flags) for one in segments] == [SYN, SYN | ACK, ACK, *[PSH | ACK] * 3, RST | ACK]
    assert [one.seq for one in segments] == [1000, 90000, 1001, 1001, 1101, 1201, 90001]
    assert segments[0].ack == 0 and segments[-1].ack == 1251
    assert [packet.time for packet in talk.packets] == list(range(5000, 5049, 7))
    talk.close(False)
    assert [int(Ether(packet.data)[TCP].flags) for packet in talk.packets[-3:]] == [FIN | ACK, FIN | ACK, ACK]


def test_much_data_is_acknowledged() -> None:
    """Otherwise Wireshark finds the window full."""
    talk = stream(segment_size=1000)
    talk.send(True, bytes(100_000))
    answers = [Ether(packet.data)[TCP] for packet in talk.packets if Ether(packet.data)[TCP].sport == 3389]
    assert len(answers) == 3 and all(int(answer.flags) == ACK for answer in answers)


def test_wrong_addresses() -> None:
    with pytest.raises(ValueError, match="two families"):
        TcpStream(ENDS[4][0], ENDS[6][1])
    with pytest.raises(ValueError, match="does not appear"):
        TcpStream(Endpoint("novice", 1), ENDS[4][1])


def test_our_reader_reads_it() -> None:
    talk = stream()
    talk.open()
    talk.send(True, b"x" * 250)
    talk.close()
    reader = CaptureReader(io.BytesIO(pcap(talk.packets)))
    assert len(list(reader)) == len(talk.packets) and reader.notes == []
