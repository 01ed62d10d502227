"""Payload: clear data comes out of encrypted and compressed PDUs only when all PDUs of a direction pass through."""

from __future__ import annotations

import struct

from msra.transport.payload import Payload
from msra.transport.security import ServerSecurity
from tests.transport import builders as rdp
from tests.transport.test_share import pdu as share_pdu

# [MS-RDPBCGR] 3.1.8.2.3 has no short vector, so: MPPC literals below 0x80 are the same byte with a leading zero bit.
PLAIN = b"plain text in the clear"
COMPRESSED = 0x21  # PACKET_COMPRESSED, MPPC 64K


def literals(text: bytes) -> bytes:
    """MPPC: a bit stream of literals only; bytes below 0x80 are their own code."""
    assert max(text) < 0x80
    return text


def copy_of_history(offset: int, length: int) -> bytes:
    """MPPC 64K, [MS-RDPBCGR] 3.1.8.4.2.2: a copy tuple with offset 0..63 (11111 + 6 bits) and length 3 (0)."""
    assert offset < 64 and length == 3
    return struct.pack(">H", (0b11111 << 11) | (offset << 5))


def payload() -> Payload:
    return Payload((), client_synchronised=True, server_synchronised=True)


def test_data_without_security_and_compression_is_as_it_is() -> None:
    assert payload().unprotect(True, PLAIN).data == PLAIN
    assert payload().decompress(True, 0, PLAIN) == PLAIN


def test_all_pdus_of_a_direction_share_one_history() -> None:
    """A channel PDU copies from what a fast-path update and a share data PDU brought before it."""
    shared = payload()
    update = b"\x81" + bytes([COMPRESSED]) + struct.pack("<H", len(PLAIN)) + literals(PLAIN)
    shared.follow_fast_path(False, bytes([0, len(update) + 2]) + update)
    shared.follow_share(False, share_pdu(2, literals(b"abc"), COMPRESSED))
    assert shared.decompress(False, COMPRESSED, copy_of_history(3, 3)) == b"abc"
    assert shared.decompress(False, COMPRESSED, copy_of_history(len(PLAIN) + 6, 3)) == b"pla"
    assert shared.compression == {False: "MPPC 64K"}


def test_share_pdus_come_back_in_the_clear() -> None:
    """A compressed one is decompressed; one that can't be is left out, and the others stay."""
    shared = payload()
    shared.lost(False, 100)
    pdus = share_pdu(47, b"\7\0\0\0") + share_pdu(2, copy_of_history(3, 3), COMPRESSED)
    assert [pdu.data for pdu in shared.follow_share(False, pdus)] == [b"\7\0\0\0"]
    fresh = payload().follow_share(False, share_pdu(47, literals(b"abcd"), COMPRESSED))
    assert [(pdu.type2, pdu.data) for pdu in fresh] == [(47, b"abcd")]


def test_the_directions_have_histories_of_their_own() -> None:
    shared = payload()
    shared.decompress(True, COMPRESSED, literals(b"abc"))
    assert shared.decompress(False, COMPRESSED, copy_of_history(3, 3)) == bytes(3)


def test_lost_bytes_lose_the_history() -> None:
    shared = payload()
    shared.decompress(False, COMPRESSED, literals(b"abc"))
    shared.lost(False, 100)
    assert shared.decompress(False, COMPRESSED, copy_of_history(3, 3)) is None


def test_encrypted_data_without_keys_says_why() -> None:
    secured = payload()
    secured.start_security(ServerSecurity(2, 3, bytes(32), b""))
    opened = secured.unprotect(True, b"\x08\x08\0\0" + bytes(30))
    assert opened.reason and opened.data == b"" and opened.mac_ok is None
    assert secured.unprotect(True, b"\0\0\0\0" + PLAIN).data == PLAIN
    assert payload().security is None


def test_method_0_needs_no_security() -> None:
    clear = payload()
    clear.start_security(ServerSecurity(0, 0, b"", b""))
    assert clear.security is None
    clear.follow_fast_path(True, rdp.fast_path(20))
