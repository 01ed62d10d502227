"""The timeline: a sentence for every fact, in the order in which things happened, without anybody's password."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.analysis.evidence import Evidence
from msra.analysis.model import Moment
from msra.analysis.timeline import is_remote_assistance, timeline
from msra.events import FACTS, Fact, Role

INFO = {"user_name": "Helper", "domain": "", "password": "*", "alternate_shell": "*", "working_dir": "rb+v0oPm"}
PC7 = {"client_name": "PC7", "client_build": 19045}


def told(*facts: Fact) -> list[Moment]:
    return timeline(Evidence((), {}, (), facts))


def sentence(name: str, sender: Role = "novice", **data: Any) -> str:
    (moment,) = told(Fact(1, 5, 50, sender, name, data))
    assert (moment.frame, moment.time, moment.id) == (5, 50, name)
    return moment.text


@pytest.mark.parametrize("name", FACTS)
def test_every_fact_has_a_sentence(name: str) -> None:
    """Even one that lacks its values."""
    assert sentence(name).endswith(".")


@pytest.mark.parametrize(
    ("text", "name", "data"),
    [
        ('offers TLS, CredSSP (NLA); cookie "Ann".', "connection_request", {"cookie": "Ann", "requested_protocols": 3}),
        ("offers Standard RDP Security only.", "connection_request", {}),
        ("offers TLS, 0x40.", "connection_request", {"requested_protocols": 0x41}),
        ("chooses Standard RDP Security.", "connection_confirm", {}),
        ("HYBRID_REQUIRED_BY_SERVER (5). The server insists", "negotiation_failure", {"failure_code": 5}),
        ("unknown failure code 99. The specification", "negotiation_failure", {"failure_code": 99}),
        ("chooses TLS 1.3.", "tls", {"version": "tls1.3"}),
        ("TLS_AES_128_GCM_SHA256.", "tls_session", {"cipher_suite": "TLS_AES_128_GCM_SHA256"}),
        ("TLS alert (fatal) of the novice: unknown_ca (48). ", "tls_alert", {"level": 2, "description": 48}),
        ("STATUS_LOGON_FAILURE (0xC000006D). ", "credssp", {"error_code": 0xC000006D}),
        ("CredSSP message of the novice, version 6.", "credssp", {"credssp_version": 6}),
        ("AUTHZ_ACCESS_DENIED (5). ", "early_authorization", {"authorization_result": 5}),
        ("method rc4-128, level high.", "security", {"encryption_method": 2, "encryption_level": 3}),
        ("2048 bits; it comes in the TLS certificate.", "server_key", {"bits": 2048, "kind": "tls x509"}),
        ('"PC7"; client build 19045, the number of Windows 10', "client_core", PC7),
        ("client build 1.", "client_core", {**PC7, "client_build": 1}),
        ("channels remdesk, encomsp.", "client_channels", {"channel_names": ("remdesk", "encomsp")}),
        ("ids 1004, 1005.", "server_channels", {"channel_ids": (1004, 1005)}),
        ("STATUS_VALID_CLIENT (7). ", "license_error", {"error_code": 7, "state_transition": 2}),
        ("ERR_NO_LICENSE_SERVER (6). ", "license_error", {"error_code": 6, "state_transition": 1}),
        (" ST_TOTAL_ABORT (1). ", "license_error", {"error_code": 6, "state_transition": 1}),
        ("ERRINFO_SERVER_SHUTDOWN (25). ", "error_info", {"error_info": 0x19}),
        ("ERRINFO_DECRYPTFAILED (0x00001192). ", "error_info", {"error_info": 0x1192}),
        ("unknown error 0x0000FFFF. ", "error_info", {"error_info": 0xFFFF}),
        ("rn-provider-initiated (1). ", "disconnect", {"reason": 1}),
        ("first to close the TCP connection, with a reset (RST).", "tcp_close", {"how": "rst"}),
        ("was still open.", "tcp_close", {"how": "end"}),
    ],
)  # fmt: skip
def test_what_the_sentences_say(text: str, name: str, data: dict[str, Any]) -> None:
    assert text in sentence(name, **data)


def test_nobody_closes_what_stays_open() -> None:
    senders = [told(Fact(1, 1, 1, "expert", "tcp_close", {"how": how}))[0].sender for how in ("fin", "rst", "end")]
    assert senders == ["expert", "expert", None]


def test_the_fields_of_remote_assistance() -> None:
    """[MS-RA] 2.2.7.2."""
    text = sentence("client_info", "expert", **INFO)
    assert '"Helper"' in text and '(WorkingDir) "rb+v0oPm"' in text and '(AlternateShell) "*"' in text
    assert text.endswith("These are the fields of Remote Assistance.")
    assert is_remote_assistance(INFO)
    for key in ("password", "alternate_shell", "working_dir"):
        ordinary = INFO | {key: ""}
        assert not is_remote_assistance(ordinary)
        assert "not the fields of Remote Assistance" in sentence("client_info", "expert", **ordinary)


@given(st.text("abcdef", min_size=12, max_size=20), st.sampled_from(["password", "alternate_shell"]), st.booleans())
def test_no_password_is_shown(secret: str, key: str, ordinary: bool) -> None:
    fields = INFO | ({"working_dir": ""} if ordinary else {}) | {key: secret}
    text = sentence("client_info", "expert", **fields)
    assert secret not in text and "<masked>" in text


def test_frames_put_facts_into_order() -> None:
    """Facts of TCP become known last; within a frame things have their natural order, whichever engine told them."""
    facts = [
        Fact(1, 7, 7, "novice", "tcp_close", {"how": "fin"}),
        Fact(1, 4, 4, "expert", "connection_request"),
        Fact(1, 7, 7, "novice", "disconnect", {"reason": 3}),
        Fact(1, 1, 1, "expert", "tcp_syn"),
        Fact(1, 6, 6, "novice", "a fact of the future"),
    ]
    assert [moment.id for moment in told(*facts)] == ["tcp_syn", "connection_request", "disconnect", "tcp_close"]


def test_a_share_that_starts_again() -> None:
    facts = [Fact(1, n, n, "novice", name) for n, name in enumerate(["activated", "deactivated", "activated"])]
    first, stopped, again = told(*facts)
    assert first.id == again.id == "activated" and "again" in again.text and "again" not in first.text
    assert "stops" in stopped.text
