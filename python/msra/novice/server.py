"""The novice on the network: sockets around `RdpServer` and `Novice`, and a line for everything that happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from msra.build import Endpoint, rdp, write_capture
from msra.build.script import ENCOMSP, REMDESK
from msra.layers.decode import decode_message
from msra.layers.encomsp import decode_encomsp
from msra.novice.conduct import Conduct, Novice, Speech
from msra.novice.rdp_server import Activated, Item, Left, NotRdpError, RdpServer, Received, Reply
from msra.novice.recording import Recording

_READ = 1 << 16
_MOST_CHARACTERS = 200

Say = Callable[[str], None]


class Server:
    """Accepts experts, any number at a time. `say` gets each line of the log; `capture` is written after a session."""

    def __init__(self, conduct: Conduct, say: Say, capture: Path | None = None) -> None:
        self.finished = asyncio.Semaphore(0)
        """Released at the end of each session."""
        self._conduct, self._say, self._capture = conduct, say, capture
        self._recordings: list[Recording] = []

    async def start(self, host: str, port: int) -> asyncio.Server:
        """Listen; port 0 takes any that is free. Raises OSError."""
        return await asyncio.start_server(self._accept, host, port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self._conduct, self._say, reader, writer)
        try:
            await link.run()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            self._write(link.recording)
        finally:
            self.finished.release()

    def _write(self, recording: Recording) -> None:
        if self._capture is None:
            return
        self._recordings.append(recording)
        try:
            write_capture(self._capture, [packet for one in self._recordings for packet in one.packets])
        except OSError as error:
            self._say(f"the capture can't be written: {error}")


class _Link:
    """One session."""

    def __init__(self, conduct: Conduct, say: Say, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        expert, novice = (Endpoint(*writer.get_extra_info(name)[:2]) for name in ("peername", "sockname"))
        self.recording = Recording(expert, novice)
        self._reader, self._writer = reader, writer
        self._rdp, self._novice = RdpServer(), Novice(conduct)
        self._say, self._port, self._start = say, expert.port, time.monotonic()
        self._outbox: asyncio.Queue[Speech] = asyncio.Queue()

    async def run(self) -> None:
        """Until one side ends the session."""
        speaking, listening = asyncio.create_task(self._speak()), asyncio.create_task(self._listen())
        done, pending = await asyncio.wait({speaking, listening}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        self.recording.closed(by_expert=listening in done)
        for task in done:
            try:
                task.result()
            except (NotRdpError, OSError) as error:
                self._log("error:", str(error))

    async def _listen(self) -> None:
        """Read until the expert leaves."""
        while data := await self._reader.read(_READ):
            self.recording.sent(True, data)
            for item in self._rdp.feed(data):
                if isinstance(item, Left):
                    self._log("expert", f"ends the RDP connection, reason {item.reason}")
                    return
                self._handle(item)
        self._log("expert", "closes the TCP connection")

    def _handle(self, item: Item) -> None:
        if isinstance(item, Reply):
            self._send(item.data)
        elif isinstance(item, Activated):
            self._log("expert", f"has connected, with the channels {', '.join(item.channels)!a}")
            if REMDESK in item.channels:
                self._outbox.put_nowait(self._novice.begin())
            else:
                self._log("expert", f"has no channel {REMDESK}: this is no Remote Assistance")
        elif isinstance(item, Received) and item.channel in (REMDESK, ENCOMSP):
            for kind, text in described(item.channel, item.data):
                self._log("expert", text)
                self._outbox.put_nowait(self._novice.hear(kind))

    async def _speak(self) -> None:
        """Say what is due, in its time; return when the session is over."""
        while True:
            speech = await self._outbox.get()
            for step in speech.steps:
                await asyncio.sleep(step.delay)
                self._send(self._rdp.message(step.channel, step.data))
                for _, text in described(step.channel, step.data):
                    self._log("novice", text)
            if speech.is_last:
                self._send(rdp.disconnect())
                await self._writer.drain()
                return

    def _send(self, data: bytes) -> None:
        if not self._writer.is_closing():  # asyncio says so where the expert is gone
            self.recording.sent(False, data)
            self._writer.write(data)

    def _log(self, who: str, what: str) -> None:
        self._say(f"{self._port} +{time.monotonic() - self._start:.3f}s {who} {what}")


def described(channel: str, data: bytes) -> Iterator[tuple[str, str]]:
    """Type and description of each message in channel data; what peers wrote stands in quotation marks, escaped."""
    if channel == ENCOMSP:
        for order in decode_encomsp(data)[0]:
            yield order.type, _line(order.type, order.fields)
        return
    decoded = decode_message(data)
    if decoded is None:
        yield "", f"{len(data)} bytes that are no message: {_short(data.hex())}"
    else:
        yield decoded.type, _line(decoded.type, decoded.fields)


def _line(kind: str, fields: dict[str, int | str]) -> str:
    return " ".join([kind, *(f"{name}={_short(ascii(value))}" for name, value in fields.items() if name != "msg_type")])


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."
