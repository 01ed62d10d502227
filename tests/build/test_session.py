"""Whole sessions: both engines read back what was said, whatever the addresses, sizes and formats."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from scapy.layers.inet import TCP

from msra.analyzer import EngineName, analyze, iter_events
from msra.build import Endpoint, Invitation, Session, script, to_scapy, write_capture
from msra.build.script import ENCOMSP, Script, Step
from msra.build.session import START
from msra.build.tcp import SECOND
from msra.events import Event, Gap, Message
from msra.layers.encomsp import decode_encomsp

ENGINES: tuple[EngineName, ...] = ("embedded", "tshark")
FAR = Endpoint("2001:db8::1", 1024), Endpoint("2001:db8:1::2", 50_000)
SESSIONS = {
    "as it comes": Session(),
    "IPv6, small chunks, small segments": Session(*FAR, chunk_size=100, segment_size=77),
    "other channels, another port": Session(
        novice=Endpoint("10.1.2.3", 65000), channels=("remdesk", "cliprdr", "encomsp")
    ),
    "as large as can be": Session(chunk_size=16_256, segment_size=65_000),
    "over a dynamic channel": Session(is_dynamic=True),
    "over a dynamic channel, in small parts": Session(*FAR, chunk_size=50, is_dynamic=True),
}
REST = (
    script.chat("expert", "H\u00e9llo \U0001f600" * 300)
    + script.file("novice", "notes.txt", bytes(range(256)) * 20)
    + script.share_control()
    + script.disconnect("expert")
)
SCRIPTS = {"1": script.version_1(), "2": script.version_2(), "3": script.version_3()}


def played(session: Session, steps: Iterable[Step]) -> Session:
    """A fresh one with the same settings."""
    return replace(session).connect().play(steps).close()


def sent(steps: Script) -> list[tuple[str, bytes]]:
    """Who says what; an order of encomsp for itself."""
    found: list[tuple[str, bytes]] = []
    for step in steps:
        if step.channel != ENCOMSP:
            found.append((step.sender, step.data))
            continue
        at = 0
        for order in decode_encomsp(step.data)[0]:
            found.append((step.sender, step.data[at : at + order.size]))
            at += order.size
    return found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "version"), list(product(SESSIONS, SCRIPTS)))
def test_read_back(engine: EngineName, name: str, version: str, tmp_path: Path) -> None:
    steps = SCRIPTS[version] + REST
    played(SESSIONS[name], steps).write(tmp_path / "made.pcapng")
    events = list(iter_events(tmp_path / "made.pcapng", engine))
    assert [event for event in events if isinstance(event, Gap)] == []
    messages = [event for event in events if isinstance(event, Message)]
    assert [message.sender for message in messages] == [sender for sender, _ in sent(steps)]
    if engine == "embedded":
        assert [message.data for message in messages if message.data] == [
            data for (_, data), message in zip(sent(steps), messages, strict=True) if message.data
        ]


@pytest.mark.parametrize("name", SESSIONS)
def test_engines_agree(name: str, tmp_path: Path) -> None:
    played(SESSIONS[name], SCRIPTS["2"] + REST).write(tmp_path / "made.pcap")

    def found(engine: EngineName) -> list[Event]:
        events = iter_events(tmp_path / "made.pcap", engine)
        return sorted(events, key=lambda event: (event.frame, repr(event)))  # facts come in another order

    assert found("embedded") == found("tshark")


@pytest.mark.parametrize(("version", "result"), [("1", 41), ("1", 26), ("2", 41), ("2", 61)])
def test_result_decides(version: str, result: int, tmp_path: Path) -> None:
    """A session by the book has nothing odd about it but that nothing is encrypted, and that version 1 is old."""
    handshake = {"1": script.version_1, "2": script.version_2}[version]
    played(Session(), handshake(result)).write(tmp_path / "made.pcap")
    (session,) = analyze(tmp_path / "made.pcap", "embedded").sessions
    assert (session.verdict.result, session.version) == (result, int(version))
    assert {finding.id for finding in session.findings} <= {"no_encryption", "version_1_deprecated"}


def test_several_sessions_in_one_capture(tmp_path: Path) -> None:
    """They may overlap; a chat line that comes 2.5 s later comes 2.5 s later."""
    late = script.delayed(2.5, script.chat("novice", "late"))
    sessions = [
        played(Session(Endpoint("192.0.2.1", 50_000 + at), start=START + at), script.version_2() + late)
        for at in range(3)
    ]
    write_capture(tmp_path / "made.pcap", [packet for session in sessions for packet in session.packets])
    found = analyze(tmp_path / "made.pcap", "embedded").sessions
    assert [session.expert.port for session in found] == [50_000, 50_001, 50_002]
    assert all(2.5 * SECOND < session.end - session.start < 2.6 * SECOND for session in found)


def test_in_scapy() -> None:
    session = played(Session(), script.version_2(41))
    packets = session.to_scapy()
    assert [bytes(packet) for packet in packets] == [packet.data for packet in session.packets]
    assert [packet.time for packet in to_scapy(session.packets[:1])] == [START / SECOND]
    assert packets[3][TCP].dport == 49230


def test_in_scapy_alone() -> None:
    """The protocols in the packets are known, whatever was imported before."""
    program = (
        "from msra.build import Session, Endpoint as E;"
        "packets = Session(E('::1', 1), E('::2', 2)).connect().to_scapy(); print(packets[0].summary())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Ether / IPv6 / TCP")


@pytest.mark.parametrize("version", SCRIPTS)
def test_session_fits_its_invitation(version: str, tmp_path: Path) -> None:
    """Another one it does not fit."""
    start = START // SECOND - 60
    made = Invitation((SESSIONS["as it comes"].novice,), "48BJQ853X3B4", "WB^6HsrIaFmEpi", "id==", start=start)
    handshake = {"1": script.version_1, "2": script.version_2}.get(version)
    steps = handshake(0, made) if handshake else script.version_3(made)
    Session().connect(made).play(steps).close().write(tmp_path / "made.pcap")

    def checks(one: Invitation) -> dict[str, str]:
        (tmp_path / "i.msrcIncident").write_text(one.text())
        report = analyze(tmp_path / "made.pcap", "embedded", None, tmp_path / "i.msrcIncident", one.password)
        return {check.id: check.status for check in report.sessions[0].checks}

    fits = checks(made)
    assert set(fits.values()) == {"passed", "not_checkable"}
    proofs = {"1": {"expert_password", "connection_string"}, "2": {"expert_password"}, "3": {"token"}}[version]
    asked = {"ticket", "expiry", "address", "port", "session_id", *proofs}
    assert {name for name, status in fits.items() if status == "passed"} == asked
    other = checks(replace(made, password="another", session_id="other=="))
    assert {name for name, status in other.items() if status == "failed"} >= {"session_id", *proofs}


def test_wrong_settings() -> None:
    for chunk_size, segment_size in ((10, 1400), (16_257, 1400), (1600, 0), (1600, 65_001)):
        with pytest.raises(ValueError, match="too small or too large"):
            Session(chunk_size=chunk_size, segment_size=segment_size)
    with pytest.raises(KeyError):
        Session(channels=("remdesk",)).play(script.share_control())


def test_the_same_script_gives_the_same_bytes() -> None:
    one, other = (played(Session(), SCRIPTS["2"] + REST).packets for _ in range(2))
    assert one == other
