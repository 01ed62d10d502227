"""A whole RDP connection that carries Remote Assistance, as packets: from the TCP SYN to the FIN.

    session = Session(novice=Endpoint("192.0.2.7", 49230))
    session.connect().play(script.version_2(result=41)).close().write("denied.pcapng")

All is in the clear: Standard RDP Security with encryption method 0, and no compression.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from scapy.packet import Packet
from scapy.plist import PacketList

from msra.build import activation, connect, dynamic, rdp
from msra.build.file import write_capture
from msra.build.invitation import Invitation
from msra.build.script import REMDESK, Script, Step
from msra.build.tcp import SECOND, TcpStream, TimedPacket
from msra.events import Endpoint, Role

CHANNELS = ("rdpdr", "encomsp", REMDESK, "drdynvc")
EXPERT, NOVICE = Endpoint("192.0.2.1", 51234), Endpoint("192.0.2.2", 49230)
"""Addresses for documentation (RFC 5737)."""
START = 1_767_225_600 * SECOND
"""The first of January 2026, so that the same script always gives the same bytes."""
MOST_CHUNK = 16_256
"""[MS-RDPBCGR] 2.2.7.1.10, VCChunkSize."""
MOST_SEGMENT = 65_000
"""So that the headers fit into an IP packet, too."""
_DRDYNVC = "drdynvc"
_DYNAMIC_ID = 7


@dataclass
class Session:
    """One connection between these two ends. The methods give the session back, so that they chain.

    `channels`: the static channels, in the order of the client's list; `chunk_size`: the most data in a channel PDU;
    `segment_size`: the most data in a TCP segment; `start`: ns since 1970, UTC; `step`: ns between two packets;
    `is_dynamic`: Remote Assistance messages go over a dynamic channel RC_CTL rather than over remdesk.
    Raises ValueError for addresses that are none, or of two families, and for sizes that no peer can use.
    """

    expert: Endpoint = EXPERT
    novice: Endpoint = NOVICE
    channels: tuple[str, ...] = CHANNELS
    chunk_size: int = rdp.CHUNK_SIZE
    segment_size: int = 1400
    start: int = START
    step: int = SECOND // 1000
    is_dynamic: bool = False

    def __post_init__(self) -> None:
        if not dynamic.MOST_HEADER < self.chunk_size <= MOST_CHUNK or not 1 <= self.segment_size <= MOST_SEGMENT:
            raise ValueError("chunks or segments are too small or too large")
        self.stream = TcpStream(self.expert, self.novice, self.start, self.step, self.segment_size)
        self.ids = connect.channel_ids(self.channels)

    @property
    def packets(self) -> list[TimedPacket]:
        """All packets so far."""
        return self.stream.packets

    def connect(self, invitation: Invitation | None = None, user: str = "Eve") -> Session:
        """Everything up to the shared screen: TCP, X.224, MCS, logon, licensing, capabilities, channels.

        The expert names the session of this invitation, and itself as `user`.
        """
        self.stream.open()
        self.send("expert", rdp.connection_request(user)).send("novice", rdp.connection_confirm())
        self.send("expert", connect.connect_initial(self.channels))
        self.send("novice", connect.connect_response(list(self.ids.values())))
        self.send("expert", connect.erect_domain(), connect.attach_user()).send("novice", connect.attach_confirm())
        for channel in (rdp.CLIENT_USER, rdp.IO_CHANNEL, *self.ids.values()):
            self.send("expert", connect.join(channel)).send("novice", connect.join_confirm(channel))
        session_id = (invitation or Invitation()).session_id
        self.send("expert", activation.client_info(user, session_id, address=self.expert.ip))
        self.send("novice", activation.license_valid(), activation.demand_active())
        self.send("expert", activation.confirm_active(), *activation.client_finalization())
        self.send("novice", *activation.server_finalization())
        return self._open_dynamic() if self.is_dynamic else self

    def play(self, steps: Iterable[Step]) -> Session:
        """Both sides say what stands in a script; raises KeyError for a channel that the session hasn't got."""
        for step in steps:
            self.wait(step.delay)
            for message, channel in self._routed(step):
                from_client = step.sender == "expert"
                self.send(step.sender, *rdp.channel_pdus(self.ids[channel], message, from_client, self.chunk_size))
        return self

    def send(self, sender: Role, *packets: bytes) -> Session:
        """Bytes of the RDP stream as they are, each in segments of its own."""
        for packet in packets:
            self.stream.send(sender == "expert", packet)
        return self

    def wait(self, seconds: float) -> Session:
        """Nothing is sent for so long."""
        self.stream.clock += round(seconds * SECOND)
        return self

    def close(self, sender: Role = "expert") -> Session:
        """This side closes the TCP connection."""
        self.stream.close(sender == "expert")
        return self

    def write(self, path: str | Path) -> None:
        """Write a capture, `.pcap` or `.pcapng`; for several sessions in one see `write_capture`. Raises OSError."""
        write_capture(path, self.packets)

    def to_scapy(self) -> PacketList:
        """The packets as rdpcap() gives them."""
        return to_scapy(self.packets)

    def _open_dynamic(self) -> Session:
        """The server opens the dynamic channel RC_CTL ([MS-RDPEDYC] 3.1.5.1.1)."""
        asked: Script = (
            Step("novice", dynamic.capabilities_request(), _DRDYNVC),
            Step("expert", dynamic.capabilities_response(), _DRDYNVC),
            Step("novice", dynamic.create_request(_DYNAMIC_ID, "RC_CTL"), _DRDYNVC),
            Step("expert", dynamic.create_response(_DYNAMIC_ID), _DRDYNVC),
        )
        return self.play(asked)

    def _routed(self, step: Step) -> Iterator[tuple[bytes, str]]:
        """The channel messages that a step becomes, and the static channel of each."""
        if self.is_dynamic and step.channel == REMDESK:
            size = self.chunk_size - dynamic.MOST_HEADER
            yield from ((part, _DRDYNVC) for part in dynamic.data(_DYNAMIC_ID, step.data, size))
        else:
            yield step.data, step.channel


def to_scapy(packets: Iterable[TimedPacket]) -> PacketList:
    """Packets as rdpcap() gives them: dissected, with their times."""
    import_module("scapy.layers.inet6")  # takes its time: it looks at the network interfaces
    from scapy.layers.l2 import Ether

    dissected: list[Packet] = []
    for time, data in packets:
        packet = Ether(data)
        packet.time = time / SECOND
        dissected.append(packet)
    return PacketList(dissected, "built")
