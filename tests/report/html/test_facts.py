"""The facts of a session as labels and sentences."""

from __future__ import annotations

from msra.report.html.facts import facts
from tests.analysis.builders import Story


def test_the_facts_of_a_session() -> None:
    rows = dict(facts(Story().version2().result(0).session()))
    assert rows["Expert"] == "10.0.0.1:50000" and rows["Novice"] == "10.0.0.2:49230"
    assert rows["Version"] == "2 (frame 2: REMOTEDESKTOP_EXPERT_ON_VISTA)"
    assert (rows["Start"], rows["End"]) == ("1970-01-01T00:00:01.000000Z", "1970-01-01T00:00:04.000000Z")
    assert "Channels" not in rows and "Durations" in rows and "Handshake" in rows


def test_security_and_what_an_unread_session_leaves() -> None:
    session = (
        Story().fact("tls", version="tls1.2").fact("client_channels", channel_names=("remdesk", "x\x00")).session()
    )
    session.security_details = {"cipher_suite": "TLS_X", "selected_protocol": "ssl", "kh": ""}
    rows = dict(facts(session))
    assert rows["Security"].endswith("selected ssl, TLS_X")
    assert rows["Channels"] == r"remdesk, x\x00"
    assert rows["Version"] == "unknown"
