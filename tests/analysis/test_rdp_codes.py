"""The tables of RDP's own codes: complete, spelled as in the specifications, and an answer for every number."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.analysis import rdp_codes
from msra.analysis.rdp_codes import RdpCode, codes_of
from msra.capture.tls.alerts import read_alerts

ERROR_INFO = [
    # [MS-RDPBCGR] 2.2.5.1.1: first and last number of each run in its four tables
    (0x00, 0x07), (0x09, 0x0C), (0x0F, 0x12), (0x17, 0x1A), (0x100, 0x10A),
    (0x400, 0x400), (0x402, 0x402), (0x404, 0x409), (0x410, 0x412),
    (0x10C9, 0x10CB), (0x10CD, 0x10D5), (0x10DA, 0x10E3), (0x10E5, 0x10E5), (0x10E7, 0x10EA), (0x10EC, 0x10ED),
    (0x10EF, 0x10F0), (0x10F3, 0x10F8), (0x1111, 0x1126), (0x1129, 0x1136), (0x1191, 0x1195),
]  # fmt: skip
TABLES = {
    "negotiation_failure": {1, 2, 3, 4, 5, 6},  # [MS-RDPBCGR] 2.2.1.2.2
    "early_authorization": {0, 5},  # 2.2.10.2
    "disconnect": {0, 1, 2, 3, 4},  # T.125 7
    "license_error": {1, 2, 3, 4, 6, 7, 8, 11, 12},  # 2.2.1.12.1.3
    "license_transition": {1, 2, 3, 4},  # the same
    "error_info": {number for first, last in ERROR_INFO for number in range(first, last + 1)},
}
LOOKUPS: list[Callable[[int], RdpCode]] = [
    rdp_codes.negotiation_failure,
    rdp_codes.early_authorization,
    rdp_codes.disconnect_reason,
    rdp_codes.license_error,
    rdp_codes.license_transition,
    rdp_codes.error_info,
    rdp_codes.ntstatus,
    rdp_codes.tls_alert,
]


@pytest.mark.parametrize("table", TABLES)
def test_every_number_of_the_specification_is_there(table: str) -> None:
    assert set(codes_of(table)) == TABLES[table]


def test_there_are_as_many_errors_as_in_the_specification() -> None:
    assert len(codes_of("error_info")) == 120


@pytest.mark.parametrize(
    ("code", "value", "name"),
    [
        (rdp_codes.negotiation_failure, 5, "HYBRID_REQUIRED_BY_SERVER"),
        (rdp_codes.error_info, 0x00000B, "ERRINFO_RPC_INITIATED_DISCONNECT_BYUSER"),
        (rdp_codes.error_info, 0x104, "ERRINFO_LICENSE_HWID_DOESNT_MATCH_LICENSE"),
        (rdp_codes.error_info, 0x409, "ERRINFO_CB_CONNECTION_CANCELLED"),
        (rdp_codes.error_info, 0x10E3, "ERRINFO_BADSUPRESSOUTPUTPDU"),
        (rdp_codes.error_info, 0x1126, "ERRINFO_SECURITYDATATOOSHORT23"),
        (rdp_codes.error_info, 0x1195, "ERRINFO_DECRYPTFAILED2"),
        (rdp_codes.license_error, 11, "ERR_INVALID_PRODUCTID"),
        (rdp_codes.license_transition, 3, "ST_RESET_PHASE_TO_START"),
        (rdp_codes.disconnect_reason, 3, "rn-user-requested"),
        (rdp_codes.early_authorization, 5, "AUTHZ_ACCESS_DENIED"),
        (rdp_codes.ntstatus, 0xC000006D, "STATUS_LOGON_FAILURE"),
        (rdp_codes.tls_alert, 48, "unknown_ca"),
    ],
)
def test_names_are_spelled_as_in_the_specifications(code: Callable[[int], RdpCode], value: int, name: str) -> None:
    assert code(value).name == name and code(value).known


@pytest.mark.parametrize("table", [*TABLES, "ntstatus", "tls_alert"])
def test_texts_are_sentences(table: str) -> None:
    """They follow their names in a timeline; no name stands twice in a table."""
    codes = codes_of(table).values()
    assert all(re.fullmatch(r"[A-Z][^\n]*[^. ]\.", code.text) for code in codes)
    assert len({code.name for code in codes}) == len(codes)


def test_alerts_have_the_names_of_the_decryptor() -> None:
    for value, code in codes_of("tls_alert").items():
        (alert,) = read_alerts(bytes([2, value]))
        assert alert.name == code.name


@given(st.sampled_from(LOOKUPS), st.integers(0, 0xFFFFFFFF))
def test_every_number_has_an_answer(lookup: Callable[[int], RdpCode], value: int) -> None:
    code = lookup(value)
    assert code.value == value and code.text.endswith(".")
    assert code.known or str(value) in code.name or f"{value:08X}" in code.name


def test_windows_versions() -> None:
    assert rdp_codes.windows_of_build(2600) == "Windows XP"
    assert "Windows 11" in str(rdp_codes.windows_of_build(26100))
    assert rdp_codes.windows_of_build(12345) is None
