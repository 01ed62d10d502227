"""The novice on a socket: what it says, what it logs, what it records."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from msra.analyzer import iter_events
from msra.build import rdp, script
from msra.events import Message
from msra.novice.conduct import Conduct
from msra.novice.server import Server, described
from tests.novice.expert import connecting, saying, visit

PROMPT = Conduct(41, disconnect_after=0)
ASKS = tuple(saying(script.version_2()))

Expert = Callable[[int], Awaitable[bytes]]


def session(conduct: Conduct, *experts: Expert, capture: Path | None = None) -> tuple[list[str], list[bytes]]:
    """The log of the novice, without ports and times, and what each expert got from it, one after the other."""
    log: list[str] = []

    async def run() -> list[bytes]:
        server, received = Server(conduct, log.append, capture), []
        async with await server.start("127.0.0.1", 0) as listening:
            for expert in experts:
                received.append(await expert(listening.sockets[0].getsockname()[1]))
                await server.finished.acquire()
        return received

    received = asyncio.run(asyncio.wait_for(run(), 10))
    return [line.split(" ", 2)[-1] for line in log], received


def test_a_session(tmp_path: Path) -> None:
    capture = tmp_path / "made.pcapng"
    log, (received,) = session(PROMPT, lambda port: visit(port, *ASKS), capture=capture)
    said = [
        ("novice", "REMOTEDESKTOP_CTL_SERVER_ANNOUNCE"),
        ("novice", "REMOTEDESKTOP_CTL_VERSIONINFO"),
        ("expert", "REMOTEDESKTOP_EXPERT_ON_VISTA"),
        ("expert", "REMOTEDESKTOP_CTL_VERIFY_PASSWORD"),
        ("novice", "REMOTEDESKTOP_CTL_RESULT"),
        ("novice", "REMOTEDESKTOP_CTL_DISCONNECT"),
    ]
    assert log[0] == "expert has connected, with the channels 'rdpdr, encomsp, remdesk'"
    assert [tuple(line.split()[:2]) for line in log[1:]] == said
    assert received.endswith(rdp.disconnect())
    messages = [one for one in iter_events(capture, "embedded") if isinstance(one, Message)]
    assert [(one.sender, one.type) for one in messages] == said and messages[4].fields["result"] == 41


def test_the_expert_leaves() -> None:
    log, _ = session(Conduct(), lambda port: visit(port, rdp.disconnect(3), leaves=True))
    assert "expert ends the RDP connection, reason 3" in log
    log, _ = session(Conduct(), lambda port: visit(port, leaves=True))
    assert log[-1] == "expert closes the TCP connection"


async def _send(port: int, *packets: bytes) -> bytes:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.writelines(packets)
    await writer.drain()
    writer.close()
    return b""


def test_who_is_no_expert() -> None:
    log, _ = session(Conduct(), lambda port: _send(port, *connecting(["cliprdr", "a\x1b[31m"])))
    assert log[:2] == [
        r"expert has connected, with the channels 'cliprdr, a\x1b[31m'",
        "expert has no channel remdesk: this is no Remote Assistance",
    ]
    log, _ = session(PROMPT, lambda port: _send(port, b"GET / HTTP/1.1\r\n", bytes(70_000)))
    assert log[-1].endswith("bytes are no RDP")


def test_a_capture_that_cannot_be_written(tmp_path: Path) -> None:
    """The next session takes place nevertheless."""
    experts: list[Expert] = [lambda port: visit(port, *ASKS)] * 2
    log, received = session(PROMPT, *experts, capture=tmp_path / "missing" / "made.pcap")
    assert len([line for line in log if "No such file" in line]) == len(received) == 2


def test_several_sessions_in_one_capture(tmp_path: Path) -> None:
    experts: list[Expert] = [lambda port: visit(port, *ASKS)] * 3
    session(PROMPT, *experts, capture=tmp_path / "made.pcap")
    messages = [one for one in iter_events(tmp_path / "made.pcap", "embedded") if isinstance(one, Message)]
    assert [one.connection for one in messages if one.type == "REMOTEDESKTOP_CTL_RESULT"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("channel", "data", "expected"),
    [
        (
            "remdesk",
            script.result(41)[0].data,
            "REMOTEDESKTOP_CTL_RESULT result=41 result_name='SAFERROR_HELPEESAIDNO'",
        ),
        ("remdesk", script.chat("expert", "\x1b[2J\u202e")[0].data, r"CHAT text='\x1b[2J\u202e'"),
        ("remdesk", script.chat("expert", "x" * 900)[0].data, f"CHAT text='{'x' * 199}..."),
        ("remdesk", b"\x1b[2J", "4 bytes that are no message: 1b5b324a"),
        ("encomsp", script.share_control()[1].data, "OD_PARTICIPANT_CTRL_CHANGE order_type=9 flags=3 participant_id=5"),
    ],
)
def test_lines_of_the_log(channel: str, data: bytes, expected: str) -> None:
    ((_, line),) = described(channel, data)
    assert line.startswith(expected) and line.isprintable()
