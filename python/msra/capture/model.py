"""What the parts of this package hand on to each other: packets, segments, pieces of streams."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias


class CaptureError(Exception):
    """A capture cannot be read at all; the text is one clear sentence without the file's name."""


@dataclass(slots=True)
class Packet:
    """One packet record.

    `number` counts from 1, as in Wireshark; `time` is in ns since 1970 UTC, 0 where the file has none;
    `link_type` is a LINKTYPE_ value; `length` is the number of bytes on the wire, `data` the captured ones.
    """

    number: int
    time: int
    link_type: int
    data: bytes
    length: int


@dataclass(slots=True)
class Segment:
    """One TCP segment (RFC 9293 3.1) with the IP addresses around it (4 or 16 bytes each).

    `missing` bytes follow `payload` on the wire, but are not in the capture.
    """

    src: bytes
    dst: bytes
    sport: int
    dport: int
    seq: int
    ack: int
    flags: int
    payload: bytes
    missing: int = 0


@dataclass
class CaptureLog:
    """What reading a capture file has shown so far.

    `packets` is the number of packet records, `notes` are sentences for people, `tls_secrets` are the
    key log texts inside the file (pcapng Decryption Secrets Blocks of type TLS key log).
    """

    packets: int = 0
    notes: list[str] = field(default_factory=list)
    tls_secrets: list[bytes] = field(default_factory=list)

    def note(self, sentence: str) -> None:
        """Add a sentence, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)


class Seen(NamedTuple):
    """A packet in the capture: its number, and its time in ns."""

    frame: int
    time: int


class Closing(NamedTuple):
    """The first packet that ends a connection; `from_initiator`: who sent it."""

    how: Literal["fin", "rst"]
    from_initiator: bool
    seen: Seen


@dataclass(slots=True, eq=False)
class TcpConnection:
    """A TCP connection; `number` counts them from 1, addresses are 4 or 16 bytes.

    `started`: its SYN or SYN/ACK is in the capture. Otherwise `initiator` is only
    who sent the first packet. `syns`: the first of the SYNs, which are sent again until they are answered.
    `answered`: there was a SYN/ACK, seen itself or by its acknowledgment. `syn_number` and `syn_ack_number`: the
    initial sequence numbers (RFC 9293 3.4.1) in the first SYN and SYN/ACK, 0 without one.
    """

    number: int
    initiator: bytes
    initiator_port: int
    acceptor: bytes
    acceptor_port: int
    started: bool
    syns: list[Seen] = field(default_factory=list)
    syn_ack: Seen | None = None
    syn_number: int = 0
    syn_ack_number: int = 0
    answered: bool = False
    closing: Closing | None = None


@dataclass(slots=True)
class StreamData:
    """The next bytes of one direction.

    Frame and time are those of the frame that made them deliverable: the latest among the frames that
    bring them and all bytes before them. Behind a loss that is as if the loss had been known at once, so
    the frame may be an earlier one than that of items already delivered.
    """

    connection: TcpConnection
    from_initiator: bool
    data: bytes
    frame: int
    time: int


@dataclass(slots=True)
class StreamHole:
    """The next `size` bytes of one direction are missing: a segment, or the end of a packet (snaplen).

    Frame and time are those of the data behind the lost segment, of the cut packet, or of the last packet.
    """

    connection: TcpConnection
    from_initiator: bool
    size: int
    frame: int
    time: int
    kind: Literal["lost_segment", "cut_packet"]


@dataclass(slots=True)
class StreamClosed:
    """Nothing more comes of this connection.

    Both sides sent FIN; one sent RST; the ports are "reused" by a new connection; the capture is at
    its end; or it was "evicted" because there are too many connections and this one was idle the longest.
    `from_initiator`: who sent the packet with this frame and time.
    """

    connection: TcpConnection
    from_initiator: bool
    frame: int
    time: int
    how: Literal["fin", "rst", "reused", "end", "evicted"]


StreamItem: TypeAlias = StreamData | StreamHole | StreamClosed
