"""The command ``python -m msra.novice``: options in, log out."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msra.build import Endpoint, Invitation, script
from msra.codes import find
from msra.novice.conduct import Conduct
from msra.novice.server import Server

EPILOG = """\
with FreeRDP as the expert:
  python -m msra.novice --result 41 --write-invitation help.msrcIncident
  xfreerdp help.msrcIncident /assistance:Password1 /v:127.0.0.1:3389 /sec:rdp /d: "/p:*" /log-level:DEBUG

FreeRDP 2 ignores the result; FreeRDP 3 logs that it was denied and ends the session (41 only).
Nothing is encrypted, and nothing is checked: listen on loopback.

exit status: 0 the sessions are over, or Ctrl+C; 1 the port or a file can't be used; 2 wrong usage
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(argv)
    try:
        asyncio.run(_serve(options))
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        sys.stderr.write(f"novice: {error}\n")
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    say = partial(print, flush=True)
    server = Server(_conduct(options), say, options.write_capture)
    async with await server.start(options.host, options.port) as listening:
        host, port = listening.sockets[0].getsockname()[:2]
        if options.write_invitation is not None:
            made = Invitation((Endpoint(host, port),), options.password, start=int(time.time()))
            options.write_invitation.write_text(made.text(), "utf-8", newline="")
        say(f"listening on {host} port {port}")
        sessions = 0
        while options.sessions is None or sessions < options.sessions:
            await server.finished.acquire()
            sessions += 1


def _conduct(options: argparse.Namespace) -> Conduct:
    return Conduct(
        result=options.result,
        version=options.version,
        version_minor=options.version_minor,
        announce=options.announce,
        delay=options.delay,
        after=tuple(step for line in options.chat for step in script.chat("novice", line)),
        disconnect_after=options.disconnect_after,
    )


def _result(text: str) -> int:
    code = find(text)
    if code is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no result code; `saferror --list` has them all")
    return code.value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no time in seconds")
    return value


def _capture(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in (".pcap", ".pcapng"):
        raise argparse.ArgumentTypeError("the name of a capture ends with .pcap or .pcapng")
    return path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m msra.novice",
        description="A Remote Assistance novice for testing experts: it gives every expert the same result.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--result", type=_result, default=0, metavar="CODE", help="number or name, as for saferror (default: 0)")
    add("--version", type=int, choices=(1, 2), default=2, help="of the protocol (default: 2)")
    add("--version-minor", type=int, metavar="N", help="in VERSIONINFO (default: the version, as FreeRDP takes it)")
    add("--announce", action=argparse.BooleanOptionalAction, default=True, help="begin with a SERVER_ANNOUNCE")
    add("--delay", type=_seconds, default=0.0, metavar="SECONDS", help="before the result, as if a user had to click")
    add("--chat", action="append", default=[], metavar="TEXT", help="a line to send after the result; may be repeated")
    add("--disconnect-after", type=_seconds, metavar="SECONDS", help="end the session so long after the last message")
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="to listen on (default: 127.0.0.1)")
    add("--port", type=int, default=3389, metavar="PORT", help="to listen on; 0 takes a free one (default: 3389)")
    add("--sessions", type=int, metavar="N", help="stop after so many (default: stop with Ctrl+C)")
    add("--write-invitation", type=Path, metavar="FILE", help="write an invitation (.msrcIncident) for the expert")
    add("--password", default="Password1", help="of that invitation (default: Password1)")
    add("--write-capture", type=_capture, metavar="FILE", help="write the sessions as a capture (.pcap or .pcapng)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
