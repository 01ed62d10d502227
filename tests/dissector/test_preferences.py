"""The preferences, and the tables about the whole capture."""

from __future__ import annotations

import re
import struct
import subprocess

import pytest

from tests.dissector.conversation import EXPERT, NOVICE, Conversation, chat, text
from tests.dissector.test_agreement import LUA
from tests.dissector.tshark import PCAPS, ROOT, SOURCE, Sandbox
from tests.transport import builders as rdp
from tests.wire import Talk

SECRETS = {
    "AUTHENTICATE": rdp.ra_message("RC_CTL", struct.pack("<I", 3) + text("Zebra") + text("11;PASS=Zebra1")),
    "REMOTE_CONTROL_DESKTOP": rdp.ra_message("RC_CTL", struct.pack("<I", 1) + text("Zebra") + b"Zebra"),
    "VERIFY_PASSWORD": rdp.ra_message("RC_CTL", struct.pack("<I", 8) + text("11;PASS=Zebra1")),
    "EXPERT_ON_VISTA": rdp.ra_message("RC_CTL", struct.pack("<I", 9) + b"Zebra" * 6),
    "TOKEN": rdp.ra_message("RC_CTL", struct.pack("<I", 12) + b"Zebra"),
    "RCCOMMAND": rdp.ra_message("71", text('<RCCOMMAND NAME="VOIPGO" VoipGoKey="Zebra"')),
    "VOIPGO": rdp.ra_message("71", text('<RCCOMMAND NAME="VOIPGO" VOIPGOKEY="Zebra"/>')),
}
FORMS = ("Zebra", b"Zebra".hex(), b"Zebra".hex(":"))


@pytest.mark.parametrize("case", SECRETS)
@pytest.mark.parametrize("output", [("-V",), ("-T", "pdml", "-J", "msra"), ("-T", "json", "-J", "msra")])
def test_masked_secrets(sandbox: Sandbox, case: str, output: tuple[str, ...]) -> None:
    """By default they are shown; masked, they stand in no field of the message, and the rest of it is there."""
    capture = Conversation().connect().message(EXPERT, SECRETS[case]).capture()

    def shown(*options: str) -> str:
        said = sandbox.tshark(capture, *options, *output, "-Y", "msra")
        said = re.sub(' value="[0-9a-f]*"', "", said)  # of XML: the bytes that an item marks, which stay what they are
        return said[said.index("MS-RA, ") if "MS-RA, " in said else said.index('"msra"') :]

    assert any(form in shown() for form in FORMS)
    masked = shown("-o", "msra.mask_secrets:TRUE")
    assert not any(form in masked for form in FORMS) and case in masked


def test_masked_columns(sandbox: Sandbox) -> None:
    """A column of a secret field is empty, and the filter for what is masked finds it."""
    capture = Conversation().connect().message(EXPERT, SECRETS["VERIFY_PASSWORD"]).capture()
    fields = ["-T", "fields", "-e", "msra.expert_blob", "-e", "msra.expert_blob.pass", "-e", "_ws.col.Info"]
    options = ["-o", "msra.mask_secrets:TRUE", "-Y", "msra.masked"]
    assert sandbox.tshark(capture, *options, *fields) == "\t\tREMOTEDESKTOP_CTL_VERIFY_PASSWORD\n"
    assert "Zebra1" in sandbox.tshark(capture, "-Y", "msra", *fields)


