"""Unreadable sessions say what is missing to read them."""

from __future__ import annotations

import pytest

from msra.analysis.model import Outcome
from tests.analysis.findings.stories import Tale
from tests.analysis.verdict.stories import asked, verdict


@pytest.mark.parametrize("version", ["ssl3.0", "tls1.0", "tls1.1", "tls1.2", "tls1.3"])
def test_tls_takes_a_key_log(version: str) -> None:
    got = verdict(Tale().fact("tls", version=version).gap("encrypted"))
    assert got.outcome is Outcome.UNREADABLE and version[3:] in got.summary
    assert "ordinary RDP" in got.summary and "key log" in got.advice


@pytest.mark.parametrize(("method", "name"), [(1, "40-bit"), (2, "128-bit"), (8, "56-bit"), (16, "FIPS")])
def test_standard_rdp_security_takes_the_private_key(method: int, name: str) -> None:
    tale = Tale().fact("client_channels", "expert", channel_names=("remdesk",))
    got = verdict(tale.fact("security", encryption_method=method).gap("encrypted"))
    assert got.outcome is Outcome.UNREADABLE and name in got.summary
    assert "ordinary RDP" not in got.summary and "RSA private key" in got.advice


def test_the_details_are_told() -> None:
    got = verdict(Tale().fact("unreadable", reason="no key for client random 00").gap("encrypted"))
    assert "In detail: no key for client random 00." in got.advice


def test_compressed_sessions() -> None:
    got = verdict(asked().gap("compressed"))
    assert (got.outcome, got.rule) == (Outcome.UNREADABLE, "compression") and got.next_steps


def test_a_missing_channel_list() -> None:
    got = verdict(Tale(start=False).gap("bad_framing"))
    assert (got.outcome, got.rule) == (Outcome.UNREADABLE, "missing_start") and "ordinary RDP" in got.summary
    assert verdict(Tale(start=True)).rule != "missing_start", "the capture shows that there never was one"
