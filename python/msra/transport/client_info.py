"""Client Info PDU: who wants to log on, and the fields that Remote Assistance reuses ([MS-RDPBCGR] 2.2.1.11.1.1).

CodePage u32 | flags u32 | cbDomain u16 | cbUserName u16 | cbPassword u16 | cbAlternateShell u16 | cbWorkingDir u16 |
Domain | UserName | Password | AlternateShell | WorkingDir | extraInfo

The sizes count bytes without the terminator, which is there nevertheless: two bytes of Unicode, one of ANSI.
"""

from __future__ import annotations

import codecs
import struct
from typing import NamedTuple

INFO_UNICODE = 0x10

_FIXED = struct.Struct("<IIHHHHH")
_DEFAULT_CODE_PAGE = "cp1252"


class ClientInfo(NamedTuple):
    """The texts as they were sent, up to their first NUL.

    With Remote Assistance `working_dir` is the session id of the invitation, `alternate_shell` the password or "*",
    `password` "*" ([MS-RA] 2.2.7.2).
    """

    domain: str
    user_name: str
    password: str
    alternate_shell: str
    working_dir: str


def parse_client_info(packet: bytes) -> ClientInfo | None:
    """Read an Info Packet, without its security header; None if it is cut before the end of WorkingDir."""
    if len(packet) < _FIXED.size:
        return None
    code_page, flags, *sizes = _FIXED.unpack_from(packet)
    codec = "utf-16-le" if flags & INFO_UNICODE else _codec(code_page)
    terminator = 2 if flags & INFO_UNICODE else 1
    texts = []
    at = _FIXED.size
    for size in sizes:
        if at + size > len(packet):
            return None
        texts.append(packet[at : at + size].decode(codec, "replace").split("\0")[0])
        at += size + terminator
    return ClientInfo(*texts)


def _codec(code_page: int) -> str:
    """The codec of an ANSI code page; that of Western Europe where it is not known, or has no characters."""
    try:
        found = codecs.lookup(f"cp{code_page}")
    except LookupError:
        return _DEFAULT_CODE_PAGE
    return found.name
