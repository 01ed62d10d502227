"""The tshark engine: whatever goes wrong in tshark is an error, never an empty result."""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path

import pytest

from msra import plugin
from msra.engines import tshark
from msra.engines.interface import EngineError, Options
from msra.engines.tshark import TsharkEngine
from msra.events import Message
from tests.conformance.expected import PCAPS
from tests.dissector.conversation import NOVICE, Conversation
from tests.transport import builders as rdp
from tests.wire import Talk

CAPTURE = PCAPS / "v2_ok_3389.pcapng"


def events(path: Path = CAPTURE, options: Options | None = None) -> list[object]:
    return list(TsharkEngine().read(path, options or Options()).events())


@pytest.fixture
def broken_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    script = tmp_path / "msra.lua"
    monkeypatch.setattr(plugin, "script", lambda: script)
    return script


@pytest.mark.parametrize("content", ["this is no Lua", "error('it broke')", "local x = nil + 1"])
def test_a_plugin_that_does_not_load_is_an_error(broken_plugin: Path, content: str) -> None:
    broken_plugin.write_text(content)
    with pytest.raises(EngineError, match="plugin"):
        events()


@pytest.mark.parametrize("port", [443, 445, 5000, 8080])
def test_rdp_is_found_on_ports_of_other_protocols(port: int, tmp_path: Path) -> None:
    """Wireshark gives them to others, whose dissectors would come first."""
    talk = Conversation(talk=Talk(server_port=port)).connect("remdesk").message(NOVICE, rdp.result(41))
    path = tmp_path / "capture.pcap"
    path.write_bytes(talk.capture())
    assert [event.type for event in events(path) if isinstance(event, Message)] == ["REMOTEDESKTOP_CTL_RESULT"]


def test_a_missing_plugin_is_an_error(broken_plugin: Path) -> None:
    assert not broken_plugin.exists()
    with pytest.raises(EngineError, match="plugin"):
        events()


def test_a_plugin_that_fails_while_dissecting_is_an_error(broken_plugin: Path) -> None:
    """tshark exits with 0 then, and says it in the tree only."""
    broken_plugin.write_text("""
        local msra, rdp = Proto("msra", "x"), Proto("msra_rdp", "y")
        function msra.dissector(tvb, pinfo, tree) tree:add(msra, tvb()) error("it broke") end
        DissectorTable.get("tcp.port"):add(3389, msra)
    """)
    with pytest.raises(EngineError, match="plugin"):
        events()


@pytest.mark.parametrize("script", ["echo lost my mind >&2; exit 3", "kill -9 $$"])
def test_a_tshark_that_dies_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    fake = tmp_path / "tshark"
    version = 'case "$*" in -v) echo "TShark (Wireshark) 4.0.0 (x)"; exit 0;; esac'
    fake.write_text(f"#!/bin/sh\n{version}\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(EngineError, match="tshark ended"):
        events()


def test_no_tshark_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tshark, "find_tshark", lambda: None)
    with pytest.raises(EngineError, match="not installed"):
        events()


def test_a_cut_capture_is_no_error() -> None:
    reading = TsharkEngine().read(PCAPS / "cut_file_truncated.pcap", Options())
    assert len([e for e in reading.events() if type(e).__name__ == "Message"]) == 2
    assert len(reading.notes) == 1


def test_a_damaged_capture_is_a_note(tmp_path: Path) -> None:
    for name in ("v2_ok_49230.pcap", "v2_ok_3389.pcapng"):
        (tmp_path / name).write_bytes((PCAPS / name).read_bytes() + b"\xee" * 300)
        reading = TsharkEngine().read(tmp_path / name, Options())
        assert len([e for e in reading.events() if type(e).__name__ == "Message"]) == 4
        assert len(reading.notes) == 1


def test_what_only_wireshark_takes_for_damaged_is_a_note(tmp_path: Path) -> None:
    """It refuses packets above 256 KiB; the messages before them are there all the same."""
    content = (PCAPS / "v2_ok_49230.pcap").read_bytes()
    (tmp_path / "made.pcap").write_bytes(content + struct.pack("<IIII", 0, 0, 300_000, 300_000) + bytes(300_000))
    reading = TsharkEngine().read(tmp_path / "made.pcap", Options())
    assert len([e for e in reading.events() if type(e).__name__ == "Message"]) == 4
    assert [note for note in reading.notes if "Wireshark" in note]


