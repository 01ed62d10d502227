"""pyshark's captures with messages: the analyzer's, in every loop and thread, and no tshark stays behind."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyshark.capture.capture import TSharkCrashException
from pyshark.capture.file_capture import FileCapture
from pyshark.capture.live_capture import LiveCapture

import msra
from msra import plugin
from msra.engines import pyshark_capture
from msra.engines.interface import Options
from msra.engines.program import Program
from msra.events import Message
from tests.conformance.expected import PCAPS
from tests.replay import Replay
from tests.test_live_command import LOOPBACK
from tests.test_live_command import may_capture as may_capture  # a fixture

ERROR, LONG = PCAPS / "v2_err61_passwords_dont_match.pcapng", PCAPS / "v2_all48_codes.pcapng"
MESSAGES = [
    # those of ERROR
    (61, "REMOTEDESKTOP_CTL_VERSIONINFO"),
    (74, "REMOTEDESKTOP_EXPERT_ON_VISTA"),
    (75, "REMOTEDESKTOP_CTL_VERIFY_PASSWORD"),
    (81, "REMOTEDESKTOP_CTL_RESULT"),
]


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> list[Program]:
    """All that were started."""
    started: list[Program] = []

    class Recorded(Program):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(pyshark_capture, "Program", Recorded)
    return started


def ended(programs: list[Program]) -> bool:
    """Whether each has ended, and was waited for, and there was one."""
    return bool(programs) and all(program._process.returncode is not None for program in programs)


def types(packets: Any) -> list[tuple[int, str]]:
    return [(message.frame, message.type) for packet in packets for message in packet.messages]


# -- packets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("rich_all_types.pcapng", {}),
        ("tcp_lost_segment.pcap", {}),
        ("tcp_out_of_order.pcap", {}),
        ("comp_shared_ncrush.pcapng", {}),
        ("v2_tls13.pcapng", {"keylog": PCAPS / "v2_tls13.keys.txt"}),
        ("v2_rc4_128.pcapng", {"rdp_keys": [PCAPS / "v2_rc4_128.server.key.pem"]}),
    ],
)
def test_the_same_messages_as_the_analyzer(name: str, given: dict[str, Any]) -> None:
    """Values and all, also where Wireshark cannot decrypt or decompress, and where bytes are missing."""
    options = Options(given.get("keylog"), tuple(given.get("rdp_keys", ())))
    events = msra.iter_events(PCAPS / name, engine="embedded", options=options)
    expected = sorted((event for event in events if isinstance(event, Message)), key=lambda message: message.frame)
    frames = ", ".join(str(message.frame) for message in expected)
    with msra.open_capture(PCAPS / name, **given, display_filter=f"msra || frame.number in {{{frames}}}") as capture:
        assert [message for packet in capture for message in packet.messages] == expected != []


def test_all_messages_of_a_frame() -> None:
    """pyshark's attribute shows the first of them."""
    with msra.open_capture(PCAPS / "link_ipv6.pcapng", display_filter="frame.number == 64") as capture:
        (packet,) = capture
    assert types([packet]) == [(64, "REMOTEDESKTOP_EXPERT_ON_VISTA"), (64, "REMOTEDESKTOP_CTL_VERIFY_PASSWORD")]
    assert packet.msra.type == "REMOTEDESKTOP_EXPERT_ON_VISTA" and packet.ipv6.src


def test_a_packet_is_pyshark_s_own_and_more() -> None:
    with msra.open_capture(ERROR, display_filter="msra.result") as capture:
        assert isinstance(capture, FileCapture)
        packet = next(iter(capture))
    assert (packet.number, packet.ip.src, packet.highest_layer) == ("81", "127.0.0.1", "MSRA")
    assert packet.msra.result == "61" and "msra" in packet
    (message,) = packet.messages
    assert (message.sender, message.fields["result"], message.fields["result_name"]) == (
        "novice", 61, "PASSWORDS_DONT_MATCH",
    )  # fmt: skip
    assert message.time // 1000 == round(float(packet.sniff_timestamp) * 1e6)
    assert pickle.loads(pickle.dumps(packet)).messages == [message]


def test_everything_that_pyshark_s_capture_can_do() -> None:
    with msra.open_capture(ERROR, display_filter="tcp.port == 49152") as capture:
        assert len(capture) == 0
        assert capture[80].messages[0].fields["result"] == 61
        assert len(capture) == 81
        capture.reset()
        assert capture.next_packet() is capture[0]
        with pytest.raises(KeyError):
            capture[5000]
        assert types(capture[at] for at in range(len(capture))) == MESSAGES
    with msra.open_capture(ERROR, display_filter="msra", keep_packets=False) as capture:
        assert types([capture.next(), capture.next()]) == MESSAGES[:2]
        with pytest.raises(NotImplementedError):
            capture[0]
    with msra.open_capture(ERROR, custom_parameters={"-o": "tcp.relative_sequence_numbers:FALSE"}) as capture:
        seen: list[Any] = []
        capture.apply_on_packets(seen.append, packet_count=80)
        assert len(seen) == 80 and int(seen[0].tcp.seq) > 1
        capture.load_packets(70)
        assert len(capture) == 70 and types(capture) == MESSAGES[:1]


