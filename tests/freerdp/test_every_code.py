"""The real FreeRDP as the expert, the novice of this package, and all 48 results: the client reaches each of them.

Behind the result the novice says something that no expert knows, with a number of its own: the client's log shows
that number, and so that it has read everything up to there, the result included. FreeRDP 2 does not look at results;
FreeRDP 3 says in its log that it was denied, and leaves, so that it reads no further.

The environment variable MSRA_XFREERDP names another xfreerdp than the one on PATH; see tests/test-freerdp.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from msra.analyzer import analyze, iter_events
from msra.build import Endpoint, Invitation, script
from msra.codes import CODES
from msra.events import Message
from msra.layers import MSRA_Ctl
from msra.novice.conduct import Conduct
from msra.novice.server import Server

UNKNOWN_TYPE = 10_000
"""Message types from here on stand for the results that were sent before them."""
AT_ONCE = 4
TIMEOUT = 60  # seconds for one session; it takes two
PATIENCE = 10  # seconds for the novice to notice that its client has ended
VERSION_1 = (0, 26, 41, 47)
CASES = [(2, code) for code in CODES] + [(1, code) for code in VERSION_1]


def xfreerdp() -> str:
    """The client to test. Never skipped in silence: the tests fail where there is none."""
    program = os.environ.get("MSRA_XFREERDP") or shutil.which("xfreerdp") or shutil.which("xfreerdp3")
    assert program, "these tests need xfreerdp: make test installs it"
    return program


def environment(home: Path, display: str) -> dict[str, str]:
    """Away from the user's own configuration."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "DISPLAY": display, "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Session:
    """What came of one session: the novice's log, the client's, its exit status, and a capture."""

    novice: str
    client: str
    status: int
    capture: Path

    def said(self, pattern: str) -> bool:
        """Whether the client's log says so."""
        return re.search(pattern, self.client) is not None


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """An X server without a screen, for the client's window; it listens on no network.

    Without -noreset it starts anew when its last client has gone, and refuses the next one meanwhile.
    """
    program = shutil.which("Xvfb")
    assert program, "these tests need Xvfb: make test installs it"
    command = [program, "-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        number = server.stdout.readline().strip()
        assert number, "Xvfb does not start"
        yield f":{number}"
        server.terminate()


@pytest.fixture(scope="module")
def sessions(display: str, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, int], Session]:
    """One session for each case, some at a time."""
    folder = tmp_path_factory.mktemp("freerdp")

    async def run() -> list[Session]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def in_turn(version: int, code: int) -> Session:
            async with turn:
                return await _session(f"v{version}_{code}", _conduct(version, code), folder, display)

        return await asyncio.gather(*(in_turn(version, code) for version, code in CASES))

    return dict(zip(CASES, asyncio.run(run()), strict=True))


def _conduct(version: int, code: int) -> Conduct:
    """The result, and behind it what no expert knows."""
    probe = script.on("RC_CTL", "novice", MSRA_Ctl(msg_type=UNKNOWN_TYPE + code))
    return Conduct(code, version=1 if version == 1 else 2, after=probe, disconnect_after=0.3)


async def _session(name: str, conduct: Conduct, folder: Path, display: str) -> Session:
    """A novice of its own on a free port of loopback, and a client that comes with its invitation."""
    log: list[str] = []
    server = Server(conduct, log.append, folder / f"{name}.pcapng")
    async with await server.start("127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        invitation = folder / f"{name}.msrcIncident"
        invitation.write_text(Invitation((Endpoint("127.0.0.1", port),)).text(), "utf-8")
        command = [
            xfreerdp(),
            str(invitation),
            "/assistance:Password1",
            f"/v:127.0.0.1:{port}",
            "/sec:rdp",
            "/d:",
            "/p:*",
        ]
        # In a thread: pyshark, which other tests use, takes the watcher of asyncio's child processes away.
        client = await asyncio.to_thread(_run, [*command, "/log-level:DEBUG"], environment(folder, display))
        try:
            await asyncio.wait_for(server.finished.acquire(), PATIENCE)
        except asyncio.TimeoutError:
            pytest.fail(f"the client has ended, and the novice knows nothing of it: {log}\n{client.stdout}")
    return Session("\n".join(log), client.stdout, client.returncode, folder / f"{name}.pcapng")


def _run(command: list[str], own: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Its whole output is the log."""
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=own,
        encoding="utf-8", errors="replace", timeout=TIMEOUT, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def heeds_results(display: str, tmp_path_factory: pytest.TempPathFactory) -> bool:
    """Whether this client looks at results: FreeRDP 3 does."""
    own = environment(tmp_path_factory.mktemp("version"), display)
    done = subprocess.run(
        [xfreerdp(), "/version"], capture_output=True, text=True, env=own, check=False, timeout=TIMEOUT
    )
    match = re.search(r"version ([0-9]+)\.", done.stdout)
    assert match, done
    return int(match[1]) >= 3


@pytest.mark.parametrize(("version", "code"), CASES)
def test_the_client_reaches_the_result(
    version: int, code: int, sessions: dict[tuple[int, int], Session], heeds_results: bool
) -> None:
    found = sessions[version, code]
    assert f"novice REMOTEDESKTOP_CTL_RESULT result={code} " in found.novice, found.client
    if code == 41 and heeds_results:
        assert found.said("remote assistance connection request was denied"), found.client
        assert found.said("remdesk_recv_ctl_result_pdu failed with error 1225")
        return
    assert found.said(f"unknown msgType: {UNKNOWN_TYPE + code}\\b"), found.client
    assert not found.said("connection request was denied")


@pytest.mark.parametrize(("version", "code"), CASES)
def test_the_capture_tells_the_same(version: int, code: int, sessions: dict[tuple[int, int], Session]) -> None:
    report = analyze(sessions[version, code].capture, "embedded")
    (session,) = report.sessions
    assert (session.version, session.verdict.result) == (version, code)


@pytest.mark.parametrize(("version", "code"), CASES)
def test_the_client_knows_the_password(version: int, code: int, sessions: dict[tuple[int, int], Session]) -> None:
    """So it has decrypted the ticket of the invitation, or taken the other one, and encrypted its PassStub."""
    encrypted = Invitation().encrypted_pass_stub.hex()
    assert f"PASS={encrypted.upper()}" in sessions[version, code].novice
    if version == 2:
        assert f"REMOTEDESKTOP_EXPERT_ON_VISTA encrypted_password='{encrypted}'" in sessions[version, code].novice


def test_deviations(display: str, tmp_path: Path) -> None:
    """No announcement, a user who takes a while to answer, and a line of the chat behind it."""
    conduct = Conduct(0, announce=False, delay=1.5, after=script.chat("novice", "Hello"), disconnect_after=0.2)
    found = asyncio.run(_session("made", conduct, tmp_path, display))
    messages = [event for event in iter_events(found.capture, "embedded") if isinstance(event, Message)]
    said = [message.type.removeprefix("REMOTEDESKTOP_") for message in messages]
    asked = ["CTL_VERSIONINFO", "EXPERT_ON_VISTA", "CTL_VERIFY_PASSWORD"]
    assert said == [*asked, "CTL_RESULT", "CHAT", "CTL_DISCONNECT"], found.client
    assert 1.5e9 <= messages[3].time - messages[2].time < 10e9
