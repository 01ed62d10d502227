"""Licensing: how it ended, told apart from the messages before the end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from msra.transport.licensing import LicenseError, parse_license_error
from tests.transport.builders import license_error


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF))
def test_code_and_transition_come_back(code: int, transition: int) -> None:
    assert parse_license_error(license_error(code, transition)) == LicenseError(code, transition)


def test_the_annotated_valid_client_message() -> None:
    """[MS-RDPBCGR] 4.1.12: the message of the annotated session."""
    message = bytes.fromhex("ff031000070000000200000004000000")
    assert parse_license_error(message) == LicenseError(7, 2)


def test_other_messages_are_no_errors() -> None:
    """LICENSE_REQUEST has the server's random where the code would stand."""
    assert parse_license_error(b"\x01\x03\x98\x08" + bytes(range(32))) is None
    assert all(parse_license_error(license_error(2, 1)[:size]) is None for size in range(12))


@given(st.binary(max_size=40))
def test_any_bytes_can_be_read(data: bytes) -> None:
    parse_license_error(data)
    parse_license_error(b"\xff" + data)
