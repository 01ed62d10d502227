"""Synthetic captures of RDP connections that carry Remote Assistance."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.transport import builders as rdp
from tests.wire import Talk, pcap

CHANNELS = {"rdpdr": 1004, "remdesk": 1005, "drdynvc": 1006, "encomsp": 1007}
REMDESK, DRDYNVC, ENCOMSP = CHANNELS["remdesk"], CHANNELS["drdynvc"], CHANNELS["encomsp"]
EXPERT, NOVICE = True, False


@dataclass
class Conversation:
    """One TCP connection; the expert is its client. `packets` grow with each call."""

    talk: Talk = field(default_factory=Talk)
    packets: list[bytes] = field(default_factory=list)

    def connect(self, *names: str, method: int = 0, level: int = 0) -> Conversation:
        """TCP, X.224 and MCS set-up with these channels (all four by default)."""
        names = names or tuple(CHANNELS)
        ids = [CHANNELS[name] for name in names]
        self.packets += self.talk.open()
        self.send(EXPERT, rdp.connection_request(protocols=0)).send(NOVICE, rdp.connection_confirm(value=0))
        self.send(EXPERT, rdp.connect_initial(*names))
        return self.send(NOVICE, rdp.connect_response(*ids, method=method, level=level))

    def send(self, from_client: bool, *payloads: bytes) -> Conversation:
        """Each payload in a segment of its own."""
        self.packets += self.talk.send(from_client, *payloads)
        return self

    def message(self, from_client: bool, message: bytes, channel: int = REMDESK, size: int = 1600) -> Conversation:
        """A channel message, each of its chunks in a segment."""
        return self.send(from_client, *rdp.channel_pdus(channel, message, from_client, size))

    def close(self) -> Conversation:
        """The TCP connection ends."""
        self.packets += self.talk.close()
        return self

    def capture(self) -> bytes:
        """All packets so far as a pcap file."""
        return pcap(self.packets)


def text(value: str) -> bytes:
    """NUL-terminated UTF-16LE."""
    return value.encode("utf-16-le", "surrogatepass") + b"\0\0"


def chat(value: str) -> bytes:
    """A line of the chat."""
    return rdp.ra_message("70", text(value))
