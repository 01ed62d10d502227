"""Failures below Remote Assistance: each number that a layer can give has its verdict."""

from __future__ import annotations

import pytest

from msra.analysis import rdp_codes
from msra.analysis.model import Outcome
from tests.analysis.findings.stories import Tale
from tests.analysis.verdict.stories import asked, result, verdict


@pytest.mark.parametrize("code", rdp_codes.codes_of("negotiation_failure").values(), ids=lambda code: code.name)
def test_negotiation_failures(code: rdp_codes.RdpCode) -> None:
    got = verdict(Tale().fact("negotiation_failure", failure_code=code.value))
    assert (got.outcome, got.rule, got.frame) == (Outcome.FAILED, "negotiation", 3)
    assert code.name in got.summary and got.causes and got.next_steps


def test_an_unknown_negotiation_failure() -> None:
    got = verdict(Tale().fact("negotiation_failure", failure_code=99))
    assert "unknown failure code 99" in got.summary and got.next_steps


@pytest.mark.parametrize("code", rdp_codes.codes_of("ntstatus").values(), ids=lambda code: code.name)
def test_logons_that_failed(code: rdp_codes.RdpCode) -> None:
    tale = Tale().fact("credssp", credssp_version=6).fact("credssp", error_code=code.value)
    got = verdict(tale)
    assert (got.outcome, got.rule) == (Outcome.FAILED, "logon") and f"{code.name} ({code.number})" in got.summary


def test_a_logon_that_succeeded_decides_nothing() -> None:
    assert verdict(Tale().fact("credssp", error_code=0)).rule != "logon"
    assert verdict(Tale().fact("early_authorization", authorization_result=0)).rule != "authorization"


def test_early_authorization() -> None:
    got = verdict(Tale().fact("early_authorization", authorization_result=5))
    assert (got.outcome, got.rule) == (Outcome.REFUSED, "authorization")


@pytest.mark.parametrize("alert", [40, 42, 48, 70, 250])
def test_tls_alerts(alert: int) -> None:
    got = verdict(Tale().fact("tls", version="tls1.2").fact("tls_alert", "expert", level=2, description=alert))
    assert (got.outcome, got.rule) == (Outcome.FAILED, "tls_alert") and "the expert sent" in got.summary


@pytest.mark.parametrize("alert", [0, 90])
def test_an_orderly_close_of_tls_is_no_failure(alert: int) -> None:
    assert verdict(Tale().fact("tls_alert", level=1, description=alert)).rule != "tls_alert"


@pytest.mark.parametrize("code", rdp_codes.codes_of("license_error").values(), ids=lambda code: code.name)
def test_licensing(code: rdp_codes.RdpCode) -> None:
    got = verdict(Tale().fact("license_error", error_code=code.value, state_transition=1))
    assert (got.rule == "licensing") == (code.name != "STATUS_VALID_CLIENT")


@pytest.mark.parametrize("code", rdp_codes.codes_of("error_info").values(), ids=lambda code: code.name)
def test_error_info(code: rdp_codes.RdpCode) -> None:
    got = verdict(asked().fact("error_info", error_info=code.value))
    if code.name == "ERRINFO_NONE":
        assert got.outcome is Outcome.INCOMPLETE
    else:
        refused = code.name in ("ERRINFO_SERVER_DENIED_CONNECTION", "ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES")
        assert got.outcome is (Outcome.REFUSED if refused else Outcome.FAILED)
        assert code.name in got.summary and got.result is None


def test_a_result_of_remote_assistance_comes_first() -> None:
    assert verdict(result(asked(), 0).fact("error_info", error_info=0xC)).rule == "established"
