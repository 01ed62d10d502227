"""The multiparty channel: both engines give the same orders, in the clear and by way of an export."""

from __future__ import annotations

from pathlib import Path

from msra.analyzer import EngineName, iter_events
from msra.engines.embedded import EmbeddedEngine
from msra.engines.export import MessageExport
from msra.engines.interface import Options
from msra.events import Event, Gap, Message
from msra.layers import (
    ENCOMSP_FilterUpdated,
    ENCOMSP_Header,
    ENCOMSP_ParticipantCreated,
    ENCOMSP_ParticipantCtrlChange,
    ENCOMSP_WndRegionUpdate,
)
from tests.transport import builders as rdp
from tests.wire import Talk, pcap

REMDESK, ENCOMSP = 1004, 1005
ORDERS = [
    ENCOMSP_Header() / ENCOMSP_FilterUpdated(flags=1),
    ENCOMSP_Header() / ENCOMSP_ParticipantCreated(participant_id=7, group_id=1, flags=5, friendly_name="Exp\u00e4rt"),
    ENCOMSP_Header() / ENCOMSP_WndRegionUpdate(left=1, top=2, right=300, bottom=400),
]
REQUEST = bytes(ENCOMSP_Header() / ENCOMSP_ParticipantCtrlChange(flags=2, participant_id=7))


def capture(folder: Path) -> Path:
    talk = Talk()
    packets = [*talk.open(), *talk.send(True, rdp.connection_request()), *talk.send(False, rdp.connection_confirm())]
    packets += talk.send(True, rdp.connect_initial("remdesk", "encomsp"))
    packets += talk.send(False, rdp.connect_response(REMDESK, ENCOMSP))
    together = b"".join(map(bytes, ORDERS))
    packets += talk.send(False, *rdp.channel_pdus(ENCOMSP, together, False))
    packets += talk.send(True, *rdp.channel_pdus(ENCOMSP, REQUEST, True, size=5))
    packets += talk.send(False, *rdp.channel_pdus(ENCOMSP, REQUEST + b"\x01", False))
    packets += talk.send(False, *rdp.channel_pdus(REMDESK, rdp.result(0), False))
    (folder / "made.pcap").write_bytes(pcap(packets))
    return folder / "made.pcap"


def found(path: Path, engine: EngineName) -> list[Event]:
    return [event for event in iter_events(path, engine) if isinstance(event, (Message, Gap))]


def test_both_engines_give_the_orders(tmp_path: Path) -> None:
    events = found(capture(tmp_path), "embedded")
    messages = [event for event in events if isinstance(event, Message)]
    assert [(m.frame, m.sender, m.type) for m in messages] == [
        (8, "novice", "OD_FILTER_STATE_UPDATED"),
        (8, "novice", "OD_PARTICIPANT_CREATED"),
        (8, "novice", "OD_WND_REGION_UPDATE"),
        (10, "expert", "OD_PARTICIPANT_CTRL_CHANGE"),
        (11, "novice", "OD_PARTICIPANT_CTRL_CHANGE"),
        (12, "novice", "REMOTEDESKTOP_CTL_RESULT"),
    ]
    assert messages[1].fields["friendly_name"] == "Exp\u00e4rt"
    assert [(gap.kind, gap.size) for gap in events if isinstance(gap, Gap)] == [("bad_header", 1)]
    assert found(tmp_path / "made.pcap", "tshark") == events


def test_orders_survive_an_export(tmp_path: Path) -> None:
    original = list(EmbeddedEngine().read(capture(tmp_path), Options()).events())
    with (tmp_path / "out.pcapng").open("wb") as stream:
        MessageExport(stream).add(original, "made.pcap")
    shown = found(tmp_path / "out.pcapng", "tshark")
    assert [(m.type, m.sender, m.fields) for m in shown if isinstance(m, Message)] == [
        (m.type, m.sender, m.fields) for m in original if isinstance(m, Message)
    ]
