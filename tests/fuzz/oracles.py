"""What every decoder promises for any bytes at all: it returns, and it returns soon, and not more than it was given."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from itertools import islice

from scapy.config import conf
from scapy.packet import Packet

from msra import layers
from msra.analysis.invitation import InvitationError, parse_invitation
from msra.capture import CaptureError, CaptureReader, Segment
from msra.capture.compression import CHUNK, unpacked
from msra.capture.link import SUPPORTED_LINK_TYPES, FragmentTable, decode_segment
from msra.capture.tcp import StreamClosed, TcpTracker
from msra.capture.tls import TlsDecryptor, TlsSecrets
from msra.engines.rdp_stream import WANTED
from msra.layers.blob import glue_point, parse_expert_blob
from msra.layers.connection_string import parse_connection_string
from msra.layers.contact import parse_contact
from msra.layers.decode import decode_message
from msra.layers.elements import decode_text, scan_elements
from msra.layers.encomsp import decode_encomsp
from msra.layers.file_transfer import FileTransfers
from msra.layers.rccommand import scan
from msra.limits import MAX_UNFINISHED
from msra.transport import fastpath, gcc, mcs, x224
from msra.transport.bulk import BulkDecompressor, BulkError
from msra.transport.channels import parse_chunk
from msra.transport.client_info import parse_client_info
from msra.transport.connection import Connection
from msra.transport.credssp import Prelude
from msra.transport.licensing import parse_license_error
from msra.transport.model import Ciphertext, Origin
from msra.transport.rdp_keys import RsaPrivateKey, load_private_keys, parse_server_certificate, parse_x509
from msra.transport.recognise import Recogniser
from msra.transport.security import SecurityLayer, parse_server_security
from msra.transport.share import share_pdus
from msra.transport.tpkt import TPKT_HEADER, Framer, Kind
from msra.transport.virtual import VirtualChannels
from tests.bench.traffic import PCAPS
from tests.fuzz import captures
from tests.fuzz.pieces import split

LINK_TYPES = sorted(SUPPORTED_LINK_TYPES)
LAYERS: list[type[Packet]] = [getattr(layers, name) for name in layers.__all__ if name.isupper() or name[:2].isupper()]
MOST_UNPACKED = 1 << 24
LARGEST_OUTPUT = 1 << 16
"""Bytes that one PDU can be decompressed to."""


def drain(items: Iterable[object]) -> None:
    """Take everything."""
    for _ in items:
        pass


# -- Capture files -----------------------------------------------------------------------------------------------------


def file(data: bytes) -> None:
    """A capture file, as a pipe."""
    try:
        reader = CaptureReader(io.BytesIO(data))
        number = 0
        for packet in islice(reader, 100_000):
            assert packet.number > number and 0 <= packet.time < 1 << 63
            number = packet.number
    except CaptureError:
        return
    assert len(reader.notes) < 100


def compression(data: bytes) -> None:
    """A compressed file, which may be a bomb: pieces are small."""
    size = 0
    try:
        for piece in unpacked(io.BytesIO(data)):
            assert len(piece) <= CHUNK
            size += len(piece)
            if size > MOST_UNPACKED:
                break
    except CaptureError:
        pass


def link(data: bytes) -> None:
    """Packets; each `control` chooses the link type."""
    fragments = FragmentTable()
    for control, packet in split(data):
        segment = decode_segment(LINK_TYPES[control % len(LINK_TYPES)], packet, len(packet) + (control >> 6), fragments)
        assert segment is None or len(segment.payload) <= len(data)


def tcp(data: bytes) -> None:
    """Segments: `control` has the direction, and the flags that matter; eight bytes of numbers, the rest is payload."""
    tracker, delivered, sent = TcpTracker(max_connections=4), 0, 0
    items = []
    for frame, (control, content) in enumerate(split(data), 1):
        ends = (b"\1\1\1\1", 1, b"\2\2\2\2", 2 + (control >> 6 & 1))
        src, sport, dst, dport = ends if control & 128 else ends[2:] + ends[:2]
        seq, ack = (int.from_bytes(content[at : at + 4], "big") for at in (0, 4))
        payload = content[8:]
        sent += len(payload)
        missing = ack & 0x3FF if control & 32 else 0
        segment = Segment(src, dst, sport, dport, seq, ack, control & 0x1F, payload, missing)
        items += tracker.feed(frame, frame, segment)
    items += tracker.finish()
    open_connections = set()
    for item in items:
        if isinstance(item, StreamClosed):
            open_connections.discard(item.connection.number)
            continue
        open_connections.add(item.connection.number)
        delivered += len(getattr(item, "data", b""))
    assert not open_connections and delivered <= sent


def tls(data: bytes) -> None:
    """Records, some of which can be decrypted; bit 0 of `control`: who sends them, bit 1: a hole comes before."""
    decryptor = TlsDecryptor(tls_secrets())
    for control, records in split(data):
        if control & 2:
            drain(decryptor.hole(bool(control & 1), control))
        drain(decryptor.feed(bool(control & 1), records))
    for from_client in (True, False):
        assert decryptor.finish(from_client) <= len(data)


@cache
def tls_secrets() -> TlsSecrets:
    """Those of the sample captures."""
    secrets = TlsSecrets()
    for path in sorted(PCAPS.glob("*.keys.txt")):
        secrets.add_keylog(path.read_bytes())
    return secrets


@cache
def rsa_keys() -> list[RsaPrivateKey]:
    """Those of the sample captures."""
    return [key for path in sorted(PCAPS.glob("*.key.pem")) for key in load_private_keys(path.read_bytes())]


def keylog(data: bytes) -> None:
    """A TLS key log, from a file or a pcapng block."""
    TlsSecrets().add_keylog(data)


# -- RDP ---------------------------------------------------------------------------------------------------------------


def recognise(data: bytes) -> None:
    """Segments of a stream that may be RDP."""
    recogniser = Recogniser()
    for _, segment in split(data):
        recogniser.feed(segment)
        assert len(recogniser.rest()) <= 14


def tpkt(data: bytes) -> None:
    """Every byte comes back exactly once."""
    for synchronised in (True, False):
        framer, fed, back = Framer(synchronised), 0, 0
        for control, piece in split(data):
            fed += len(piece)
            for frame in framer.feed(piece):
                back += len(frame.data) + (TPKT_HEADER if frame.kind is Kind.TPKT else 0)
            if control & 1:
                back += framer.drop()
        assert back + framer.drop() == fed


def pdus(data: bytes) -> None:
    """X.224, MCS and GCC; licensing, Client Info, share control, fast path."""
    x224.is_connect(data)
    if x224.code(data) in (x224.CONNECTION_REQUEST, x224.CONNECTION_CONFIRM):
        x224.parse_negotiation(data)
    for pdu in (data, x224.data_payload(data) if x224.code(data) == x224.DATA else b""):
        mcs.connect_type(pdu)
        if mcs.domain_type(pdu) == mcs.DISCONNECT_PROVIDER_ULTIMATUM:
            mcs.disconnect_reason(pdu)
        sent = mcs.parse_send_data(pdu)
        assert sent is None or len(sent.data) <= len(data)
        for user_data in (pdu, mcs.connect_user_data(pdu)):
            for _, block in gcc.blocks(user_data):
                blocks(block)
    blocks(data)
    parse_license_error(data)
    parse_client_info(data)
    drain(share_pdus(data))
    fastpath.parse_header(data, fips=True)
    fastpath.parse_header(data)
    assert sum(len(update.data) for update in fastpath.updates(data)) <= len(data)


def blocks(block: bytes) -> None:
    """GCC user data."""
    gcc.client_core(block)
    assert len(gcc.channel_names(block)) <= len(block)
    assert len(gcc.channel_ids(block)[1]) <= len(block)
    gcc.message_channel(block)
    parse_server_security(block)


def certificate(data: bytes) -> None:
    """What the server sends, and key files."""
    parse_x509(data)
    parse_server_certificate(data)
    with suppress(ValueError):
        load_private_keys(data)


def security(data: bytes) -> None:
    """The block that starts it, then PDUs; bit 0 of `control`: who sends, bit 1: fast path, bit 2: a hole before."""
    first, *rest = [*split(data)] or [(0, b"")]
    server = parse_server_security(first[1])
    if server is None:
        return
    layer = SecurityLayer(server.method, server.level, server.server_random, server.certificate, rsa_keys())
    for control, body in rest:
        from_client = bool(control & 1)
        if control & 4:
            layer.lost(from_client, control * 5, body[:control])
        if control & 2:
            opened = layer.unprotect_fast_path(from_client, control >> 6, body)
        else:
            opened = layer.unprotect(from_client, body)
        assert len(opened.data) <= len(body)


def decompression(data: bytes) -> None:
    """Compressed data of one side: `control` is the byte of flags; with bit 4, which means nothing, some was lost."""
    decompressor = BulkDecompressor()
    for control, packed in split(data):
        if control & 16:
            decompressor.lose()
        with suppress(BulkError):
            assert len(decompressor.decompress(control, packed)) <= max(LARGEST_OUTPUT, len(packed))


def channels(data: bytes) -> None:
    """Channel PDUs of a static channel, of drdynvc, and of one that is not known."""
    channels = VirtualChannels(WANTED)
    if data[:1] < b"\x80":
        channels.set_names(("remdesk", "encomsp", "drdynvc"))
        channels.set_ids((1004, 1005, 1006))
    for control, pdu in split(data):
        chunk = parse_chunk(pdu)
        if chunk is not None:
            origin = Origin(bool(control & 1), 1, 1)
            drain(channels.chunk(origin, 1004 + (control >> 1 & 3), chunk, chunk.data))
    left = channels.drop(True) + channels.drop(False)
    assert left <= len(data)


def credssp(data: bytes) -> None:
    """What comes before RDP in TLS."""
    prelude = Prelude()
    for control, piece in split(data):
        if prelude.done:
            break
        drain(prelude.feed(Origin(bool(control & 1), 1, 1), piece))


def rdp(data: bytes) -> None:
    """Both sides; bit 0 of `control`: who sends, bit 1: a hole before, 2 and 3 of the first: cut at the start."""
    connection: Connection | None = None
    for control, piece in split(data):
        connection = connection or Connection(WANTED, not control & 4, not control & 8, rsa_keys())
        origin = Origin(bool(control & 1), 1, 1)
        if control & 2:
            drain(connection.hole(origin, control, "lost_segment"))
        for item in connection.feed(origin, piece):
            if isinstance(item, Ciphertext):
                drain(connection.feed_clear(item.origin, item.data))
    if connection is not None:
        assert connection.channels.drop(True) <= MAX_UNFINISHED and connection.channels.drop(False) <= MAX_UNFINISHED
        drain(connection.finish([Origin(True, 1, 1), Origin(False, 1, 1)]))


# -- Remote Assistance -------------------------------------------------------------------------------------------------


def layer(data: bytes) -> None:
    """The first byte chooses one of Scapy's layers: it is dissected, shown, and built again."""
    if len(data) < 2:
        return  # without bytes, Scapy makes a layer of defaults
    conf.debug_dissector = True  # Scapy hides what a layer raises, otherwise
    packet = LAYERS[data[0] % len(LAYERS)](data[1:])
    packet.show(dump=True)
    packet.show2(dump=True)
    packet.summary()
    packet.command()
    built = bytes(packet)
    assert built == data[1:], "bytes change on their way through a layer"
    again = packet.copy()
    again.clear_cache()
    bytes(again)


