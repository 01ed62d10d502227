"""The pass before tshark: it tells which connections Wireshark cannot read, and where bytes are missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from msra import budget
from msra.budget import Account, Budget
from msra.engines.interface import EngineError, Options
from msra.engines.own_pass import OwnConnection, OwnPass
from msra.events import ConnectionOpened, Endpoint, Fact, Gap, Message
from tests.conformance.expected import PCAPS

OPENED = ConnectionOpened(1, 4, 0, Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 2))
MESSAGE = Message(1, 9, 0, "novice", "RC_CTL", "UNKNOWN")
LOSS, BAD = Gap(1, 5, 0, "novice", "lost_segment", 7), Gap(1, 6, 0, "novice", "bad_pdu", 7)


def connection(*events: Fact | Gap | Message) -> OwnConnection:
    own = OwnConnection(OPENED, Account(Budget()))
    for event in events:
        own.add(event)
    return own


@pytest.mark.parametrize(
    ("fact", "opaque"),
    [
        (Fact(1, 5, 0, "novice", "security", {"encryption_method": 2}), True),
        (Fact(1, 5, 0, "novice", "compression", {"compression_type": "RDP 6.0"}), True),
        (Fact(1, 5, 0, "novice", "security", {"encryption_method": 0}), False),
        (Fact(1, 5, 0, "novice", "tls", {"version": "tls1.3"}), False),
    ],
)
def test_what_wireshark_cannot_read(fact: Fact, opaque: bool) -> None:
    assert connection(fact, MESSAGE).opaque is opaque
    assert not connection(fact).opaque, "without messages there is nothing to add"


def test_additions() -> None:
    known, ours = Fact(1, 5, 0, "novice", "tls", {}), Fact(1, 5, 0, "novice", "tls_session", {})
    assert connection(known, ours, LOSS, BAD).additions == [ours, LOSS]
    compressed = Fact(1, 5, 0, "novice", "compression", {})
    assert connection(known, compressed, LOSS, BAD, MESSAGE).additions == [known, compressed, LOSS, BAD]


def test_losses() -> None:
    assert OwnPass(PCAPS / "tcp_lost_segment.pcap", Options()).has_losses
    assert OwnPass(PCAPS / "link_snaplen128.pcap", Options()).has_losses
    clean = OwnPass(PCAPS / "v2_ok_49230.pcap", Options())
    assert not clean.has_losses and clean.packets == 100 and clean.find(OPENED) is None


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="No such file"):
        OwnPass(tmp_path / "missing", Options())


def test_what_is_too_much_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_REPORT_OF_A_CONNECTION", 5_000)
    compressed = Fact(1, 5, 0, "novice", "compression", {})
    large = replace(MESSAGE, data=bytes(1000))
    own = connection(compressed, *[large] * 10, LOSS)
    assert 0 < len(own.messages) < 10
    (left_out,) = [event for event in own.additions if isinstance(event, Gap)]
    assert (left_out.kind, left_out.size) == ("left_out", (10 - len(own.messages)) * 1000 + 7)