@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_any_port(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """Without the search on any port, 3389 and Decode As are left."""
    off = ["-o", "msra.any_port:FALSE", *passes]
    capture = Conversation().connect().message(NOVICE, rdp.result(41)).capture()
    assert len(sandbox.messages(capture, *passes)) == 1 and sandbox.layers(capture, *off) == []
    assert len(sandbox.messages(capture, *off, "-d", "tcp.port==49230,msra_rdp")) == 1
    assert len(sandbox.messages(PCAPS / "v2_ok_3389.pcapng", *off)) == 4


@pytest.mark.parametrize(("mebibytes", "found"), [(0, False), (1, False), (2, True), (4_000_000_000, True)])
def test_largest_message(sandbox: Sandbox, mebibytes: int, found: bool) -> None:
    """A longer message is a gap; values that make no sense become the nearest that does."""
    message = chat("x" * 600_000)
    capture = Conversation().connect().message(EXPERT, message, size=30_000).capture()
    layers = sandbox.layers(capture, "-o", f"msra.max_message:{mebibytes}")
    assert any(one.get("type") == "CHAT" for one in layers) == found
    assert any(one.get("gap") == "incomplete_message" for one in layers) != found


def rows(table: str) -> list[list[str]]:
    """The rows of a table below its header."""
    return [line.split() for line in table.splitlines() if line[:1].isdigit()]


@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_sessions(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """A row for each connection with messages: who, which version, how it ended."""
    talk = Conversation().connect("rdpdr").close()
    talk = Conversation(Talk(client_port=50001), talk.packets)
    talk.connect().message(EXPERT, SECRETS["EXPERT_ON_VISTA"])
    talk.message(NOVICE, rdp.result(0)).message(NOVICE, rdp.result(41))
    ((session, frame, expert, novice, version, messages, *final),) = rows(
        sandbox.tshark(talk.capture(), "-q", "-z", "msra,sessions", *passes)
    )
    assert (session, version, messages, final) == ("1", "2", "3", ["SAFERROR_HELPEESAIDNO", "(41)"])
    assert novice == "10.0.1.2:49230" and expert.endswith(":50001") and int(frame) > 8


@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_results(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """A row for each RESULT with its text; every code once in this capture."""
    said = sandbox.tshark(PCAPS / "v2_all48_codes.pcapng", "-q", "-z", "msra,results", *passes)
    assert len(rows(said)) == 48
    assert "novice  SAFERROR_HELPEESAIDNO (41): " in said and "PASSWORDS_DONT_MATCH (61): " in said


def test_a_capture_without_remote_assistance(sandbox: Sandbox) -> None:
    """The tables are there, and empty."""
    for name in ("sessions", "results", "ladder"):
        said = sandbox.tshark(PCAPS / "neg_plain_rdp.pcapng", "-q", "-z", f"msra,{name}")
        assert "Remote Assistance" in said and rows(said) == []


@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_ladder(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """An arrow for each message, from who sent it to the other; what peers write can't draw lines of its own."""
    talk = Conversation().connect().message(EXPERT, chat("a\n|<- b\x1b[31m")).message(NOVICE, rdp.result(41))
    said = sandbox.tshark(talk.capture(), "-q", "-z", "msra,ladder", *passes)
    (title,) = [line for line in said.splitlines() if line.startswith("Session")]
    assert title == "Session 1: expert 10.0.1.1:50000, novice 10.0.1.2:49230"
    up, down = [line for line in said.splitlines() if line.endswith("|")]
    assert re.search(r"\|-- CHAT: a \|<- b \[31m -+>\|$", up) and up.split()[1] == "8"
    assert re.search(r"\|<- REMOTEDESKTOP_CTL_RESULT: SAFERROR_HELPEESAIDNO \(41\) -+\|$", down)
    assert len(up) == len(down)


def test_a_long_ladder(sandbox: Sandbox) -> None:
    """The first messages are shown, the others are counted."""
    talk = Conversation().connect()
    for _ in range(5010):
        talk.message(EXPERT, chat("a"))
    said = sandbox.tshark(talk.capture(), "-q", "-z", "msra,ladder")
    assert said.count("CHAT: a") == 5000 and "and 10 more messages" in said


@pytest.mark.parametrize("ports", ["49230", "1-1000,49000-50000"])
def test_additional_ports(sandbox: Sandbox, ports: str) -> None:
    """As Decode As would do it, for every session to come."""
    capture = Conversation().connect().message(NOVICE, rdp.result(41)).capture()
    off = ["-o", "msra.any_port:FALSE"]
    assert sandbox.layers(capture, *off, "-o", "msra.ports:80,3390-3400") == []
    assert len(sandbox.messages(capture, *off, "-o", f"msra.ports:{ports}")) == 1


def test_text_of_unknown_codes(sandbox: Sandbox) -> None:
    """The user's words for numbers that nobody knows; the words of the specification stay."""
    talk = Conversation().connect().message(NOVICE, rdp.result(1234)).message(NOVICE, rdp.result(41))
    plain = [one.get("result_text") for one in sandbox.messages(talk.capture())]
    ours = [one.get("result_text") for one in sandbox.messages(talk.capture(), "-o", "msra.unknown_text:Ask Bob")]
    assert plain[0] == "Not one of the result codes of [MS-RA] 2.2.6." and ours == ["Ask Bob", plain[1]]


@pytest.mark.parametrize("lua", LUA)
def test_windows(lua: str) -> None:
    """Tools, Remote Assistance: a window for each table, drawn again as packets arrive, until it is closed."""
    script = ROOT / "tests" / "dissector" / "windows.lua"
    done = subprocess.run([lua, script, SOURCE], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    arrow = lines.pop(1)
    assert arrow.startswith("1.500000 5 |<- FILEXFEREND ---") and arrow.endswith("---|and 2 more")
    assert lines == [
        "Remote Assistance/Ladder|Remote Assistance: Ladder|true",
        "Remote Assistance/Results|Remote Assistance: Results|true",
        "1 5 novice NAME (41): Text",
        "Remote Assistance/Sessions|Remote Assistance: Sessions|true",
        "1 5 [::1]:50000 10.0.0.1:3389 ? 3 NAME (41)",
    ]
