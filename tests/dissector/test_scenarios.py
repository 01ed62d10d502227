"""What bytes may go through on their way: segments, chunks, dynamic channels, loss, damage; synthetic captures."""

from __future__ import annotations

import random
import struct

import pytest

from tests.dissector.conversation import DRDYNVC, ENCOMSP, EXPERT, NOVICE, REMDESK, Conversation, chat, text
from tests.dissector.tshark import Layer, Sandbox
from tests.transport import builders as rdp
from tests.wire import ACK, Talk, pcap

PASSES = [pytest.param((), id="one-pass"), pytest.param(("-2",), id="two-pass")]
FIRST, LAST, COMPRESSED = rdp.FIRST, rdp.LAST, rdp.COMPRESSED


def chunk(data: bytes, flags: int, from_client: bool = EXPERT, channel: int = REMDESK) -> bytes:
    """One channel PDU with these flags."""
    return rdp.send_data(channel, rdp.chunk(data, len(data), flags), from_client)


def dynamic(pdu: bytes, from_client: bool) -> bytes:
    """One drdynvc PDU."""
    return chunk(pdu, FIRST | LAST, from_client, DRDYNVC)


def gaps(layers: list[Layer]) -> list[tuple[str | None, str | None, int | None]]:
    """Sender, kind and size of each gap."""
    found = [one for one in layers if one.get("event") == "gap"]
    return [(one.get("from"), one.get("gap"), one.number("gap_size")) for one in found]


def results(layers: list[Layer]) -> list[int | None]:
    """The result codes in order."""
    return [one.number("result") for one in layers if one.name == "msra"]


