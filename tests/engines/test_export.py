"""Exported messages: Wireshark with the plugin shows the same messages, ends and times as the original capture."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from msra.analyzer import iter_events
from msra.engines.embedded import EmbeddedEngine
from msra.engines.export import MessageExport
from msra.engines.interface import Options
from msra.engines.tshark import TsharkEngine
from msra.events import ConnectionOpened, Event, Message
from tests.conformance.expected import PCAPS

CAPTURES = [
    ("rich_all_types.pcapng", Options()),
    ("link_ipv6.pcapng", Options()),
    ("comp_shared_ncrush.pcapng", Options()),
    ("v2_fips.pcapng", Options(rdp_keys=(PCAPS / "v2_fips.server.key.pem",))),
    ("v2_tls13.pcapng", Options(keylog=PCAPS / "v2_tls13.keys.txt")),
]


def export(target: Path, name: str, options: Options) -> list[Event]:
    events = list(EmbeddedEngine().read(PCAPS / name, options).events())
    with target.open("wb") as stream:
        MessageExport(stream).add(events, name)
    return events


def parts(events: list[Event]) -> list[tuple[object, ...]]:
    return [(e.time, e.sender, e.channel, e.type, e.fields, e.notes) for e in events if isinstance(e, Message)]


@pytest.mark.parametrize(("name", "options"), CAPTURES, ids=[name for name, _ in CAPTURES])
def test_the_plugin_shows_the_same_messages(tmp_path: Path, name: str, options: Options) -> None:
    original = export(tmp_path / "out.pcapng", name, options)
    shown = list(TsharkEngine().read(tmp_path / "out.pcapng", Options()).events())
    assert parts(shown) == parts(original) != []
    ends = [{(e.expert, e.novice) for e in events if isinstance(e, ConnectionOpened)} for events in (original, shown)]
    assert ends[0] == ends[1]


def test_comments_name_the_original_frame(tmp_path: Path) -> None:
    export(tmp_path / "out.pcapng", "v2_err41_helpeesaidno.pcapng", Options())
    command = ["tshark", "-n", "-r", str(tmp_path / "out.pcapng"), "-T", "fields", "-e", "frame.comment"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    frames = [
        e.frame for e in iter_events(PCAPS / "v2_err41_helpeesaidno.pcapng", "embedded") if isinstance(e, Message)
    ]
    assert [int(comment.split()[1]) for comment in shown] == frames
    assert shown[-1].endswith("of v2_err41_helpeesaidno.pcapng, sent by the novice")


def test_nothing_to_export(tmp_path: Path) -> None:
    export(tmp_path / "out.pcapng", "neg_http.pcapng", Options())
    assert list(EmbeddedEngine().read(tmp_path / "out.pcapng", Options()).events()) == []
