"""An expert for tests of the novice: it connects, waits for the VERSIONINFO, and says what a script says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

from msra.build import activation, connect, rdp, script
from msra.build.script import Step

CHANNELS = ("rdpdr", "encomsp", "remdesk")
IDS = connect.channel_ids(CHANNELS)


def connecting(channels: Iterable[str] = CHANNELS) -> Iterator[bytes]:
    """What a client sends until its channels are open."""
    names = list(channels)
    yield rdp.connection_request()
    yield connect.connect_initial(names)
    yield connect.erect_domain()
    yield connect.attach_user()
    for channel in (rdp.CLIENT_USER, rdp.IO_CHANNEL, *connect.channel_ids(names).values()):
        yield connect.join(channel)
    yield activation.client_info("Eve", "id==")
    yield activation.confirm_active()
    yield from activation.client_finalization()


def saying(steps: Iterable[Step], size: int = rdp.CHUNK_SIZE) -> Iterator[bytes]:
    """The expert's part of a script."""
    for step in steps:
        if step.sender == "expert":
            yield from rdp.channel_pdus(IDS[step.channel], step.data, True, size)


async def visit(port: int, *packets: bytes, leaves: bool = False) -> bytes:
    """Connect, wait for the VERSIONINFO, send the packets; what the novice sends from there to its end.

    `leaves`: the expert closes the connection without waiting for that.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.writelines(connecting())
    await reader.readuntil(script.announce()[1].data)
    writer.writelines(packets)
    received = b"" if leaves else await reader.read(-1)
    writer.close()
    return received
