"""Sessions as captures show them, for tests: written by hand, and real captures as another machine would have them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

from hypothesis import strategies as st

from msra.analysis.model import CaptureReport, Moment, Outcome, Session, Verdict
from msra.capture import open_capture_file
from msra.capture.writer import PcapngWriter
from msra.events import Endpoint, FactValue, Gap, Message, Role, Value

SECOND = 1_000_000_000
NUMBERS = (1_111_111_111, 2_222_222_222)
"""Initial sequence numbers of the expert and of the novice."""


class Sight:
    """A session as one capture shows it; times are seconds by its clock, frames are counted."""

    def __init__(
        self,
        number: int = 1,
        expert: tuple[str, int] = ("10.0.0.1", 50000),
        novice: tuple[str, int] = ("10.0.0.2", 49230),
        start: float = 0,
        clock: float = 0,
    ) -> None:
        self.clock = clock
        verdict = Verdict(Outcome.INCOMPLETE, None, "")
        at = self._time(start)
        self.session = Session(number, Endpoint(*expert), Endpoint(*novice), "none", {}, None, None, at, at, verdict)
        self._frame = 0

    def _time(self, seconds: float) -> int:
        return round((seconds + self.clock) * SECOND)

    def _next(self, seconds: float) -> tuple[int, int]:
        self._frame += 1
        time = self._time(seconds)
        self.session.end = max(self.session.end, time)
        return self._frame, time

    def syns(self, numbers: tuple[int, int] = NUMBERS, seconds: float = 0) -> Sight:
        self.fact(seconds, "tcp_syn", "expert", sequence_number=numbers[0])
        return self.fact(seconds, "tcp_syn_ack", "novice", sequence_number=numbers[1])

    def fact(self, seconds: float, name: str, sender: Role | None = "expert", **data: FactValue) -> Sight:
        self.session.timeline.append(Moment(*self._next(seconds), sender, name, "", data))
        return self

    def say(self, seconds: float, sender: Role, kind: str, channel: str = "RC_CTL", **fields: Value) -> Sight:
        self.session.messages.append(Message(1, *self._next(seconds), sender, channel, kind, fields))
        return self

    def gap(self, seconds: float, sender: Role, kind: str = "lost_segment") -> Sight:
        self.session.gaps.append(Gap(1, *self._next(seconds), sender, kind, 10))
        return self


def report(*sights: Sight) -> CaptureReport:
    """The capture that shows these."""
    return CaptureReport("made", "embedded", sessions=[sight.session for sight in sights])


FACTS = st.sampled_from([
    ("tcp_syn", "sequence_number"), ("tcp_syn_ack", "sequence_number"), ("tls_session", "client_random"),
    ("connection_request", "cookie"), ("client_core", "client_name"), ("client_info", "user_name"),
    ("server_key", "sha256"), ("tcp_close", "how"), ("unheard of", "x"),
])  # fmt: skip
TIMES, SENDERS = st.integers(-5, 40), st.sampled_from(["expert", "novice"])


@st.composite
def sights(draw: st.DrawFn, number: int = 1) -> Sight:
    sight = Sight(number, ("e", draw(st.integers(1, 2))), ("n", draw(st.integers(1, 2))), draw(TIMES))
    for (name, key), value in draw(
        st.lists(st.tuples(FACTS, st.sampled_from([0, 1, "", "rst", ("x", 1)])), max_size=4)
    ):
        sight.fact(draw(TIMES), name, draw(st.one_of(st.none(), SENDERS)), **{key: value})
    for sender, kind in draw(st.lists(st.tuples(SENDERS, st.sampled_from("abcdefg")), max_size=12)):
        sight.say(draw(TIMES), sender, kind)
    for sender in draw(st.lists(SENDERS, max_size=2)):
        sight.gap(draw(TIMES), sender)
    return sight


@st.composite
def captures(draw: st.DrawFn) -> list[CaptureReport]:
    sizes = draw(st.lists(st.integers(0, 4), max_size=4))
    return [report(*(draw(sights(number)) for number in range(1, size + 1))) for size in sizes]


PCAPS = Path(__file__).parents[2] / "pcaps"
_EXPERT_IP, _NOVICE_IP = "203.0.113.7", "192.168.178.20"


def recapture(
    source: Path,
    target: Path,
    clock: float = 0,
    nat: bool = True,
    numbers: int = 0,
    keep: Callable[[int], bool] = lambda _number: True,
) -> Path:
    """What another machine captured of the session to port 3389 in `source`: an IPv4 capture of Ethernet.

    `clock`: seconds by which its clock is ahead; `nat`: addresses and ports are others; `numbers`: added to all
    sequence numbers, as if it was another TCP connection; `keep`: which packets it has.
    """
    with open_capture_file(source) as reader, target.open("wb") as stream:
        writer = PcapngWriter(stream, 1)
        for packet in reader:
            if keep(packet.number):
                data = _rewritten(bytearray(packet.data), nat, numbers)
                writer.write(packet.time + round(clock * SECOND), bytes(data), "")
    return target


def _rewritten(data: bytearray, nat: bool, numbers: int) -> bytearray:
    """Ethernet header of 14 bytes, IPv4 of 20 with the addresses at 12 and 16, TCP: ports, sequence number, ACK."""
    ports = list(struct.unpack_from(">HH", data, 34))
    if nat:
        sides = [(_NOVICE_IP, 40001) if port == 3389 else (_EXPERT_IP, port ^ 0x1111) for port in ports]
        data[26:34] = b"".join(IPv4Address(ip).packed for ip, _ in sides)
        struct.pack_into(">HH", data, 34, *(port for _, port in sides))
    sequence, acknowledged = struct.unpack_from(">II", data, 38)
    struct.pack_into(">II", data, 38, (sequence + numbers) % 2**32, (acknowledged + numbers) % 2**32)
    return data