@pytest.mark.parametrize("passes", PASSES)
def test_several_messages_in_a_segment(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """All arrive, also behind fast-path PDUs, with columns for all of them."""
    first, second = rdp.channel_pdus(REMDESK, rdp.result(41), NOVICE), rdp.channel_pdus(REMDESK, rdp.result(0), NOVICE)
    other = chunk(b"cliprdr", FIRST | LAST, NOVICE, 1004)
    segment = rdp.fast_path(100) + first[0] + other + rdp.fast_path(5) + second[0] + other
    talk = Conversation().connect().send(NOVICE, segment)
    layers = sandbox.messages(talk.capture(), *passes)
    assert results(layers) == [41, 0] and [one.frame for one in layers] == [8, 8]
    line = sandbox.tshark(talk.capture(), "-Y", "msra", *passes)
    expected = "REMOTEDESKTOP_CTL_RESULT: SAFERROR_HELPEESAIDNO (41); REMOTEDESKTOP_CTL_RESULT: SAFERROR_NOERROR (0)"
    assert line.rstrip().endswith(expected) and " MS-RA " in line


@pytest.mark.parametrize("passes", PASSES)
def test_pdus_cut_anywhere_by_tcp(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """Segments of any size: the end of one PDU and the start of the next, and single bytes."""
    stream = b"".join(rdp.channel_pdus(REMDESK, rdp.result(code), NOVICE)[0] + rdp.fast_path(300) for code in range(20))
    talk, at, size = Conversation().connect(), 0, 0
    while at < len(stream):
        size = size % 97 + 1
        talk.send(NOVICE, stream[at : at + size])
        at += size
    assert results(sandbox.messages(talk.capture(), *passes)) == list(range(20))


@pytest.mark.parametrize("passes", PASSES)
def test_chunks_of_both_sides_and_channels_interleave(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """Each channel and direction has its own message under way; the frame of the last chunk shows it, highlighted in
    the reassembled data.
    """
    long_text = "x" * 3000
    ours, theirs = chat(long_text + "expert"), chat(long_text + "novice")
    from_expert, from_novice = rdp.channel_pdus(REMDESK, ours, EXPERT), rdp.channel_pdus(REMDESK, theirs, NOVICE, 1650)
    talk = Conversation().connect()
    for mine, yours, noise in zip(from_expert, from_novice, rdp.channel_pdus(1004, bytes(5000), EXPERT), strict=True):
        talk.send(EXPERT, mine + noise).send(NOVICE, yours)
    messages = sandbox.messages(talk.capture(), *passes)
    assert [one.get("text") for one in messages] == [long_text + "expert", long_text + "novice"]
    assert [one.get("from") for one in messages] == ["expert", "novice"]
    assert messages[0].item("text").position == 8 + 6 and messages[0].item("text").size == len(text(long_text)) + 12


@pytest.mark.parametrize("passes", PASSES)
def test_dynamic_channel(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """RC_CTL over drdynvc, whole and in parts, with 1, 2 and 4 byte ids ([MS-RDPEDYC] 2.2); others are not read."""
    whole, parts = rdp.result(61), chat("y" * 2000)
    talk = Conversation().connect("drdynvc", "rdpdr")
    talk.send(NOVICE, dynamic(b"\x10\x07RC_CTL\0", NOVICE), dynamic(b"\x11\x08\x01other\0", NOVICE))
    talk.send(EXPERT, dynamic(b"\x10\x07\0\0\0\0", EXPERT))
    talk.send(NOVICE, dynamic(b"\x31\x08\x01" + whole, NOVICE), dynamic(b"\x32\x07\0\0\0" + whole, NOVICE))
    talk.send(EXPERT, dynamic(b"\x25\x07\0" + struct.pack("<H", len(parts)) + parts[:1500], EXPERT))
    talk.send(NOVICE, dynamic(b"\x30\x07" + whole, NOVICE))
    talk.send(EXPERT, dynamic(b"\x30\x07" + parts[1500:], EXPERT))
    talk.send(NOVICE, dynamic(b"\x70\x07" + bytes(9), NOVICE), dynamic(b"\x30\x07nonsense", NOVICE))
    talk.send(NOVICE, dynamic(b"\x40\x07", NOVICE), dynamic(b"\x30\x07" + whole, NOVICE))
    layers = sandbox.layers(talk.capture(), *passes)
    messages = [one for one in layers if one.name == "msra"]
    assert results(messages) == [61, 61, None]
    assert messages[2].get("text") == "y" * 2000
    assert gaps(layers) == [("novice", "compressed", 9), ("novice", "bad_header", 8)]


@pytest.mark.parametrize("passes", PASSES)
def test_capture_that_starts_in_the_middle(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """Without a channel list a channel is recognised by a message that fits exactly, and read from then on."""
    talk = Conversation()
    talk.send(NOVICE, chunk(b"no message", FIRST | LAST, NOVICE, 1009), chunk(rdp.result(0)[:-1], FIRST | LAST, NOVICE))
    talk.send(NOVICE, chunk(rdp.ra_message("other", b"1234"), FIRST | LAST, NOVICE, 1009))
    talk.message(NOVICE, rdp.result(41)).message(EXPERT, rdp.ra_message("other", b"1234"))
    talk.message(NOVICE, rdp.ra_message("1.2.3.4.612009461", b"block"), 1009)
    layers = sandbox.layers(talk.capture(), *passes)
    messages = [one for one in layers if one.name == "msra"]
    assert [one.get("type") for one in messages] == ["REMOTEDESKTOP_CTL_RESULT", "UNKNOWN", "FILE_DATA"]
    assert [one.get("event") for one in layers if one.name == "msra_rdp"] == ["open"]
    assert layers[0].get("novice_ip") == "10.0.1.2" and layers[0].number("novice_port") == 49230


@pytest.mark.parametrize("passes", PASSES)
def test_unfinished_and_invalid_messages(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """They are gaps with the number of bytes, and reading goes on."""
    talk = Conversation().connect().send(EXPERT, chunk(b"1234567", FIRST), chunk(b"89", 0))
    talk.message(EXPERT, rdp.result(1)).send(EXPERT, chunk(b"lost start", LAST), chunk(b"no header", FIRST | LAST))
    talk.send(EXPERT, chunk(b"\x01\0\0\0" + bytes(30), FIRST | LAST)).message(EXPERT, rdp.result(3))
    layers = sandbox.layers(talk.capture(), *passes)
    assert results(layers) == [1, 3]
    assert gaps(layers) == [
        ("expert", "incomplete_message", 9), ("expert", "incomplete_message", 10),
        ("expert", "bad_header", 9), ("expert", "bad_header", 34),
    ]  # fmt: skip


def test_compressed_and_encrypted_chunks(sandbox: Sandbox) -> None:
    """On the channels of Remote Assistance they are gaps; what others carry is nobody's business."""
    talk = Conversation().connect(method=2, level=1)
    talk.send(EXPERT, rdp.send_data(REMDESK, struct.pack("<HH", 0x0808, 0) + bytes(20), EXPERT))
    talk.send(EXPERT, rdp.send_data(1004, struct.pack("<HH", 0x0808, 0) + bytes(20), EXPERT))
    plain = struct.pack("<HH", 0, 0) + rdp.chunk(rdp.result(7), len(rdp.result(7)), FIRST | LAST)
    talk.send(NOVICE, rdp.send_data(REMDESK, plain, NOVICE))
    packed = struct.pack("<HH", 0, 0) + rdp.chunk(b"packed", 100, FIRST | LAST | COMPRESSED)
    talk.send(NOVICE, *(rdp.send_data(channel, packed, NOVICE) for channel in (REMDESK, ENCOMSP, DRDYNVC, 1004)))
    layers = sandbox.layers(talk.capture())
    assert results(layers) == [7]
    assert gaps(layers) == [("expert", "encrypted", 24), *[("novice", "compressed", 6)] * 3]


def test_connections_without_remote_assistance(sandbox: Sandbox) -> None:
    """An ordinary RDP connection has facts, but neither messages nor gaps, whatever it carries."""
    talk = Conversation().connect("rdpdr", "drdynvc").send(EXPERT, chunk(rdp.result(1), FIRST | LAST, EXPERT, 1004))
    talk.send(NOVICE, chunk(b"x", FIRST | LAST | COMPRESSED, NOVICE, DRDYNVC)).send(NOVICE, rdp.disconnect(3))
    layers = sandbox.layers(talk.capture())
    facts = ["open", "connection_request", "connection_confirm", "client_channels", "server_channels", "security"]
    assert [one.get("event") for one in layers] == [*facts, "disconnect"]
    assert layers[3].all("channel_names") == ["rdpdr", "drdynvc"] and layers[4].all("channel_ids") == ["1004", "1006"]
    assert layers[6].number("reason") == 3
    assert sandbox.tshark(talk.capture(), "-Y", "msra") == ""


@pytest.mark.parametrize("passes", PASSES)
def test_addresses_and_ports_that_are_used_again(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """Each connection counts, also those between the same ends, with their own channels."""
    talk = Conversation().connect("remdesk").message(NOVICE, rdp.result(41)).close()
    talk.talk = Talk(sequence={True: 777000, False: 888000})
    talk.connect("rdpdr", "drdynvc").close()
    talk.talk = Talk(sequence={True: 99000, False: 5500})
    talk.connect().message(NOVICE, rdp.result(0))
    talk.talk = Talk(client_port=50001)
    messages = sandbox.messages(talk.connect().message(NOVICE, rdp.result(61)).capture(), *passes)
    assert [(one.number("connection"), one.number("result")) for one in messages] == [(1, 41), (3, 0), (4, 61)]


def test_bytes_that_are_no_pdu(sandbox: Sandbox) -> None:
    """They are skipped up to the next PDU that can be nothing else; the rest is read."""
    pdu = rdp.channel_pdus(REMDESK, rdp.result(41), NOVICE)[0]
    talk = Conversation().connect().send(NOVICE, b"\x03\x01nonsense" + pdu, b"\xff" * 40).message(NOVICE, rdp.result(0))
    layers = sandbox.layers(talk.capture())
    assert results(layers) == [41, 0]
    assert gaps(layers) == [("novice", "bad_framing", 10), ("novice", "bad_framing", 40)]


def test_what_follows_lost_bytes(sandbox: Sandbox) -> None:
    """Behind a hole the stream goes on in the middle of a picture, which must not be taken for long PDUs: they would
    swallow the messages that follow.
    """
    noise = random.Random(3).randbytes(8 * 1460 * 4)
    for picture in (noise, b"\x00\xff" * 20000, b"\x00\x90\x00\x10" * 10000):
        talk, update = Conversation().connect(), rdp.fast_path(30000)[:6] + picture[:29997]
        for at in range(0, len(update), 1460):
            talk.send(NOVICE, update[at : at + 1460])
        del talk.packets[-21:-19]  # the start of the picture
        talk.message(NOVICE, rdp.result(41)).message(NOVICE, rdp.result(0))
        layers = sandbox.messages(talk.capture(), "-o", "tcp.reassemble_out_of_order:FALSE")
        assert results(layers) == [41, 0]


def retransmissions() -> dict[str, list[bytes]]:
    """Captures in which a segment comes more than once, in the ways in which TCP repeats one."""
    talk = Conversation().connect()
    before = talk.packets[:]
    start = talk.talk.sequence[NOVICE]
    pdu = rdp.channel_pdus(REMDESK, rdp.result(41), NOVICE)[0]

    def piece(first: int, stop: int) -> bytes:
        return talk.talk.packet(NOVICE, ACK, pdu[first:stop], start + first)

    whole, head, tail = piece(0, 99), piece(0, 20), piece(20, 99)
    talk.talk.sequence[NOVICE] = start
    asked_again = [talk.talk.packet(EXPERT, ACK)] * 4
    talk.talk.sequence[NOVICE] = start + len(pdu)
    acknowledged = talk.talk.packet(EXPERT, ACK)
    return {
        "at once": [*before, whole, whole, acknowledged],
        "after the acknowledgement": [*before, whole, acknowledged, whole],
        "fast": [*before, whole, *asked_again, whole, acknowledged],
        "the first part, then all": [*before, head, whole],
        "both parts, then all": [*before, head, tail, whole],
        "the second part first": [*before, tail, head],
        "each part twice": [*before, head, head, tail, tail, head],
    }


@pytest.mark.parametrize("passes", PASSES)
@pytest.mark.parametrize("case", retransmissions())
def test_repeated_segments(sandbox: Sandbox, case: str, passes: tuple[str, ...]) -> None:
    """A message counts once, however often TCP sends it."""
    assert results(sandbox.messages(pcap(retransmissions()[case]), *passes)) == [41]


def test_tpkt_that_somebody_else_framed(sandbox: Sandbox) -> None:
    """Wireshark's own heuristic for TPKT on any port hands the packets on: they are read all the same."""
    talk = Conversation().connect().message(NOVICE, rdp.result(41)).message(EXPERT, chat("z" * 3000))
    options = ["--disable-heuristic", "msra_rdp_tcp", "--enable-heuristic", "tpkt_tcp"]
    types = [one.get("type") for one in sandbox.messages(talk.capture(), *options)]
    assert types == ["REMOTEDESKTOP_CTL_RESULT", "CHAT"]


@pytest.mark.parametrize("passes", PASSES)
def test_decode_as(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """The user knows better: the port is the novice's, whatever the first bytes look like."""
    middle = b"\xff\xffmiddle of something" + rdp.channel_pdus(REMDESK, rdp.result(41), NOVICE)[0]
    capture = Conversation().send(NOVICE, middle).capture()
    assert sandbox.layers(capture, *passes) == []
    layers = sandbox.layers(capture, "-d", "tcp.port==49230,msra_rdp", *passes)
    assert [one.get("event") for one in layers] == ["open", "gap", None]
    assert layers[0].number("novice_port") == 49230 and results(layers) == [41]


def test_other_protocols_over_tpkt_stay_what_they_are(sandbox: Sandbox) -> None:
    """S7comm uses the same TPKT and X.224 below: the plugin must not take it."""
    talk = Conversation(Talk(server_port=102))
    talk.packets += talk.talk.open()
    setup = bytes.fromhex("32010000ccc100080000f0000001000103c0")
    talk.send(EXPERT, bytes.fromhex("0300001611e00000000100c0010ac1020100c2020102"))
    talk.send(EXPERT, rdp.data_tpdu(setup))
    protocols = sandbox.tshark(talk.capture(), "-T", "fields", "-e", "frame.protocols", "-Y", "frame.number == 5")
    assert protocols.strip().endswith("cotp:s7comm")
