"""Wireshark finds nothing malformed in sessions that the package builds, and no error but those of the caller."""

from __future__ import annotations

import pytest

from msra.build import Session, pcap, pcapng, script
from msra.build.script import ENCOMSP, Step
from tests.build.test_session import REST, SCRIPTS, SESSIONS, played
from tests.dissector.tshark import Sandbox

CHECKSUMS = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")
WARNING = 0x00600000
"""The lowest severity that counts; below are notes, such as that the handshake ends (epan/proto.h: PI_WARN)."""


def complaints(sandbox: Sandbox, session: Session, is_pcapng: bool = True) -> list[str]:
    """Malformed packets, and expert information from warnings up; Wireshark is told where RDP is."""
    capture = (pcapng if is_pcapng else pcap)(session.packets)
    decode = ("-d", f"tcp.port=={session.novice.port},tpkt")
    names = ("frame.number", "frame.protocols", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message")
    fields = [part for name in names for part in ("-e", name)]
    shown = sandbox.tshark(capture, *CHECKSUMS, *decode, "-T", "fields", *fields)
    found, protocols = [], set()
    for line in shown.splitlines():
        frame, layers, malformed, severities, text = line.split("\t")
        protocols.update(layers.split(":"))
        severe = [severity for severity in severities.split(",") if severity and int(severity) >= WARNING]
        if malformed or severe:
            found.append(f"{frame}: {malformed} {text}")
    assert {"cotp", "t125", "rdp"} <= protocols
    return found


@pytest.mark.parametrize("version", SCRIPTS)
@pytest.mark.parametrize("name", SESSIONS)
def test_nothing_is_malformed(name: str, version: str, sandbox: Sandbox) -> None:
    session = played(SESSIONS[name], SCRIPTS[version] + REST)
    assert complaints(sandbox, session, is_pcapng=version != "1") == []


def test_what_the_caller_breaks_is_found(sandbox: Sandbox) -> None:
    """Otherwise the test above could not fail."""
    for step in (
        Step("novice", b"\x25", "drdynvc"),
        Step("novice", b"\x01\0\xff\0"),
        Step("expert", b"\2\0\5\0", ENCOMSP),
    ):
        assert len(complaints(sandbox, played(Session(), (*script.version_2(), step)))) == 1, step


def test_the_plugin_shows_every_message(sandbox: Sandbox) -> None:
    packets = played(SESSIONS["as it comes"], script.version_1(41)).packets
    types = [layer.get("type") for layer in sandbox.messages(pcap(packets))]
    assert len(types) == 7 and types[-1] == "REMOTEDESKTOP_CTL_RESULT"
