"""The I/O channel: what its PDUs tell about the connection, besides the screen that they share.

    Client Info (2.2.1.11), licensing (2.2.1.12)      behind a security header, always (5.3.8)
    share control and share data PDUs (2.2.8.1.1.1)   behind one only if something may be encrypted

The section numbers are those of [MS-RDPBCGR].
"""

from __future__ import annotations

from collections.abc import Iterator

from msra.transport import share
from msra.transport.client_info import parse_client_info
from msra.transport.licensing import parse_license_error
from msra.transport.model import Fact, Origin
from msra.transport.payload import Payload
from msra.transport.security import (
    BASIC_HEADER,
    SEC_INFO_PKT,
    SEC_LICENSE_PKT,
    Unprotected,
    flags_of,
    has_header,
)

_ACTIVATIONS = {share.DEMAND_ACTIVE_PDU: "activated", share.DEACTIVATE_ALL_PDU: "deactivated"}


def facts(origin: Origin, opened: Unprotected, payload: Payload) -> Iterator[Fact]:
    """Take one PDU, and lead what is compressed in it through the history of its direction."""
    flags, data = opened.flags, opened.data
    if payload.security is None and has_header(data):
        flags, data = flags_of(data), data[BASIC_HEADER:]
    if flags & SEC_INFO_PKT and origin.from_client:
        info = parse_client_info(data)
        if info is not None:
            yield Fact(origin, "client_info", info._asdict())
    elif flags & SEC_LICENSE_PKT:
        error = parse_license_error(data)
        if error is not None:
            yield Fact(origin, "license_error", error._asdict())
    else:
        for pdu in payload.follow_share(origin.from_client, data):
            if not origin.from_client:
                yield from _server_pdu(origin, pdu)


def _server_pdu(origin: Origin, pdu: share.SharePdu) -> Iterator[Fact]:
    if pdu.type in _ACTIVATIONS:
        yield Fact(origin, _ACTIVATIONS[pdu.type], {})
    elif pdu.type2 == share.SET_ERROR_INFO_PDU and len(pdu.data) >= 4:
        yield Fact(origin, "error_info", {"error_info": int.from_bytes(pdu.data[:4], "little")})
