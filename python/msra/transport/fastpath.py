"""Fast-path PDUs ([MS-RDPBCGR] 2.2.9.1.2 output, 2.2.8.1.2 input): headers, and the updates of an output PDU.

header 1 | length 1-2 | [ FIPS information 4 ] | [ dataSignature 8 ] | data

    header              bits 0-1 action: 0    2-5 reserved, or numEvents (input)    6-7 flags: 1 salted MAC, 2 encrypted
    length              of the whole PDU: one byte, or two (big-endian) with the top bit set
    FIPS information    length u16: 16 | version u8: 1 | padlen u8        if the connection uses FIPS (2.2.8.1.2.1)
    dataSignature       if the PDU is encrypted

data of output: updates (2.2.9.1.2.1), one after the other

    updateHeader 1 | [ compressionFlags 1 ] | size u16 | updateData

    updateHeader        bits 0-3 updateCode    4-5 fragmentation    6-7 compression: 2 = compressionFlags are there

data of input: [ numEvents u8, if it is 0 in the header ] | events
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

SECURE_CHECKSUM = 1
ENCRYPTED = 2
_COMPRESSION_USED = 2
_FIPS_INFORMATION = 4
_SIGNATURE = 8


class Fragmentation(IntEnum):
    """Which part of a sequence of fragments an update is."""

    SINGLE = 0
    LAST = 1
    FIRST = 2
    NEXT = 3


class Header(NamedTuple):
    """The header of a fast-path PDU. Offsets are in bytes from the start of the PDU."""

    flags: int
    num_events: int
    """Input: the number of events, 0 if it stands before them. Output: reserved."""
    pad: int
    """FIPS: how many bytes at the end of the decrypted data are padding."""
    signature: int
    """Offset of dataSignature, which ends where the data start; equal to `data` if there is none."""
    data: int
    """Offset of what follows the header; encrypted if `encrypted`."""

    @property
    def encrypted(self) -> bool:
        """The data are encrypted, and dataSignature is there."""
        return bool(self.flags & ENCRYPTED)

    @property
    def salted(self) -> bool:
        """dataSignature was made by salted MAC generation ([MS-RDPBCGR] 5.3.6.1.1)."""
        return bool(self.flags & SECURE_CHECKSUM)


class Update(NamedTuple):
    """One update of an output PDU."""

    code: int
    """updateCode: the FASTPATH_UPDATETYPE_ constants of 2.2.9.1.2.1."""
    fragmentation: Fragmentation
    compression_flags: int
    """As BulkDecompressor.decompress takes them; 0 if the update has none."""
    data: bytes
    missing: int
    """How many bytes of the header and the data that it announces lie beyond the end."""


def parse_header(pdu: bytes, fips: bool = False) -> Header | None:
    """Read the header of a whole fast-path PDU; `fips`: the connection uses FIPS. None if the header is cut."""
    if len(pdu) < 2:
        return None
    at = 3 if pdu[1] & 0x80 else 2
    pad = 0
    if fips:
        at += _FIPS_INFORMATION
        pad = pdu[at - 1] if at <= len(pdu) else 0
    flags = pdu[0] >> 6
    data = at + (_SIGNATURE if flags & ENCRYPTED else 0)
    return Header(flags, pdu[0] >> 2 & 0x0F, pad, at, data) if data <= len(pdu) else None


def updates(data: bytes) -> Iterator[Update]:
    """Read the updates of an output PDU from its data, decrypted: `pdu[header.data:]` if it is not encrypted.

    An update that is cut is the last, and has `missing` bytes.
    """
    at = 0
    while at < len(data):
        header = data[at]
        size_at = at + 1
        flags = 0
        if header >> 6 & _COMPRESSION_USED:
            flags = data[size_at] if size_at < len(data) else 0
            size_at += 1
        start = size_at + 2
        end = start + (int.from_bytes(data[size_at:start], "little") if start <= len(data) else 0)
        missing = max(end - len(data), 0)
        yield Update(header & 0x0F, Fragmentation(header >> 4 & 3), flags, data[start:end], missing)
        at = end
