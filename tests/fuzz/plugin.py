"""The plugin in Wireshark, on captures with many mutated sessions: it never fails, and finds what the package finds."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from pyshark.tshark.output_parser.tshark_xml import packet_from_xml_packet

from msra.engines.pdml import Translator
from msra.engines.tshark import FILTER
from msra.events import Event
from tests.dissector.tshark import Sandbox
from tests.fuzz.agreement import compare, talks
from tests.fuzz.sessions import Batch

STATISTICS = ("-z", "msra,sessions", "-z", "msra,results", "-z", "msra,ladder")
FIELDS = ("type", "result_name", "attribute.value", "transfer.filename", "response_in", "note")
MODES: Mapping[str, tuple[str, ...]] = {
    "fields, one pass": ("-T", "fields", *(part for name in FIELDS for part in ("-e", f"msra.{name}")), *STATISTICS),
    "tree, two passes": ("-2", "-V", "--disable-protocol", "rdp_drdynvc", *STATISTICS),
}
"""Besides that of `events`, which has the tree in one pass. rdp_drdynvc, which is Wireshark's own, makes 4.6.9 crash in
the second pass over damaged channels, also without the plugin.
"""
PREFERENCES = (
    (),
    ("msra.mask_secrets:TRUE",),
    ("msra.max_message:1",),
    ("msra.any_port:FALSE",),
    ("msra.ports:3390,49230",),
    ("tcp.reassemble_out_of_order:FALSE",),
    ("tcp.desegment_tcp_streams:FALSE",),
    ("tls.desegment_ssl_records:FALSE", "tls.desegment_ssl_application_data:FALSE"),
)
"""What users may have set; the first dissects as after the installation."""
_MALFORMED = re.compile(
    r"(Malformed|Dissector bug)[^\]]*: *(MS-?RA|Remote (Assistance|Desktop transport))"
    r"|limited during capture: *(MS-?RA|Remote Assistance)(?!_RDP)",
    re.I,
)
"""Below MSRA_RDP are Wireshark's own dissectors of a packet: that it was cut is what they say of one that was cut."""
_LUA = re.compile(r"lua[ .]error.*", re.I)
_PACKET = re.compile(r"<packet>.*?</packet>", re.DOTALL)


def check(sandbox: Sandbox, capture: bytes, seed: int) -> Counter[str]:
    """All of it; `seed` chooses the preferences. Returns the counts of agreement.compare."""
    dissect(sandbox, capture, seed)
    return compare(talks(capture, partial(events, sandbox)))


def broken(sandbox: Sandbox, capture: bytes, seed: int) -> bool:
    """Whether this capture breaks the plugin."""
    try:
        check(sandbox, capture, seed)
    except AssertionError:
        return True
    return False


def reduced(sandbox: Sandbox, batch: Batch, seed: int) -> bytes:
    """A capture that breaks the plugin as this batch does, with as few of its sessions as can be found soon."""
    found = batch
    while len(found.sessions) > 1:
        middle = len(found.sessions) // 2
        halves = [found._replace(sessions=part) for part in (found.sessions[:middle], found.sessions[middle:])]
        smaller = next((half for half in halves if broken(sandbox, half.capture(seed), seed)), None)
        if smaller is None:
            break
        found = smaller
    return found.capture(seed)


def dissect(sandbox: Sandbox, capture: bytes, seed: int) -> None:
    """All modes: tshark ends by itself, soon and well, and nothing failed in Lua; raises AssertionError otherwise."""
    preferences = _options(PREFERENCES[seed % len(PREFERENCES)])
    for name, mode in MODES.items():
        said = _tshark(sandbox, capture, name, [*preferences, *mode])
        malformed = _MALFORMED.search(said)
        assert malformed is None, f"{name}: {malformed[0]}"


def events(sandbox: Sandbox, capture: bytes, holes: bool) -> Iterator[Event]:
    """What the plugin finds; `holes`: as the tshark engine reads captures in which bytes are missing."""
    preferences = _options([f"tcp.reassemble_out_of_order:{'FALSE' if holes else 'TRUE'}"])
    output = ["-T", "pdml", "-J", "msra msra_rdp", "-Y", FILTER]
    translator = Translator()
    for packet in _PACKET.findall(_tshark(sandbox, capture, "events", [*preferences, *output])):
        yield from translator.events(packet_from_xml_packet(packet.encode()))


def _options(preferences: Sequence[str]) -> list[str]:
    return [part for preference in preferences for part in ("-o", preference)]


def _tshark(sandbox: Sandbox, capture: bytes, mode: str, arguments: list[str]) -> str:
    try:
        return sandbox.tshark(capture, *arguments)
    except subprocess.TimeoutExpired as error:
        raise AssertionError(f"{mode}: tshark hangs") from error
    except AssertionError as error:
        failure = _LUA.search(str(error))
        raise AssertionError(f"{mode}: {failure[0] if failure else error}") from error
