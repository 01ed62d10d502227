"""RDP packets for tests, written from the layouts of [MS-RDPBCGR], independently of the code under test."""

from __future__ import annotations

import struct

FIRST, LAST, SHOW_PROTOCOL, COMPRESSED = 0x1, 0x2, 0x10, 0x200000


def tpkt(tpdu: bytes) -> bytes:
    return b"\x03\x00" + struct.pack(">H", len(tpdu) + 4) + tpdu


def connection_request(cookie: str | None = "Expert", protocols: int | None = 0) -> bytes:
    variable = b"" if cookie is None else f"Cookie: mstshash={cookie}\r\n".encode("latin-1")
    if protocols is not None:
        variable += struct.pack("<BBHI", 1, 0, 8, protocols)
    return tpkt(bytes([6 + len(variable), 0xE0, 0, 0, 0, 0, 0]) + variable)


def connection_confirm(kind: int = 2, value: int = 0) -> bytes:
    return tpkt(bytes([14, 0xD0, 0, 0, 0x12, 0x34, 0]) + struct.pack("<BBHI", kind, 0x1F, 8, value))


def data_tpdu(pdu: bytes) -> bytes:
    return tpkt(b"\x02\xf0\x80" + pdu)


def ber(tag: bytes, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + struct.pack(">H", size)
    return tag + length + content


def per_length(size: int) -> bytes:
    return bytes([size]) if size < 128 else struct.pack(">H", size | 0x8000)


def block(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content) + 4) + content


def client_core(name: str = "HELPDESK-7", build: int = 19045) -> bytes:
    """TS_UD_CS_CORE up to imeFileName (2.2.1.3.2), without the block's header."""
    start = struct.pack("<IHHHHII", 0x00080004, 1024, 768, 0xCA01, 0xAA03, 0x409, build)
    return start + name.encode("utf-16-le").ljust(32, b"\0") + struct.pack("<III", 4, 0, 12) + bytes(64)


def connect_initial(*names: str, core: bytes = bytes(8)) -> bytes:
    channels = b"".join(name.encode().ljust(8, b"\0") + struct.pack("<I", 0x80800000) for name in names)
    blocks = block(0xC001, core) + block(0xC003, struct.pack("<I", len(names)) + channels)
    create = b"\x00\x08\x00\x10\x00\x01\xc0\x00Duca" + per_length(len(blocks)) + blocks
    gcc = b"\x00\x05\x00\x14\x7c\x00\x01" + per_length(len(create)) + create
    parameters = ber(b"\x30", ber(b"\x02", b"\x22"))
    selectors = ber(b"\x04", b"\x01") * 2 + ber(b"\x01", b"\xff")
    return data_tpdu(ber(b"\x7f\x65", selectors + parameters * 3 + ber(b"\x04", gcc)))


def connect_response(*ids: int, method: int = 0, level: int = 0, io_channel: int = 1003) -> bytes:
    network = struct.pack(f"<HH{len(ids)}H", io_channel, len(ids), *ids)
    blocks = block(0x0C01, bytes(4)) + block(0x0C02, struct.pack("<II", method, level)) + block(0x0C03, network)
    gcc = b"\x00\x05\x00\x14\x7c\x00\x01\x2a\x14\x76\x0a\x01\x01\x00\x01\xc0\x00McDn" + per_length(len(blocks)) + blocks
    start = ber(b"\x0a", b"\x00") + ber(b"\x02", b"\x00") + ber(b"\x30", ber(b"\x02", b"\x22"))
    return data_tpdu(ber(b"\x7f\x66", start + ber(b"\x04", gcc)))


def send_data(channel: int, data: bytes, from_client: bool) -> bytes:
    head = bytes([0x64 if from_client else 0x68]) + struct.pack(">HH", 6, channel) + b"\x70"
    return data_tpdu(head + per_length(len(data)) + data)


def info_packet(
    domain: str, user: str, password: str, shell: str, directory: str,
    flags: int = 0x10, code_page: int = 0x409, codec: str = "utf-16-le",
) -> bytes:  # fmt: skip
    """TS_INFO_PACKET (2.2.1.11.1.1) without extraInfo."""
    texts = [text.encode(codec) for text in (domain, user, password, shell, directory)]
    terminator = bytes(2 if flags & 0x10 else 1)
    sizes = struct.pack("<5H", *map(len, texts))
    return struct.pack("<II", code_page, flags) + sizes + b"".join(text + terminator for text in texts)


def license_error(code: int = 7, transition: int = 2) -> bytes:
    """Preamble and LICENSE_ERROR_MESSAGE (2.2.1.12.1.1, 2.2.1.12.1.3)."""
    return struct.pack("<BBHIIHH", 0xFF, 3, 16, code, transition, 4, 0)


def with_header(flags: int, data: bytes) -> bytes:
    """A basic security header (2.2.8.1.1.2.1): SEC_INFO_PKT 0x40, SEC_LICENSE_PKT 0x80."""
    return struct.pack("<HH", flags, 0) + data


def share_control(kind: int, body: bytes = b"") -> bytes:
    """2.2.8.1.1.1.1: 0x11 Demand Active, 0x16 Deactivate All, 0x17 data."""
    return struct.pack("<HHH", len(body) + 6, kind, 1002) + body


def error_info(code: int) -> bytes:
    """Set Error Info PDU (2.2.5.1.1)."""
    return share_control(0x17, struct.pack("<IBBHBBHI", 0x103EA, 0, 1, 4, 47, 0, 0, code))


def chunk(data: bytes, total: int, flags: int) -> bytes:
    return struct.pack("<II", total, flags) + data


def channel_pdus(channel: int, message: bytes, from_client: bool, size: int = 1600) -> list[bytes]:
    """The PDUs of one message, in chunks of at most `size` bytes."""
    parts = [message[at : at + size] for at in range(0, len(message), size)] or [b""]
    pdus = []
    for index, part in enumerate(parts):
        flags = SHOW_PROTOCOL | (FIRST if index == 0 else 0) | (LAST if index == len(parts) - 1 else 0)
        pdus.append(send_data(channel, chunk(part, len(message), flags), from_client))
    return pdus


def disconnect(reason: int) -> bytes:
    return data_tpdu(bytes([0x20 | reason >> 1, (reason & 1) << 7]))


def fast_path(size: int) -> bytes:
    """A fast-path PDU with `size` bytes of data."""
    if size + 2 < 128:
        return bytes([0, size + 2]) + bytes(size)
    return b"\x00" + struct.pack(">H", (size + 3) | 0x8000) + bytes(size)


def ra_message(name: str, body: bytes) -> bytes:
    """A Remote Assistance message ([MS-RA] 2.2.1.2)."""
    channel = (name + "\0").encode("utf-16-le")
    return struct.pack("<II", len(channel), len(body)) + channel + body


def result(code: int) -> bytes:
    return ra_message("RC_CTL", struct.pack("<II", 2, code))
