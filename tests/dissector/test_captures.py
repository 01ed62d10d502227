"""Every real capture: Wireshark with the plugin finds the messages that are truly in it (pcaps/expected.json)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from msra.analyzer import analyze
from msra.engines.interface import Options
from tests.conformance.expected import Expected, load
from tests.dissector.tshark import PCAPS, Layer, Sandbox

CAPTURES = load()
KEYS = {"v2_tls13.pcapng": "v2_tls13.keys.txt", "v2_tls12_rsa_kex.pcapng": "v2_tls12_rsa_kex.keys.txt"}
UNREADABLE = {
    # Wireshark can't decrypt or decompress these, and knows no other way to the messages: the gaps and their sender.
    "v2_rc4_128_stock2117.pcapng": {("encrypted", "novice"): 10, ("encrypted", "expert"): 7},
    "v2_rc4_128.pcapng": {("encrypted", "novice"): 390, ("encrypted", "expert"): 132},
    "v2_fips.pcapng": {("encrypted", "novice"): 382, ("encrypted", "expert"): 130},
    "comp_shared_mppc64k.pcapng": {("compressed", "novice"): 5},
    "comp_shared_ncrush.pcapng": {("compressed", "novice"): 5},
}
DAMAGED = {
    # Where bytes of the stream are missing, Wireshark must not wait for them.
    "link_snaplen128.pcap": "tcp.reassemble_out_of_order:FALSE",
    "tcp_lost_segment.pcap": "tcp.reassemble_out_of_order:FALSE",
}
PASSES = [pytest.param((), id="one-pass"), pytest.param(("-2",), id="two-pass")]


def options(sandbox: Sandbox, capture: Expected) -> list[str]:
    """What tshark needs to read this capture."""
    found = []
    if capture.file in KEYS:
        found += ["-o", f"tls.keylog_file:{sandbox.capture(PCAPS / KEYS[capture.file])}"]
    if capture.file in DAMAGED:
        found += ["-o", DAMAGED[capture.file]]
    return found


def comparable(layer: Layer, expected: dict[str, Any]) -> dict[str, Any]:
    """A message in the terms of expected.json: only the keys that it names."""
    got: dict[str, Any] = {"from": layer.get("from"), "channel": layer.get("channel_name"), "type": layer.get("type")}
    got |= {key: layer.number(key) for key in ("result", "version_major", "version_minor") if key in expected}
    got |= {key: layer.get(key) for key in ("name",) if key in expected}
    if "text" in expected:
        got["text"] = layer.get("text") or layer.get("novice_name") or layer.get("expert_name")
    return got


@pytest.mark.parametrize("passes", PASSES)
@pytest.mark.parametrize("capture", [one for one in CAPTURES if one.file not in UNREADABLE], ids=str)
def test_messages(sandbox: Sandbox, capture: Expected, passes: tuple[str, ...]) -> None:
    """The messages session by session; the truth was found by other programs. Nothing else is left unread."""
    sessions: dict[str | None, list[Layer]] = {}
    layers = sandbox.layers(capture.path, *options(sandbox, capture), *passes)
    for message in (layer for layer in layers if layer.name == "msra"):
        sessions.setdefault(message.get("connection"), []).append(message)
    assert capture.at_least or not [layer.get("gap") for layer in layers if layer.get("event") == "gap"]
    expected = [session for session in capture.sessions if session]
    for session, truth in zip(sessions.values(), expected, strict=True):
        if capture.at_least:  # damaged: others may be found besides
            session = [layer for layer in session if layer.get("type") in {one["type"] for one in truth}]
        assert [comparable(layer, one) for layer, one in zip(session, truth, strict=True)] == truth


def test_sessions_are_those_of_the_report(sandbox: Sandbox) -> None:
    """Number and version of each session, as `analyze-pcap` gives them."""
    for capture in CAPTURES:
        if capture.file in UNREADABLE:
            continue
        keylog = PCAPS / KEYS[capture.file] if capture.file in KEYS else None
        report = analyze(capture.path, "embedded", Options(keylog=keylog))
        ours: dict[str, str | None] = {}
        for message in sandbox.messages(capture.path, *options(sandbox, capture)):
            ours[message.get("session") or ""] = message.get("version")
        theirs = {str(one.id): one.version and str(one.version) for one in report.sessions if one.messages}
        assert ours == theirs, capture.file


@pytest.mark.parametrize("file", UNREADABLE)
def test_what_cannot_be_read_is_a_gap(sandbox: Sandbox, file: str) -> None:
    """Encrypted and compressed channel PDUs are counted, and never taken for messages."""
    layers = sandbox.layers(PCAPS / file)
    gaps = Counter((one.get("gap"), one.get("from")) for one in layers if one.get("event") == "gap")
    assert gaps == UNREADABLE[file]
    truth = next(capture.sessions[0] for capture in CAPTURES if capture.file == file)
    types = [one["type"] for one in truth]
    assert all(one.get("type") in types for one in layers if one.name == "msra")


@pytest.mark.parametrize("passes", PASSES)
@pytest.mark.parametrize("file", ["v2_tls13.pcapng", "v2_tls12_rsa_kex.pcapng"])
def test_tls_without_keys(sandbox: Sandbox, file: str, passes: tuple[str, ...]) -> None:
    """Each record of application data is a gap of its size; the handshake that TLS 1.3 hides is none."""
    layers = sandbox.layers(PCAPS / file, *passes)
    assert {one.name for one in layers} == {"msra_rdp"}
    facts = {one.get("event"): one for one in layers}
    assert facts["tls"].get("version") == ("tls1.3" if "tls13" in file else "tls1.2")
    gaps = [one for one in layers if one.get("event") == "gap"]
    first_client_data = next(one for one in gaps if one.get("from") == "expert")
    assert gaps[0] == first_client_data and len(gaps) > 500
    assert all(one.get("gap") == "encrypted" and "encrypted" in one.experts for one in gaps)
    assert first_client_data.number("gap_size") == first_client_data.item("gap").size - 5


def test_facts(sandbox: Sandbox) -> None:
    """What both sides say of the connection, once, in the order of the wire."""
    layers = sandbox.transport(PCAPS / "v2_tls13_dsb.pcapng")
    assert [(one.frame, one.get("event"), one.get("from")) for one in layers] == [
        (4, "open", "expert"),
        (4, "connection_request", "expert"),
        (6, "connection_confirm", "novice"),
        (9, "tls", "novice"),
        (13, "client_channels", "expert"),
        (14, "server_channels", "novice"),
        (14, "security", "novice"),
        (721, "disconnect", "expert"),
    ]
