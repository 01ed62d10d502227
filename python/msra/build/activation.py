"""From the logon to a shared screen: Client Info, capabilities, finalisation ([MS-RDPBCGR] 2.2.1.11 to 2.2.1.22).

Client Info     security header | code page u32 | flags u32 | five sizes u16 | five texts | address, folder,
                time zone, session, performance, reconnect
Demand Active   share id u32 | size of the name u16 | size of the capabilities u16 | name | number u16 | pad u16 |
                capability sets | session u32
Confirm Active  share id u32 | originator u16 | the same, without the session
capability set  type u16 | length u16, header included | data                                           2.2.1.13.1.1.1
"""

from __future__ import annotations

import struct

from msra.build.rdp import (
    CHUNK_SIZE,
    CLIENT_USER,
    IO_CHANNEL,
    SEC_INFO_PKT,
    SEC_LICENSE_PKT,
    SERVER_USER,
    SHARE_ID,
    license_error,
    send_data,
    share_control,
    share_data,
    with_header,
)

WIDTH, HEIGHT = 1024, 768

_CAPABILITIES = {
    # General: os major, minor | 0x200 | pad | compression | flags: fast path, credentials | ... | refresh, suppress
    1: struct.pack("<HHHHHHHHHBB", 1, 3, 0x200, 0, 0, 0x0405, 0, 0, 0, 1, 1),
    # Bitmap: depth | 1, 4, 8 bits | width, height | pad | resize | compression | flags | several rectangles | pad
    2: struct.pack("<HHHHHHHHHBBHH", 24, 1, 1, 1, WIDTH, HEIGHT, 0, 1, 1, 0, 0, 1, 0),
    # Order: descriptor | pad | granularity 1, 20 | pad | level | fonts | flags | no orders | save area | code page
    3: struct.pack("<16xIHHHHHH32xHHIIHHHH", 0, 1, 20, 0, 1, 0, 0xA, 0, 0, 0, 0, 0, 0, 0, 0),
    # Pointer: in colour | cache sizes
    8: struct.pack("<HHH", 1, 20, 20),
    # Share: node | pad
    9: struct.pack("<HH", SERVER_USER, 0),
    # Input: scancodes, extended mouse, Unicode, fast path | pad | layout | type, subtype, function keys | input method
    13: struct.pack("<HHIIII64x", 0x35, 0, 0x409, 4, 0, 12),
    # Font: lists are supported | pad
    14: struct.pack("<HH", 1, 0),
    # Virtual channel: no compression | chunk size
    20: struct.pack("<II", 0, CHUNK_SIZE),
}


def _io(data: bytes, from_client: bool) -> bytes:
    return send_data(IO_CHANNEL, data, from_client)


def _source(from_client: bool) -> int:
    return CLIENT_USER if from_client else SERVER_USER


def info_packet(
    domain: str, user: str, password: str, shell: str, directory: str,
    flags: int = 0x10, code_page: int = 0x409, codec: str = "utf-16-le",
) -> bytes:  # fmt: skip
    """TS_INFO_PACKET (2.2.1.11.1.1) without extraInfo; `flags` 0x10 says that the texts are Unicode."""
    texts = [text.encode(codec) for text in (domain, user, password, shell, directory)]
    terminator = bytes(2 if flags & 0x10 else 1)
    sizes = struct.pack("<5H", *map(len, texts))
    return struct.pack("<II", code_page, flags) + sizes + b"".join(text + terminator for text in texts)


