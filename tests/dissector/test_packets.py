"""The plugin's reading of RDP packets in bare Lua interpreters, where far more damage can be tried than with tshark."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.dissector.conversation import DRDYNVC, EXPERT, NOVICE, REMDESK, chat
from tests.dissector.test_agreement import LUA
from tests.dissector.tshark import ROOT, SOURCE
from tests.transport import builders as rdp

SCRIPT = ROOT / "tests" / "dissector" / "packets.lua"
RC_CTL = b"\x10\x07RC_CTL\0"
PACKETS = [
    ("expert", rdp.connection_request()),
    ("novice", rdp.connection_confirm()),
    ("expert", rdp.connect_initial("rdpdr", "remdesk", "drdynvc")),
    ("novice", rdp.connect_response(1004, 1005, 1006)),
    *(("expert", packet) for packet in rdp.channel_pdus(REMDESK, chat("x" * 2000), EXPERT)),
    *(("novice", packet) for packet in rdp.channel_pdus(DRDYNVC, RC_CTL, NOVICE)),
    *(("novice", packet) for packet in rdp.channel_pdus(DRDYNVC, b"\x30\x07" + rdp.result(0), NOVICE)),
    *(("novice", packet) for packet in rdp.channel_pdus(REMDESK, rdp.result(41), NOVICE)),
    ("novice", rdp.disconnect(3)),
]
FOUND = [
    "expert fact connection_request 0",
    "novice fact connection_confirm 0",
    "expert fact client_channels 0",
    "novice fact server_channels 0",
    "novice fact security 0",
    "expert message CHAT 4016",
    "novice message REMOTEDESKTOP_CTL_RESULT 30",
    "novice message REMOTEDESKTOP_CTL_RESULT 30",
    "novice fact disconnect 0",
]


def read(lua: str, packets: list[tuple[str, bytes]]) -> list[str]:
    """The events, one a line; fails if the interpreter does."""
    lines = "".join(f"{sender} {packet.hex()}\n" for sender, packet in packets)
    done = subprocess.run([lua, SCRIPT, SOURCE], input=lines, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [line.replace("\t", " ") for line in done.stdout.splitlines()]


@pytest.mark.parametrize("lua", LUA)
def test_what_is_found(lua: str) -> None:
    """The same in every version of Lua that Wireshark has."""
    assert read(lua, PACKETS) == FOUND


@st.composite
def damaged(draw: st.DrawFn) -> list[tuple[str, bytes]]:
    """The packets above, some lost, doubled, cut, from the wrong side, or with wrong bytes behind the TPKT header."""
    packets = []
    for sender, packet in PACKETS:
        for _ in range(draw(st.sampled_from([1, 1, 1, 1, 0, 2]))):
            data = bytearray(packet[: draw(st.sampled_from([None, None, None, 7, 8, 15, 30]))])
            for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
                data[draw(st.integers(4, len(data) - 1))] = draw(st.integers(0, 255))
            packets.append((draw(st.sampled_from([sender, sender, sender, "novice"])), bytes(data)))
    return packets


@pytest.mark.parametrize("lua", LUA)
@settings(max_examples=80, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(packets=damaged())
def test_damage_never_stops_it(lua: str, packets: list[tuple[str, bytes]]) -> None:
    """No packet makes the plugin fail, whatever came before; each fact is told once."""
    events = read(lua, packets)
    facts = [event for event in events if " fact " in event]
    assert len({fact.split(" ", 1)[1] for fact in facts}) == len(facts)


@pytest.mark.parametrize("lua", LUA)
def test_a_message_that_never_ends(lua: str) -> None:
    """A sender that only sends first and middle chunks gets a gap after 16 MiB, not all of the memory."""
    part = rdp.chunk(bytes(30_000), 30_000, 0)
    first = rdp.send_data(REMDESK, rdp.chunk(bytes(30_000), 30_000, rdp.FIRST), EXPERT)
    endless = [("expert", first)] + [("expert", rdp.send_data(REMDESK, part, EXPERT))] * 600
    events = read(lua, [*PACKETS[:4], *endless])
    assert events[len(FOUND[:5])] == "expert gap incomplete_message 16800000"
