"""Alerts are named (RFC 8446 6)."""

from __future__ import annotations

from msra.capture.tls import Alert
from msra.capture.tls.alerts import read_alerts


def test_names_and_numbers() -> None:
    assert list(read_alerts(b"\x01\x00\x02\x28")) == [Alert(1, 0, "close_notify"), Alert(2, 40, "handshake_failure")]
    assert list(read_alerts(b"\x02\xfe")) == [Alert(2, 254, "alert 254")]


def test_half_an_alert_is_none() -> None:
    assert list(read_alerts(b"\x02")) == list(read_alerts(b"")) == []
