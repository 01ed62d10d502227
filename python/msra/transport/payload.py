"""From what stands on the wire to clear data: Standard RDP Security, then bulk compression ([MS-RDPBCGR] 5.3, 3.1.8).

All PDUs of a direction share one cipher and one compression history: slow path, fast path and every channel. So each of
them passes through here in the order of the stream, also those whose content is of no interest.
"""

from __future__ import annotations

from collections.abc import Sequence

from msra.transport import fastpath
from msra.transport.bulk import TYPE_NAMES, BulkDecompressor, BulkError
from msra.transport.bulk_base import COMPRESSION_TYPE_MASK, PACKET_COMPRESSED
from msra.transport.rdp_keys import RsaPrivateKey
from msra.transport.room import Room
from msra.transport.security import SecurityLayer, ServerSecurity, Unprotected
from msra.transport.share import SharePdu, share_pdus


class Payload:
    """Security and compression of one connection."""

    def __init__(
        self,
        keys: Sequence[RsaPrivateKey],
        client_synchronised: bool,
        server_synchronised: bool,
        room: Room | None = None,
    ) -> None:
        """`keys` may open Standard RDP Security; `..._synchronised`: the stream of this side is read from its start.

        `room` is for compression histories.
        """
        self.security: SecurityLayer | None = None
        self.compression: dict[bool, str] = {}
        """The latest compression type of each direction that compresses, by whether the client is the sender."""
        self._keys = keys
        synchronised = {True: client_synchronised, False: server_synchronised}
        self._bulk = {from_client: BulkDecompressor(known, room) for from_client, known in synchronised.items()}

    def start_security(self, server: ServerSecurity) -> None:
        """Take what the server says about its security; method 0 needs none."""
        if server.method:
            self.security = SecurityLayer(
                server.method, server.level, server.server_random, server.certificate, self._keys
            )

    def unprotect(self, from_client: bool, user_data: bytes) -> Unprotected:
        """The user data of a slow-path PDU of any channel, without its security header."""
        if self.security is None:
            return Unprotected(0, user_data)
        opened = self.security.unprotect(from_client, user_data)
        if opened.reason is not None:
            self._bulk[from_client].lose()
        return opened

    def decompress(self, from_client: bool, flags: int, data: bytes) -> bytes | None:
        """The data of one PDU, whose compression flags are `flags`; None if it cannot be decompressed."""
        if flags & PACKET_COMPRESSED:
            number = flags & COMPRESSION_TYPE_MASK
            self.compression[from_client] = TYPE_NAMES.get(number, f"type {number}")
        try:
            return self._bulk[from_client].decompress(flags, data)
        except BulkError:
            return None

    def follow_share(self, from_client: bool, data: bytes) -> list[SharePdu]:
        """Clear user data of the I/O channel: its PDUs, without those that can't be decompressed."""
        pdus = []
        for pdu in share_pdus(data):
            clear = self.decompress(from_client, pdu.compression, pdu.data)
            if clear is not None:
                pdus.append(pdu if clear is pdu.data else pdu._replace(data=clear))
        return pdus

    def follow_fast_path(self, from_client: bool, pdu: bytes) -> None:
        """A fast-path PDU: its updates take part in the compression, and all of it in the encryption."""
        header = fastpath.parse_header(pdu, fips=False)
        if header is None:
            return
        body = pdu[3 if pdu[1] & 0x80 else 2 :]
        if self.security is not None:
            opened = self.security.unprotect_fast_path(from_client, header.flags, body)
            if opened.reason is not None:
                self._bulk[from_client].lose()
                return
            body = opened.data
        if not from_client:
            for update in fastpath.updates(body):
                if update.compression_flags:
                    self.decompress(from_client, update.compression_flags, update.data)

    def lost(self, from_client: bool, size: int, skipped: bytes = b"") -> None:
        """`size` bytes of this side came in no PDU; `skipped` are the last of them, if they are known."""
        self._bulk[from_client].lose()
        if self.security is not None:
            self.security.lost(from_client, size, skipped)

    def end(self) -> None:
        """The stream has ended."""
        for bulk in self._bulk.values():
            bulk.end()
