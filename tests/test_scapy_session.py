"""Scapy's sniff() on captures: the messages of the analyzer, as Scapy packets."""

from __future__ import annotations

import pytest
from scapy.sendrecv import sniff

import msra
from msra.codes import SAFERROR
from msra.events import Message
from msra.layers import MSRA_Chat, MSRA_Result
from msra.scapy_session import RemoteAssistanceSession
from tests.conformance.expected import PCAPS

CAPTURES = ["v2_err41_helpeesaidno.pcapng", "rich_all_types.pcapng", "tcp_tiny_v2.pcapng", "link_ipv6.pcapng",
            "link_nano.pcap", "cut_start50.pcapng", "tcp_out_of_order.pcap", "tcp_lost_segment.pcap"]  # fmt: skip


@pytest.mark.parametrize("name", CAPTURES)
def test_the_same_messages_as_the_analyzer(name: str) -> None:
    packets = sniff(offline=str(PCAPS / name), session=RemoteAssistanceSession, quiet=True)
    events = [e for e in msra.iter_events(PCAPS / name, engine="embedded") if isinstance(e, Message)]
    assert [(p.message.frame, p.message.sender, p.message.type, p.message.fields) for p in packets] == [
        (e.frame, e.sender, e.type, e.fields) for e in events
    ]
    assert all(abs(float(p.time) - e.time / 1e9) < 1e-5 for p, e in zip(packets, events, strict=True))


def test_the_48_codes() -> None:
    packets = sniff(offline=str(PCAPS / "v2_all48_codes.pcapng"), session=RemoteAssistanceSession, quiet=True)
    results = [packet[MSRA_Result].result for packet in packets if MSRA_Result in packet]
    assert results == [int(code) for code in SAFERROR]


def test_filters_see_layers() -> None:
    found = sniff(
        offline=str(PCAPS / "rich_all_types.pcapng"), session=RemoteAssistanceSession, quiet=True,
        lfilter=lambda packet: MSRA_Chat in packet,
    )  # fmt: skip
    assert [str(packet[MSRA_Chat].text)[:9] for packet in found] == ["Hello Bob", "My printe", "no termin", "Long ong "]
