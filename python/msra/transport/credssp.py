"""What stands between TLS and MCS when the logon comes first (NLA): CredSSP and its result, stepped over.

TSRequest   30 length | A0 version | [ A1 negoTokens ] [ A2 authInfo ] [ A3 pubKeyAuth ] [ A4 errorCode ] ...
            DER ([MS-CSSP] 2.2.1); errorCode is an NTSTATUS, sent when the logon failed
Early User Authorization Result PDU   authorizationResult u32: 0 or 5          ([MS-RDPBCGR] 2.2.10.2)
"""

from __future__ import annotations

from collections.abc import Iterator

from msra.limits import MAX_CREDSSP_REQUEST
from msra.transport.mcs import read_ber_length
from msra.transport.model import Fact, FactValue, Origin

_SEQUENCE = 0x30
_VERSION, _ERROR_CODE = 0xA0, 0xA4
_AUTHORIZATION_RESULTS = (b"\0\0\0\0", b"\5\0\0\0")


class Prelude:
    """The bytes of one direction before its first TPKT packet. `done`: what comes now is RDP."""

    def __init__(self) -> None:
        self.done = False
        self.rest = b""
        """Bytes that are not read yet; once it is done, the first ones of RDP."""

    def feed(self, origin: Origin, data: bytes) -> Iterator[Fact]:
        """Take the next decrypted bytes of this direction."""
        self.rest += data
        while self.rest and not self.done:
            size = self._size(origin.from_client)
            if size == 0:
                self.done = True
            elif size is None or size > len(self.rest):
                return
            else:
                yield _fact(origin, self.rest[:size])
                self.rest = self.rest[size:]

    def _size(self, from_client: bool) -> int | None:
        """Size of the PDU at the start of `rest`: None if it takes more bytes to tell, 0 if RDP starts here."""
        if self.rest[0] == _SEQUENCE:
            length, at = read_ber_length(self.rest, 1)
            if length is None:
                return None if len(self.rest) < 6 else 0
            return at + length if length <= MAX_CREDSSP_REQUEST else 0
        if not from_client and self.rest[0] in (0, 5):
            if len(self.rest) < 4:
                return None
            return 4 if self.rest[:4] in _AUTHORIZATION_RESULTS else 0
        return 0


def _fact(origin: Origin, pdu: bytes) -> Fact:
    if pdu[0] != _SEQUENCE:
        return Fact(origin, "early_authorization", {"authorization_result": int.from_bytes(pdu, "little")})
    values = dict(_integers(pdu))
    names = {_VERSION: "credssp_version", _ERROR_CODE: "error_code"}
    data: dict[str, FactValue] = {name: values[tag] for tag, name in names.items() if tag in values}
    return Fact(origin, "credssp", data)


def _integers(pdu: bytes) -> Iterator[tuple[int, int]]:
    """The elements of a TSRequest that are integers, as unsigned numbers of 32 bits."""
    _length, at = read_ber_length(pdu, 1)
    while at < len(pdu):
        tag = pdu[at]
        length, at = read_ber_length(pdu, at + 1)
        if length is None:
            return
        content = pdu[at : at + length]
        if tag in (_VERSION, _ERROR_CODE) and content[:1] == b"\x02" and len(content) > 2:
            yield tag, int.from_bytes(content[2 : 2 + content[1]], "big", signed=True) & 0xFFFFFFFF
        at += length
