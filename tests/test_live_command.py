"""`analyze-pcap -i` and `analyze-pcap -` as people use them: real traffic, real pipes, Ctrl-C."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any

import pytest

from msra.capture import CaptureError
from msra.cli import main
from msra.engines.dumpcap import Dumpcap
from msra.engines.interface import EngineError
from tests.conformance.expected import PCAPS
from tests.replay import Replay

LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"
ERROR = PCAPS / "v2_err61_passwords_dont_match.pcapng"
RC4 = PCAPS / "v2_rc4_128.pcapng"
KEY = ("--rdp-key", str(PCAPS / "v2_rc4_128.server.key.pem"))
COMMAND = [sys.executable, "-c", "import sys; from msra.cli import main; sys.exit(main())"]


def why_not() -> str:
    """Why this user may not capture; "" if it may."""
    try:
        capture = Dumpcap(LOOPBACK)
    except EngineError as error:
        return str(error)
    try:
        return "" if capture.read() else "dumpcap wrote nothing"
    except CaptureError as error:
        return str(error)
    finally:
        capture.close()


@pytest.fixture(scope="module")
def may_capture() -> None:
    reason = why_not()
    if reason:
        must = os.environ.get("CI") and os.geteuid() == 0
        (pytest.fail if must else pytest.skip)(f"NOT TESTED: capturing on {LOOPBACK}: {reason}")


class Command:
    """A command that runs; its lines can be waited for."""

    def __init__(self, *arguments: str, **options: Any) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **options,
        )
        assert self.process.stdout and self.process.stderr
        self.out: Queue[str] = Queue()
        self.err: Queue[str] = Queue()
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            threading.Thread(target=lambda s=stream, q=lines: [q.put(line) for line in s], daemon=True).start()  # type: ignore[misc]

    def wait_for(self, text: str, lines: Queue[str] | None = None, seconds: float = 30) -> list[str]:
        """The lines up to one with this text."""
        found: list[str] = []
        deadline = time.monotonic() + seconds
        while not found or text not in found[-1]:
            try:
                found.append((lines or self.out).get(timeout=max(deadline - time.monotonic(), 0.01)))
            except Empty:
                pytest.fail(f"{text!r} has not come: {found} {list(self.err.queue)}")
        return found

    def children(self) -> set[int]:
        listing = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return set(map(int, listing.stdout.split()))

    def rest(self) -> tuple[str, str]:
        """What else is written until it ends."""
        self.process.wait(30)
        time.sleep(0.2)
        return "".join(self.out.queue), "".join(self.err.queue)


@pytest.fixture
def commands() -> Iterator[list[Command]]:
    started: list[Command] = []
    yield started
    for command in started:
        command.process.kill()
        command.process.wait()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.usefixtures("may_capture")
@pytest.mark.parametrize(
    ("engine", "path", "options", "says", "outcome"),
    [
        ("tshark", ERROR, (), "REMOTEDESKTOP_CTL_RESULT 61 PASSWORDS_DONT_MATCH", "FAILED"),
        ("embedded", ERROR, (), "REMOTEDESKTOP_CTL_RESULT 61 PASSWORDS_DONT_MATCH", "FAILED"),
        ("tshark", RC4, KEY, "REMOTEDESKTOP_CTL_RESULT 0 SAFERROR_NOERROR", "ESTABLISHED"),
    ],
    ids=["tshark", "embedded", "tshark-rc4"],
)
def test_an_interface(
    engine: str, path: Path, options: tuple[str, ...], says: str, outcome: str, commands: list[Command]
) -> None:
    """A message is shown while its connection is open, the verdict behind it; Ctrl-C leaves nothing behind."""
    command = Command("-i", LOOPBACK, "--engine", engine, *options)
    commands.append(command)
    command.wait_for(f"capturing on {LOOPBACK}", command.err)
    replay = Replay(path)
    replay.play()
    command.wait_for(f"novice 127.0.0.1:{replay.port}")
    command.wait_for(f"novice → {says}")
    replay.close()
    command.wait_for("close the TCP connection")
    block = command.wait_for(f"127.0.0.1:{replay.port}")
    assert any(line.startswith("Session ") and line.endswith(f": {outcome}\n") for line in block)
    children = command.children()
    assert len(children) == (2 if engine == "tshark" else 1)
    command.process.send_signal(signal.SIGINT)
    out, err = command.rest()
    assert command.process.returncode == 0 and err == ""
    assert f"\n{LOOPBACK}: " in out and f"({engine} engine)" in out
    assert not [child for child in children if alive(child)]


@pytest.mark.usefixtures("may_capture")
def test_keys_that_are_made_while_it_runs(commands: list[Command], tmp_path: Path) -> None:
    """The key log is empty when the capture begins."""
    keylog = tmp_path / "keys.txt"
    keylog.touch()
    command = Command("-i", LOOPBACK, "--keylog", str(keylog))
    commands.append(command)
    command.wait_for("capturing on", command.err)
    shutil.copy(PCAPS / "v2_tls13.keys.txt", keylog)
    replay = Replay(PCAPS / "v2_tls13.pcapng")
    replay.play()
    command.wait_for("REMOTEDESKTOP_CTL_RESULT 0 SAFERROR_NOERROR")
    replay.close()


@pytest.mark.usefixtures("may_capture")
def test_an_open_session_is_reported_at_the_end(commands: list[Command]) -> None:
    """With the exit status that --fail-on asks for; a service is ended with SIGTERM."""
    command = Command("-i", LOOPBACK, "-f", "jsonl", "--fail-on", "failure")
    commands.append(command)
    command.wait_for("capturing on", command.err)
    replay = Replay(ERROR)
    replay.play()
    lines = command.wait_for("REMOTEDESKTOP_CTL_RESULT")
    assert json.loads(lines[-1])["fields"]["result"] == 61 and json.loads(lines[-1])["capture"] == LOOPBACK
    command.process.terminate()
    assert command.rest() == ("", "") and command.process.returncode == 1
    replay.close()


@pytest.mark.usefixtures("may_capture")
def test_other_formats_are_written_at_the_end(commands: list[Command]) -> None:
    command = Command("-i", LOOPBACK, "-f", "json")
    commands.append(command)
    command.wait_for("capturing on", command.err)
    replay = Replay(ERROR)
    replay.play()
    replay.close()
    time.sleep(1)
    assert command.out.empty()
    command.process.send_signal(signal.SIGINT)
    out, err = command.rest()
    ends = [session["novice"]["port"] for session in json.loads(out)["captures"][0]["sessions"]]
    assert replay.port in ends and err == "" and command.process.returncode == 0


def test_an_interface_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("text", "html"):
        assert main(["-i", "no such interface", "-f", form]) == 3
        assert "analyze-pcap: no such interface: " in capsys.readouterr().err


def test_a_pipe_that_goes_on(commands: list[Command]) -> None:
    """`tcpdump -U -w - | analyze-pcap -`: what was written is shown; when it ends, so does the command."""
    capture = ERROR.read_bytes()
    command = Command("-", "--engine", "embedded", stdin=subprocess.PIPE)
    commands.append(command)
    assert command.process.stdin
    pipe = command.process.stdin.buffer
    pipe.write(capture[:-2000])
    pipe.flush()
    command.wait_for("novice → REMOTEDESKTOP_CTL_RESULT 61")
    pipe.write(capture[-2000:])
    pipe.close()
    out, err = command.rest()
    assert "Session 1: FAILED" in out and "-: 102 packets" in out and err == "" and command.process.returncode == 0


def test_ctrl_c_in_a_pipe(commands: list[Command]) -> None:
    """Also when whoever writes goes on: what is there is reported."""
    command = Command("-", "--engine", "embedded", "--fail-on", "failure", stdin=subprocess.PIPE)
    commands.append(command)
    assert command.process.stdin
    command.process.stdin.buffer.write(ERROR.read_bytes()[:-2000])
    command.process.stdin.buffer.flush()
    command.wait_for("REMOTEDESKTOP_CTL_RESULT 61")
    command.process.send_signal(signal.SIGINT)
    out, err = command.rest()
    assert "Session 1: FAILED" in out and err == "" and command.process.returncode == 1


def test_a_reader_that_has_seen_enough() -> None:
    """`| head -1` ends the command without an error message."""
    with subprocess.Popen(
        [*COMMAND, "--engine", "embedded", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        threading.Thread(target=_write, args=(process.stdin, (PCAPS / "v2_all48_codes.pcapng").read_bytes())).start()
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait(60) == 0


def _write(pipe: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(data)


def test_filters_choose_what_is_shown() -> None:
    capture = (PCAPS / "v2_all48_codes.pcapng").read_bytes()
    done = subprocess.run(
        [*COMMAND, "--engine", "embedded", "-f", "jsonl", "--code", "61", "-"],
        input=capture,
        capture_output=True,
        timeout=60,
    )
    results = [line["fields"].get("result") for line in map(json.loads, done.stdout.splitlines())]
    assert 61 in results and set(results) == {61, None}
    assert done.returncode == 0 and b"47 of 48 sessions are left out by the filters" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("--summary",), ("-o", "report.txt"), ("--extract", "files")], ids=lambda given: given[0]
)
def test_what_needs_the_end_waits_for_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--engine", "embedded", *arguments, "-"],
        input=ERROR.read_bytes(), capture_output=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    written = tmp_path / "report.txt"
    out = written.read_bytes() if written.exists() else done.stdout
    assert done.returncode == 0 and b"PASSWORDS_DONT_MATCH" in out and b"A session begins" not in out


def test_a_full_disk() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("NOT TESTED: this system has no /dev/full")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "-", "--engine", "embedded"], input=ERROR.read_bytes(), stdout=full, stderr=subprocess.PIPE
        )
    assert done.returncode == 2 and done.stderr.startswith(b"analyze-pcap: standard output: it cannot be written")
