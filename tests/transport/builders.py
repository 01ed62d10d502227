"""RDP packets for tests: those of the package by short names, and some that are less than a peer sends."""

from __future__ import annotations

import struct

from msra.build import connect, rdp
from msra.build.activation import info_packet
from msra.build.connect import ber, block, client_core
from msra.build.rdp import (
    FIRST,
    LAST,
    SHOW_PROTOCOL,
    channel_pdus,
    chunk,
    connection_confirm,
    connection_request,
    data_tpdu,
    disconnect,
    error_info,
    license_error,
    per_length,
    send_data,
    share_control,
    with_header,
)

__all__ = [
    "COMPRESSED", "FIRST", "LAST", "SHOW_PROTOCOL", "ber", "block", "channel_pdus", "chunk", "client_core",
    "connect_initial", "connect_response", "connection_confirm", "connection_request", "data_tpdu", "disconnect",
    "error_info", "fast_path", "info_packet", "license_error", "per_length", "ra_message", "result", "send_data",
    "share_control", "with_header",
]  # fmt: skip

COMPRESSED = 0x200000


def connect_initial(*names: str, core: bytes = bytes(8)) -> bytes:
    """A Connect-Initial that says nothing of the client, so that it makes no fact."""
    return connect.connect_initial(names, core)


def connect_response(*ids: int, method: int = 0, level: int = 0) -> bytes:
    """A Connect-Response without server random and certificate, also where the method demands them."""
    return connect.connect_response(ids, method, level)


def fast_path(size: int) -> bytes:
    """A fast-path PDU with `size` bytes of data."""
    return rdp.fast_path(bytes(size))


def ra_message(name: str, body: bytes) -> bytes:
    """A Remote Assistance message ([MS-RA] 2.2.1.2), made without the layers under test."""
    channel = (name + "\0").encode("utf-16-le")
    return struct.pack("<II", len(channel), len(body)) + channel + body


def result(code: int) -> bytes:
    """A RESULT."""
    return ra_message("RC_CTL", struct.pack("<II", 2, code))