def message(data: bytes) -> None:
    """Messages of one channel, with the files that are transferred."""
    decoded = decode_message(data)
    assert decoded is None or decoded.body_len <= len(data)
    transfers = FileTransfers()
    for control, part in split(data):
        decoded = decode_message(part)
        if decoded is not None:
            transfers.classify("expert" if control & 1 else "novice", decoded)


def encomsp(data: bytes) -> None:
    """Every byte is in an order or behind the last."""
    orders, unread = decode_encomsp(data)
    assert sum(order.size for order in orders) + unread == len(data)


def text(data: bytes) -> None:
    """All that is written in characters: RCCOMMAND, expert blobs, connection strings, and XML in general."""
    glue_point(data)
    for string in (decode_text(data), data.decode("utf-16-le", "replace"), data.decode("latin-1")):
        scan(string)
        parse_expert_blob(string)
        parse_connection_string(string)
        scan_elements(string)


def contact(data: bytes) -> None:
    """A contact file."""
    parse_contact(data)


def invitation(data: bytes) -> None:
    """An invitation file, whose only error is its own."""
    with suppress(InvitationError):
        repr(parse_invitation(data))


Oracle = Callable[[bytes], None]
ORACLES: Mapping[str, Oracle] = {
    "file": file,
    "compression": compression,
    "link": link,
    "tcp": tcp,
    "tls": tls,
    "keylog": keylog,
    "recognise": recognise,
    "tpkt": tpkt,
    "pdus": pdus,
    "certificate": certificate,
    "security": security,
    "decompression": decompression,
    "channels": channels,
    "credssp": credssp,
    "rdp": rdp,
    "layer": layer,
    "message": message,
    "encomsp": encomsp,
    "text": text,
    "contact": contact,
    "invitation": invitation,
    "packets": captures.report,
    "segments": captures.report,
    "streams": captures.report,
    "scanned": captures.scanned,
}
"""All of them by name. The last four take whole captures, and differ in how these are changed (mutations.py)."""