def _extra_info(address: str) -> bytes:
    """TS_EXTENDED_INFO_PACKET (2.2.1.11.1.1.1), a time zone without daylight saving, and no cookie to reconnect."""
    family = 0x17 if ":" in address else 2
    client, folder = (f"{text}\0".encode("utf-16-le") for text in (address, r"C:\Windows\System32\mstscax.dll"))
    texts = struct.pack("<HH", family, len(client)) + client + struct.pack("<H", len(folder)) + folder
    name = "UTC".encode("utf-16-le").ljust(64, b"\0")
    zone = struct.pack("<i", 0) + (name + bytes(16) + struct.pack("<i", 0)) * 2
    # session | performance flags | no cookie | reserved | no name of a time zone | daylight saving is on
    return texts + zone + struct.pack("<IIHHHHH", 0, 0, 0, 0, 0, 0, 0)


def client_info(
    user: str,
    session_id: str,
    shell: str = "*",
    password: str = "*",  # noqa: S107
    address: str = "192.0.2.1",
) -> bytes:
    """The Client Info PDU (2.2.1.11) as Remote Assistance fills it ([MS-RA] 2.2.7.2).

    `session_id` is that of the invitation, `shell` "*" or the password string; `address` the expert's own.
    """
    info = info_packet("", user, password, shell, session_id, flags=0x10 | 0x1 | 0x2)  # Unicode, mouse, no Ctrl+Alt+Del
    return _io(with_header(SEC_INFO_PKT, info + _extra_info(address)), True)


def license_valid() -> bytes:
    """The server needs no licence (2.2.1.12)."""
    return _io(with_header(SEC_LICENSE_PKT, license_error()), False)


def _capability_sets() -> bytes:
    sets = (struct.pack("<HH", kind, len(data) + 4) + data for kind, data in _CAPABILITIES.items())
    return struct.pack("<HH", len(_CAPABILITIES), 0) + b"".join(sets)


def demand_active() -> bytes:
    """Demand Active PDU (2.2.1.13.1): the server is ready to share its screen."""
    sets = _capability_sets()
    head = struct.pack("<IHH", SHARE_ID, 4, len(sets)) + b"RDP\0"
    return _io(share_control(0x11, head + sets + bytes(4)), False)


def confirm_active() -> bytes:
    """Confirm Active PDU (2.2.1.13.2)."""
    sets = _capability_sets()
    head = struct.pack("<IHHH", SHARE_ID, SERVER_USER, 6, len(sets)) + b"MSTSC\0"
    return _io(share_control(0x13, head + sets, CLIENT_USER), True)


def synchronize(from_client: bool) -> bytes:
    """Synchronize PDU (2.2.1.14, 2.2.1.19): type 1 u16 | user channel of the other side u16."""
    return _io(share_data(31, struct.pack("<HH", 1, _source(not from_client)), _source(from_client)), from_client)


COOPERATE, REQUEST_CONTROL, GRANTED_CONTROL = 4, 1, 2


def control(action: int, from_client: bool) -> bytes:
    """Control PDU (2.2.1.15, 2.2.1.16, 2.2.1.20, 2.2.1.21): action u16 | grant id u16 | control id u32."""
    ids = (CLIENT_USER, SERVER_USER) if action == GRANTED_CONTROL else (0, 0)
    return _io(share_data(20, struct.pack("<HHI", action, *ids), _source(from_client)), from_client)


def font_list() -> bytes:
    """Font List PDU (2.2.1.18): number, total u16 | first and last u16 = 3 | entry size u16 = 50."""
    return _io(share_data(39, struct.pack("<HHHH", 0, 0, 3, 50), CLIENT_USER), True)


def font_map() -> bytes:
    """Font Map PDU (2.2.1.22), which ends the connection sequence: as the font list, with entries of 4 bytes."""
    return _io(share_data(40, struct.pack("<HHHH", 0, 0, 3, 4)), False)


def server_finalization() -> list[bytes]:
    """What the server answers to the client's Font List, one after the other."""
    return [synchronize(False), control(COOPERATE, False), control(GRANTED_CONTROL, False), font_map()]


def client_finalization() -> list[bytes]:
    """What the client sends after its Confirm Active."""
    return [synchronize(True), control(COOPERATE, True), control(REQUEST_CONTROL, True), font_list()]
