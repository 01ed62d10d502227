"""What the numbers of the layers below Remote Assistance mean: names as the specifications spell them, our own texts.

    >>> error_info(0x19).name
    'ERRINFO_SERVER_SHUTDOWN'
    >>> negotiation_failure(77).name
    'unknown failure code 77'

Each function takes any integer and always answers; what is not in the specification has `known` false. The table is
``data/rdp_codes.toml``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_TABLE = Path(__file__).parent.parent / "data" / "rdp_codes.toml"


class RdpCode(NamedTuple):
    """One number: its name, one sentence on what it means, and whether a specification defines it."""

    value: int
    name: str
    text: str
    known: bool = True

    @property
    def number(self) -> str:
        """The value as the specifications write it: in hexadecimal digits from 256 on."""
        return f"0x{self.value:08X}" if self.value > 0xFF else str(self.value)


def negotiation_failure(value: int) -> RdpCode:
    """The failureCode of an RDP Negotiation Failure ([MS-RDPBCGR] 2.2.1.2.2)."""
    return _code(
        "negotiation_failure", value, f"unknown failure code {value}", "The specification has no such failure."
    )


def error_info(value: int) -> RdpCode:
    """The errorInfo of a Set Error Info PDU ([MS-RDPBCGR] 2.2.5.1.1)."""
    return _code("error_info", value, f"unknown error 0x{value:08X}", "The specification has no such error.")


def license_error(value: int) -> RdpCode:
    """The dwErrorCode of a Licensing Error Message ([MS-RDPBCGR] 2.2.1.12.1.3); 7 is the normal end."""
    return _code("license_error", value, f"unknown licensing error {value}", "The specification has no such error.")


def license_transition(value: int) -> RdpCode:
    """The dwStateTransition of a Licensing Error Message ([MS-RDPBCGR] 2.2.1.12.1.3)."""
    return _code(
        "license_transition", value, f"unknown transition {value}", "The specification has no such transition."
    )


def disconnect_reason(value: int) -> RdpCode:
    """The reason of an MCS Disconnect Provider Ultimatum (T.125 11.15)."""
    return _code("disconnect", value, f"unknown reason {value}", "T.125 has no such reason.")


def early_authorization(value: int) -> RdpCode:
    """The Early User Authorization Result ([MS-RDPBCGR] 2.2.10.2)."""
    return _code("early_authorization", value, f"unknown result 0x{value:08X}", "The specification has no such result.")


def ntstatus(value: int) -> RdpCode:
    """The errorCode of a CredSSP message ([MS-CSSP] 2.2.1), an NTSTATUS ([MS-ERREF] 2.3)."""
    text = "An error that is not one of the usual ones of a logon." if value & 0x80000000 else "No error."
    return _code("ntstatus", value, f"NTSTATUS 0x{value:08X}", text)


def tls_alert(value: int) -> RdpCode:
    """The description of a TLS alert (RFC 8446 6; the older ones RFC 5246 7.2)."""
    return _code("tls_alert", value, f"unknown alert {value}", "The RFC has no such alert.")


def windows_of_build(build: int) -> str | None:
    """The Windows with this build number, as clientBuild gives it ([MS-RDPBCGR] 2.2.1.3.2); None if it is not known."""
    name = _tables()["windows_build"].get(build)
    return None if name is None else str(name)


def codes_of(table: str) -> Mapping[int, RdpCode]:
    """All codes of one table of the file, by value; KeyError if there is no such table."""
    return {value: RdpCode(value, name, text) for value, (name, text) in _tables()[table].items()}


def _code(table: str, value: int, unknown_name: str, unknown_text: str) -> RdpCode:
    row = _tables()[table].get(value)
    return RdpCode(value, unknown_name, unknown_text, known=False) if row is None else RdpCode(value, row[0], row[1])


@cache
def _tables() -> dict[str, dict[int, Any]]:
    """The file, read when the first code turns up. TOML's keys are texts: numbers in decimal or hexadecimal digits."""
    data = tomllib.loads(_TABLE.read_text("utf-8"))
    return {table: {int(number, 0): row for number, row in rows.items()} for table, rows in data.items()}