def test_unknown_options_are_an_error_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    complaints: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    with pytest.raises(TypeError, match="no_such_option"):
        msra.open_capture(ERROR, no_such_option=1)
    gc.collect()
    assert complaints == []


def test_what_loses_messages_is_refused() -> None:
    with pytest.raises(ValueError, match="use_ek"):
        msra.open_capture(ERROR, use_ek=True)


def test_what_only_wireshark_can_read(tmp_path: Path) -> None:
    """It is left to Wireshark."""
    path = tmp_path / "a.snoop"
    subprocess.run(["editcap", "-F", "snoop", ERROR, path], check=True, capture_output=True)
    with msra.open_capture(path) as capture:
        assert types(capture) == MESSAGES


# -- errors ------------------------------------------------------------------------------------------------------------


def test_what_tshark_says_is_said() -> None:
    with pytest.raises(TSharkCrashException, match=r"no\.such\.field"), msra.open_capture(
        ERROR, display_filter="no.such.field == 1"
    ) as capture:  # fmt: skip
        list(capture)


def test_a_tshark_without_the_plugin_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.lua").write_text("")
    monkeypatch.setattr(plugin, "script", lambda: tmp_path / "empty.lua")
    with pytest.raises(TSharkCrashException, match="did not load the MS-RA plugin"):
        list(msra.open_capture(ERROR))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        msra.open_capture("/no/such/file")


def test_a_damaged_file_is_read_as_far_as_it_goes() -> None:
    with msra.open_capture(PCAPS / "cut_file_truncated.pcap") as capture, pytest.warns(UserWarning, match="damaged"):
        assert sum(1 for _ in capture) > 10


# -- event loops and threads -------------------------------------------------------------------------------------------


def test_inside_a_running_loop() -> None:
    """As in Jupyter. pyshark says: "This event loop is already running"."""

    async def cell() -> list[tuple[int, str]]:
        with msra.open_capture(ERROR, display_filter="msra") as capture:
            return types(capture)

    assert asyncio.run(cell()) == MESSAGES


def test_the_loop_goes_on_meanwhile(programs: list[Program]) -> None:
    async def main() -> tuple[list[Any], int]:
        seen: list[Any] = []
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        beside = asyncio.create_task(other())
        async with msra.open_capture(ERROR, display_filter="msra") as capture:
            await capture.packets_from_tshark(seen.append)
        beside.cancel()
        return seen, turns

    seen, turns = asyncio.run(main())
    assert types(seen) == MESSAGES and turns > 4 and ended(programs)


def test_a_task_that_is_cancelled_ends_tshark(tmp_path: Path, programs: list[Program]) -> None:
    async def main() -> None:
        capture = msra.open_capture(ERROR, tshark_path=never(tmp_path))
        task = asyncio.create_task(capture.packets_from_tshark(print))
        while not programs:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ended(programs)


def test_in_any_thread() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend(types(msra.open_capture(ERROR, display_filter="msra"))))
    thread.start()
    thread.join()
    assert found == MESSAGES


# -- nothing stays behind ----------------------------------------------------------------------------------------------


def with_statement() -> None:
    with msra.open_capture(LONG) as capture:
        next(iter(capture))


def closed_and_read_on() -> None:
    capture = msra.open_capture(LONG)
    packets = iter(capture)
    next(packets)
    capture.close()
    assert len(list(packets)) < 1000


def not_exhausted() -> None:
    for _ in msra.open_capture(LONG):
        break


def forgotten() -> None:
    assert msra.open_capture(LONG)[0].number == "1"


def exception_midway() -> None:
    def fail() -> None:
        for packet in msra.open_capture(LONG):
            raise LookupError(packet.number)

    with pytest.raises(LookupError):
        fail()


def callback_fails() -> None:
    with pytest.raises(AttributeError):
        msra.open_capture(LONG).apply_on_packets(lambda packet: packet.no_such_layer)


def limited() -> None:
    msra.open_capture(LONG).load_packets(3)


@pytest.mark.parametrize(
    "leave",
    [with_statement, closed_and_read_on, not_exhausted, forgotten, exception_midway, callback_fails, limited],
    ids=lambda leave: leave.__name__,
)
def test_nothing_stays_behind(leave: Callable[[], None], programs: list[Program]) -> None:
    """LONG is more than fits into a pipe, so tshark would wait for ever."""
    leave()
    gc.collect()
    assert ended(programs)


def test_a_timeout(tmp_path: Path, programs: list[Program]) -> None:
    capture = msra.open_capture(ERROR, tshark_path=never(tmp_path))
    with pytest.raises(asyncio.TimeoutError):
        capture.apply_on_packets(print, timeout=0.2)
    capture.load_packets(timeout=0.2)
    assert len(capture) == 0 and len(programs) == 2 and ended(programs)


