"""What the novice records is a capture of its session."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from msra.analyzer import iter_events
from msra.build import Endpoint, write_capture
from msra.build.script import version_2
from msra.events import Gap, Message
from msra.novice import recording
from msra.novice.rdp_server import RdpServer, Reply
from msra.novice.recording import Recording
from tests.novice.expert import connecting, saying

ENDS = Endpoint("127.0.0.1", 50000), Endpoint("127.0.0.1", 3389)


def test_messages_are_in_it(tmp_path: Path) -> None:
    before, made, server = time.time_ns(), Recording(*ENDS), RdpServer()
    for packet in (*connecting(), *saying(version_2())):
        made.sent(True, packet)
        for item in server.feed(packet):
            if isinstance(item, Reply):
                made.sent(False, item.data)
    made.closed(by_expert=False)
    write_capture(tmp_path / "made.pcap", made.packets)
    events = list(iter_events(tmp_path / "made.pcap", "embedded"))
    types = [event.type for event in events if isinstance(event, Message)]
    assert types == ["REMOTEDESKTOP_EXPERT_ON_VISTA", "REMOTEDESKTOP_CTL_VERIFY_PASSWORD"]
    assert not [event for event in events if isinstance(event, Gap)]
    assert all(before <= packet.time <= time.time_ns() + 10**9 for packet in made.packets)


def test_a_flood_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_BYTES", 2500)
    made = Recording(*ENDS)
    for _ in range(100):
        made.sent(True, bytes(1000))
    assert len(made.packets) == 3 + 2
