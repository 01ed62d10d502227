"""The security header before channel data ([MS-RDPBCGR] 2.2.8.1.1.2).

flags u16 | flagsHi u16 | [ MAC 8 ]                    non-FIPS: the MAC only if SEC_ENCRYPT is set
flags u16 | flagsHi u16 | length 2, version 1, pad 1, MAC 8          FIPS
"""

from __future__ import annotations

SEC_ENCRYPT = 0x0008
BASIC_HEADER = 4


def is_encrypted(data: bytes) -> bool:
    """Whether the basic security header at the start of `data` announces encrypted data."""
    return len(data) >= BASIC_HEADER and bool(int.from_bytes(data[:2], "little") & SEC_ENCRYPT)
