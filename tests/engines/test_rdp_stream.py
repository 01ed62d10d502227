"""One RDP connection: TLS without keys, and the state of file transfers."""

from __future__ import annotations

from msra.engines.effort import Effort, Reserve
from msra.engines.interface import Options
from msra.engines.rdp_stream import RdpStream, identify
from msra.engines.secrets import load_secrets
from msra.events import Endpoint, Event, Fact, Gap, Message
from msra.transport.room import Rooms
from tests.transport import builders as rdp


def tls_record(kind: int, fragment: bytes) -> bytes:
    return bytes([kind, 3, 3]) + len(fragment).to_bytes(2, "big") + fragment


def server_hello(version: int) -> bytes:
    extension = (43).to_bytes(2, "big") + b"\x00\x02" + version.to_bytes(2, "big")
    extensions = (len(extension)).to_bytes(2, "big") + extension
    body = b"\x03\x03" + bytes(32) + b"\x00" + b"\x13\x02" + b"\x00" + extensions
    return b"\x02" + len(body).to_bytes(3, "big") + body


class Feed:
    def __init__(self) -> None:
        ends = Endpoint("10.0.0.1", 50000), Endpoint("10.0.0.2", 49230)
        self.stream = RdpStream(1, *ends, True, True, load_secrets(Options()), Rooms(), Effort(Reserve()))
        self.events: list[Event] = []
        self.frame = 0

    def __call__(self, from_client: bool, *packets: bytes) -> Feed:
        for packet in packets:
            self.frame += 1
            self.events += self.stream.feed(from_client, packet, self.frame, 0)
        return self


def test_tls_without_keys() -> None:
    feed = Feed()(True, rdp.connection_request(protocols=1))(False, rdp.connection_confirm(value=1))
    hello = tls_record(22, server_hello(0x0304))
    feed(True, tls_record(22, bytes(50)))(False, hello[:20], hello[20:] + tls_record(23, bytes(100)))
    feed(True, tls_record(23, bytes(7))[:8])
    feed.events += feed.stream.finish()
    facts = {event.name: event for event in feed.events if isinstance(event, Fact)}
    assert facts["tls"].data == {"version": "tls1.3"} and facts["tls"].frame == 5
    assert "ClientHello is not in the capture" in str(facts["unreadable"].data["reason"])
    gaps = [(gap.frame, gap.sender, gap.kind, gap.size) for gap in feed.events if isinstance(gap, Gap)]
    assert gaps == [(5, "novice", "encrypted", 100), (6, "expert", "incomplete_pdu", 8)]


def test_after_lost_bytes_all_of_tls_is_a_gap() -> None:
    feed = Feed()(True, rdp.connection_request(protocols=1))(False, rdp.connection_confirm(value=1))
    feed.events += feed.stream.hole(False, 10, "lost_segment", 3, 0)
    feed(False, b"anything")
    feed.events += feed.stream.finish()
    gaps = [(gap.kind, gap.size) for gap in feed.events if isinstance(gap, Gap)]
    assert gaps == [("lost_segment", 10), ("incomplete_pdu", 8)]


def test_a_block_that_looks_like_a_command() -> None:
    """The state of a transfer belongs to its connection ([MS-RA] 3.9)."""
    feed = Feed()(True, rdp.connection_request())(False, rdp.connection_confirm())
    feed(True, rdp.connect_initial("remdesk"))(False, rdp.connect_response(1004))
    end = "FILEXFEREND\0".encode("utf-16-le")
    announce = f'<RCCOMMAND NAME="FILEXFER" FILENAME="a" FILESIZE="{len(end)}" CHANNELID="RA_FX"/>\0'
    for from_client, name, body in (
        (True, "71", announce.encode("utf-16-le")),
        (False, "RA_FX", "FILEXFERACK\0".encode("utf-16-le")),
        (True, "RA_FX", end),
        (True, "RA_FX", end),
    ):
        feed(from_client, *rdp.channel_pdus(1004, rdp.ra_message(name, body), from_client))
    types = [event.type for event in feed.events if isinstance(event, Message)]
    assert types == ["RCCOMMAND", "FILEXFERACK", "FILE_DATA", "FILEXFEREND"]


def test_identifying() -> None:
    for name in ("RC_CTL", "70", "71", "RA_FX", "1000.612009461", "172.31.251.165.612009461"):
        assert identify(rdp.ra_message(name, b"\x04\0\0\0")) == "remdesk"
    assert identify(rdp.ra_message("other", b"\x04\0\0\0")) is None
    assert identify(rdp.ra_message("RC_CTL", b"\x04\0\0\0") + b"more") is None
    assert identify(b"") is None


def test_messages_beyond_all_effort_are_left_out() -> None:
    feed = Feed()
    feed.stream._effort = Effort(Reserve(0))
    feed(True, rdp.connection_request(), rdp.connect_initial("remdesk", "encomsp"))
    feed(False, rdp.connection_confirm(), rdp.connect_response(1004, 1005))
    for channel, message in ((1004, rdp.result(41)), (1005, b"\x0a\x00\x04\x00" * 1000), (1004, rdp.result(0))):
        feed(False, *rdp.channel_pdus(channel, message, False))
    feed.stream._effort.earn(1 << 20)
    feed(False, *rdp.channel_pdus(1004, rdp.result(60), False))
    messages = [event for event in feed.events if isinstance(event, Message)]
    results = [message.fields["result"] for message in messages if "result" in message.fields]
    assert results == [41, 60], "the first was earned by the handshake"
    gaps = [(event.kind, event.size) for event in feed.events if isinstance(event, Gap)]
    assert gaps == [("left_out", len(rdp.result(0)))]


def test_a_lost_answer_of_the_server_hides_no_messages() -> None:
    """Its Connect-Response has the ids of the channels."""
    feed = Feed()(True, rdp.connection_request(), rdp.connect_initial("rdpdr", "remdesk"))
    feed(False, rdp.connection_confirm())
    feed.events += feed.stream.hole(False, 100, "lost_segment", 9, 0)
    feed(False, *rdp.channel_pdus(1005, rdp.result(41), False))
    assert [event.fields["result"] for event in feed.events if isinstance(event, Message)] == [41]


def test_a_message_of_no_bytes_is_nothing() -> None:
    feed = Feed()(True, rdp.connection_request(), rdp.connect_initial("remdesk"))
    feed(False, rdp.connection_confirm(), rdp.connect_response(1004))(False, *rdp.channel_pdus(1004, b"", False))
    assert not [event for event in feed.events if isinstance(event, Gap | Message)]
