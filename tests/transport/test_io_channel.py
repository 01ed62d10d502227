"""The I/O channel: the facts in its PDUs, behind security headers where they have one, and only from who may say so."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msra.transport import io_channel
from msra.transport.model import Origin
from msra.transport.payload import Payload
from msra.transport.security import ServerSecurity
from tests.transport import builders as rdp

INFO, LICENSE, ENCRYPT = 0x40, 0x80, 0x08
PACKET = rdp.info_packet("LAB", "Helper", "*", "*", "session id")
FIELDS = {"domain": "LAB", "user_name": "Helper", "password": "*", "alternate_shell": "*", "working_dir": "session id"}


def facts(from_client: bool, user_data: bytes, method: int = 0) -> list[tuple[str, dict[str, object]]]:
    payload = Payload((), client_synchronised=True, server_synchronised=True)
    payload.start_security(ServerSecurity(method, 3, bytes(32), b""))
    opened = payload.unprotect(from_client, user_data)
    found = list(io_channel.facts(Origin(from_client, 1, 0), opened, payload))
    return [(fact.name, dict(fact.data)) for fact in found]


def test_client_info_and_licensing_have_a_header_even_without_encryption() -> None:
    """[MS-RDPBCGR] 5.3.8: with TLS and with method none."""
    assert facts(True, rdp.with_header(INFO, PACKET)) == [("client_info", FIELDS)]
    assert facts(False, rdp.with_header(LICENSE, rdp.license_error(2, 1))) == [
        ("license_error", {"error_code": 2, "state_transition": 1})
    ]


def test_they_are_read_with_standard_rdp_security_too() -> None:
    """Their own flag says whether they are encrypted: licensing often is not."""
    assert facts(True, rdp.with_header(INFO, PACKET), method=2) == [("client_info", FIELDS)]
    assert facts(False, rdp.with_header(LICENSE, rdp.license_error()), method=2) == [
        ("license_error", {"error_code": 7, "state_transition": 2})
    ]
    assert facts(True, rdp.with_header(INFO | ENCRYPT, bytes(8) + PACKET), method=2) == []


def test_the_share_starts_ends_and_fails() -> None:
    both = rdp.share_control(0x16, bytes(6)) + rdp.share_control(0x11, bytes(20))
    assert facts(False, both) == [("deactivated", {}), ("activated", {})]
    assert facts(False, rdp.error_info(0x19)) == [("error_info", {"error_info": 0x19})]
    assert facts(False, rdp.with_header(0, rdp.error_info(7)), method=2) == [("error_info", {"error_info": 7})]


def test_a_client_cannot_speak_for_the_server() -> None:
    assert facts(True, rdp.error_info(0x19)) == facts(True, rdp.share_control(0x16, bytes(6))) == []
    assert facts(False, rdp.with_header(INFO, PACKET)) == []


def test_cut_pdus_say_nothing() -> None:
    assert facts(False, rdp.error_info(0x19)[:-1]) == []
    assert facts(True, rdp.with_header(INFO, PACKET[:20])) == []
    assert facts(False, rdp.share_control(0x11, bytes(20))[:-1]) == []
    assert facts(False, b"\x12\x34\x16\x00") == []


@given(st.booleans(), st.binary(max_size=80), st.sampled_from([0, 2, 16]))
def test_any_bytes_can_be_read(from_client: bool, data: bytes, method: int) -> None:
    facts(from_client, data, method)
    facts(from_client, rdp.with_header(INFO, data), method)
    facts(from_client, rdp.with_header(LICENSE, data), method)