def test_no_packet_comes_after_the_timeout(programs: list[Program]) -> None:
    """Not those either that were read already."""
    seen: list[Any] = []

    def slow(packet: Any) -> None:
        seen.append(packet)
        time.sleep(0.2)  # the pipe fills, and several packets are read at once
        while len(seen) == 3 and not ended(programs):
            time.sleep(0.01)

    with pytest.raises(asyncio.TimeoutError):
        msra.open_capture(LONG).apply_on_packets(slow, timeout=2)
    assert len(seen) <= 3  # less, where tshark is slow


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("end", ["ctrl-c", "exit"])
def test_the_end_of_python_is_the_end_of_tshark(end: str, tmp_path: Path) -> None:
    """Also of one that writes nothing, and so never notices."""
    code = (
        "import msra, sys, threading\n"
        f"capture = msra.open_capture({str(ERROR)!r}, tshark_path={never(tmp_path)!r})\n"
        "def say():\n"
        "    while not capture._running_processes: pass\n"
        "    print(*(p.pid for p in capture._running_processes), flush=True)\n"
        "threading.Thread(target=say).start()\n"
        + ("list(capture)\n" if end == "ctrl-c" else
           "capture.eventloop.run_until_complete(capture._get_tshark_process())\n")
    )  # fmt: skip
    python = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert python.stdout
    pid = int(python.stdout.readline())
    if end == "ctrl-c":
        python.send_signal(signal.SIGINT)
    _, said = python.communicate(timeout=60)
    assert (b"KeyboardInterrupt" in said) == (end == "ctrl-c")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def never(folder: Path) -> str:
    """The path of a tshark that writes nothing, and never ends."""
    return program(folder, "tshark", "while :; do sleep 0.1; done")


def program(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


# -- live --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def dumpcap(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Puts a program in the place of dumpcap; gives the path of the tshark beside it, which is the real one."""
    tshark = shutil.which("tshark")
    assert tshark, "tests/install-tools installs tshark"
    (tmp_path / "tshark").symlink_to(tshark)

    def put(text: str) -> str:
        program(tmp_path, "dumpcap", text)
        return str(tmp_path / "tshark")

    return put  # type: ignore[return-value]


def test_live_packets_come_as_they_are_captured(
    dumpcap: Callable[[str], str], programs: list[Program], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no file of them stays behind."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    tshark = dumpcap(f"cat {ERROR}; while :; do sleep 0.1; done")
    with msra.open_live("1", tshark_path=tshark, bpf_filter="tcp", display_filter="msra") as capture:
        assert isinstance(capture, LiveCapture)
        packets = capture.sniff_continuously()
        assert types([next(packets) for _ in MESSAGES]) == MESSAGES
        assert programs[0]._process.args == [  # type: ignore[comparison-overlap]
            str(Path(tshark).parent / "dumpcap"), "-q", "-f", "tcp", "-i", "1", "-w", "-"
        ]  # fmt: skip
    assert len(programs) == 2 and ended(programs)
    assert list((tmp_path / "temporary").iterdir()) == []


def test_live_a_number_of_packets_is_the_end_of_both(dumpcap: Callable[[str], str], programs: list[Program]) -> None:
    capture = msra.open_live("1", tshark_path=dumpcap(f"cat {ERROR}; while :; do sleep 0.1; done"))
    assert len(list(capture.sniff_continuously(packet_count=5))) == 5
    assert len(programs) == 2 and ended(programs)


def test_why_dumpcap_failed(dumpcap: Callable[[str], str], programs: list[Program]) -> None:
    capture = msra.open_live("1", tshark_path=dumpcap("echo Capturing on x >&2; echo not permitted >&2; exit 2"))
    with pytest.raises(TSharkCrashException, match=r"^dumpcap ended with status 2: not permitted$"):
        capture.sniff(timeout=60)
    assert ended(programs)


def test_when_dumpcap_ends_so_does_the_capture(dumpcap: Callable[[str], str], programs: list[Program]) -> None:
    assert types(msra.open_live("1", tshark_path=dumpcap(f"cat {ERROR}"))) == MESSAGES
    assert len(programs) == 2 and ended(programs)


@pytest.mark.usefixtures("may_capture")
def test_an_interface() -> None:
    replay = Replay(ERROR)
    with msra.open_live(LOOPBACK, bpf_filter=f"tcp port {replay.port}", display_filter="msra") as capture:
        packets = capture.sniff_continuously()
        player = threading.Timer(0, replay.play)
        started = threading.Thread(target=lambda: (wait_for_dumpcap(capture), player.start()))
        started.start()
        found = [next(packets).messages[0] for _ in MESSAGES]
        started.join()
        player.join()
    replay.close()
    assert [message.type for message in found] == [kind for _, kind in MESSAGES]
    assert found[-1].fields["result"] == 61


def wait_for_dumpcap(capture: Any) -> None:
    """It says "File: -" when it captures."""
    deadline = time.monotonic() + 60
    while not any("File: " in line for source in capture._sources.values() for line in source.error_lines):
        assert time.monotonic() < deadline
        time.sleep(0.02)