def test_what_is_no_capture_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no capture")
    for name, sentence in (("text", "no pcap or pcapng"), ("missing", "No such file")):
        with pytest.raises(EngineError, match=sentence):
            events(tmp_path / name)


def test_the_users_own_settings_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = events()
    (tmp_path / "preferences").write_text("tcp.desegment_tcp_streams: FALSE\ntcp.relative_sequence_numbers: FALSE\n")
    monkeypatch.setenv("WIRESHARK_CONFIG_DIR", str(tmp_path))
    assert events() == expected


def test_a_key_log_opens_tls() -> None:
    found = events(PCAPS / "v2_tls13.pcapng", Options(keylog=PCAPS / "v2_tls13.keys.txt"))
    types = [event.type for event in found if type(event).__name__ == "Message"]  # type: ignore[attr-defined]
    assert types[-1] == "REMOTEDESKTOP_CTL_RESULT" and len(types) == 4


def test_clear_text_on_disk_is_private_and_removed_after_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What tshark dissects for encrypted sessions lies in a temporary file for a moment."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    start, seen = tshark.TsharkReading._tshark, []

    def interrupted(reading: tshark.TsharkReading, path: Path, holes: bool = False) -> object:
        if tmp_path not in path.parents:
            return start(reading, path, holes)
        seen.append((path.parent.stat().st_mode & 0o777, path.stat().st_size > 0))
        raise KeyboardInterrupt

    monkeypatch.setattr(tshark.TsharkReading, "_tshark", interrupted)
    with pytest.raises(KeyboardInterrupt):
        events(PCAPS / "v2_fips.pcapng", Options(rdp_keys=(PCAPS / "v2_fips.server.key.pem",)))
    assert seen == [(0o700, True)]
    assert list(tmp_path.iterdir()) == []


def test_no_process_is_left_when_the_reader_stops_early() -> None:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = set(children.read_text().split()) if children.exists() else set()
    iterator = TsharkEngine().read(PCAPS / "v2_all48_codes.pcapng", Options()).events()
    next(iterator)
    iterator.close()
    assert not children.exists() or set(children.read_text().split()) <= before


@pytest.mark.parametrize(
    ("version", "root", "runs"),
    [
        ("4.0.17", True, True),
        ("4.4.1", False, True),
        ("4.4.1", True, False),
        ("4.6.0", True, False),
        ("3.6.2", False, False),
    ],
)
def test_which_tshark_runs_plugins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, root: bool, runs: bool
) -> None:
    fake = tmp_path / "tshark"
    fake.write_text(f"#!/bin/sh\necho 'TShark (Wireshark) {version}.'\n")
    fake.chmod(0o755)
    monkeypatch.setattr(tshark, "_is_root", lambda: root)
    assert tshark.runs_plugins(str(fake)) is runs


def test_a_stream_gives_the_same_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order in which they happen, and without a copy of the capture."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with CAPTURE.open("rb") as stream:
        reading = TsharkEngine().read(None, Options(), stream)
        assert reading.position == 0
        assert sorted(reading.events(), key=repr) == sorted(events(), key=repr)
    assert reading.position == CAPTURE.stat().st_size
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_told_by_what_lies_beside_tshark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is quicker; where it is missing or says nothing, tshark is asked."""
    monkeypatch.setattr(tshark, "_is_root", lambda: True)
    for name, version in (("tshark", "4.4.1"), ("capinfos", "4.0.17")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{name} (Wireshark) {version}.'\n")
        (tmp_path / name).chmod(0o755)
    assert tshark.runs_plugins(str(tmp_path / "tshark"))
    (tmp_path / "capinfos").write_text("#!/bin/sh\nexit 1\n")
    assert not tshark.runs_plugins(str(tmp_path / "tshark"))
    (tmp_path / "capinfos").unlink()
    assert not tshark.runs_plugins(str(tmp_path / "tshark"))
