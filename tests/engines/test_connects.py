"""Connects that led to nothing: which ones count, how they failed, and that a scan of all ports does no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.fragments import FragmentTable
from msra.capture.link import decode_segment
from msra.capture.tcp import StreamClosed, TcpTracker
from msra.engines import connects
from msra.engines.connects import MAX_FAILED, FailedConnects, tcp_facts
from msra.events import ConnectFailed, Endpoint, Fact
from tests.wire import ACK, FIN, RST, SYN, Talk

SECOND = 1_000_000_000
NOVICE = Endpoint("10.0.1.2", 49230)


def closed_of(*packets: bytes) -> StreamClosed:
    """The end of the only connection; packets come a second apart, from second 1 on."""
    tracker, items = TcpTracker(), []
    for second, packet in enumerate(packets, start=1):
        segment = decode_segment(1, packet, len(packet), FragmentTable())
        assert segment is not None
        items += tracker.feed(second, second * SECOND, segment)
    (closed,) = [item for item in [*items, *tracker.finish()] if isinstance(item, StreamClosed)]
    return closed


def test_how_a_connection_begins_and_ends() -> None:
    """The sequence numbers tell it from others wherever it is captured; who is who does not depend on who connects."""
    packets = Talk().open() + Talk(sequence={True: 1001, False: 90001}).close()
    begins = [
        Fact(7, 1, SECOND, "expert", "tcp_syn", {"sequence_number": 1000}),
        Fact(7, 2, 2 * SECOND, "novice", "tcp_syn_ack", {"sequence_number": 90000}),
    ]
    close = Fact(7, 4, 4 * SECOND, "expert", "tcp_close", {"how": "fin"})
    assert list(tcp_facts(7, closed_of(*packets), True)) == [*begins, close]
    assert [fact.sender for fact in tcp_facts(7, closed_of(*packets), False)] == ["novice", "expert", "novice"]
    assert next(tcp_facts(7, closed_of(*packets[1:]), True)).name == "tcp_syn_ack"


def failed(
    *packets: tuple[float, bytes], ports: frozenset[int] = frozenset({49230}), end: float = 0
) -> list[ConnectFailed]:
    """What failed, when these packets were seen at these seconds; the last packet of the capture comes at `end`."""
    collected, tracker = FailedConnects(ports), TcpTracker()
    items = []
    for frame, (seconds, packet) in enumerate(packets, start=1):
        segment = decode_segment(1, packet, len(packet), FragmentTable())
        assert segment is not None
        items += tracker.feed(frame, int(seconds * SECOND), segment)
    tracker.now = max(tracker.now, int(end * SECOND))
    for item in [*items, *tracker.finish()]:
        if isinstance(item, StreamClosed):
            collected.add(item, tracker.now)
    return list(collected.finish())


def hows(found: list[ConnectFailed]) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.how, one.frames) for one in found]


def test_refused() -> None:
    talk = Talk()
    (found,) = failed((1, talk.packet(True, SYN)), (2, talk.packet(False, RST | ACK)))
    assert found == ConnectFailed(0, 1, SECOND, Endpoint("10.0.1.1", 50000), NOVICE, "refused", (1, 2))


def test_windows_tries_again_what_is_refused() -> None:
    """The same SYN three times within a second and a half: to its user that is one connect."""
    talk = Talk()
    syn, reset = talk.packet(True, SYN), talk.packet(False, RST | ACK)
    again = [(0, syn), (0.1, reset), (0.6, syn), (0.7, reset), (1.2, syn), (1.3, reset)]
    assert hows(failed(*again)) == [("refused", (1, 2, 3, 4, 5, 6))]
    assert hows(failed((0, syn), (0.1, reset), (60, syn), (60.1, reset))) == [("refused", (1, 2)), ("refused", (3, 4))]


def test_timed_out() -> None:
    """One SYN at the very end of a capture says nothing."""
    syn = Talk().packet(True, SYN)
    assert hows(failed((0, syn), (1, syn), (3, syn))) == [("timed_out", (1, 2, 3))]
    assert hows(failed((0, syn), end=3)) == [("timed_out", (1,))]
    assert failed((0, syn), end=2.9) == []


def test_an_unanswered_port_that_is_used_again() -> None:
    first, second = Talk(), Talk(sequence={True: 5_000_000, False: 1})
    packets = [(0, first.packet(True, SYN)), (5, second.packet(True, SYN)), (6, second.packet(False, RST | ACK))]
    assert hows(failed(*packets)) == [("timed_out", (1,)), ("refused", (2, 3))]


@pytest.mark.parametrize("ending", [FIN | ACK, RST])
@pytest.mark.parametrize("from_client", [True, False])
def test_closed_without_a_byte(ending: int, from_client: bool) -> None:
    talk = Talk()
    packets = [(0.0, packet) for packet in talk.open()]
    assert hows(failed(*packets, (1, talk.packet(from_client, ending)))) == [("closed", (1, 2, 4))]
    assert failed(*packets) == [], "it is still open"


def test_an_expert_that_gives_up_at_once_proves_nothing() -> None:
    talk = Talk()
    assert failed((0, talk.packet(True, SYN)), (1, talk.packet(True, RST))) == []


def test_only_what_concerns_us() -> None:
    for port, ports, count in ((3389, frozenset[int](), 1), (443, frozenset[int](), 0), (443, frozenset({443}), 1)):
        talk = Talk(server_port=port)
        packets = [(0.0, talk.packet(True, SYN)), (0.1, talk.packet(False, RST | ACK))]
        assert len(failed(*packets, ports=ports)) == count


def refused(client_port: int, server_port: int, frame: int) -> StreamClosed:
    talk, tracker = Talk(client_port=client_port, server_port=server_port), TcpTracker()
    items = []
    for packet in (talk.packet(True, SYN), talk.packet(False, RST | ACK)):
        segment = decode_segment(1, packet, len(packet), FragmentTable())
        assert segment is not None
        items += tracker.feed(frame, 0, segment)
    (closed,) = items
    assert isinstance(closed, StreamClosed)
    return closed


def test_a_flood_is_counted_and_not_kept() -> None:
    collected = FailedConnects(frozenset())
    for port in range(MAX_FAILED + 5):
        collected.add(refused(port + 1, 3389, port + 1), 0)
    assert len(list(collected.finish())) == MAX_FAILED
    assert collected.left_out == 5


def test_a_port_scan_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Candidates are bounded; the latest ones, which stand closest to an RDP connection, are kept."""
    monkeypatch.setattr(connects, "MAX_FAILED_CANDIDATES", 50)
    collected = FailedConnects(frozenset())
    for port in range(1, 200):
        collected.add(refused(50000, port, port), 0)
    collected.novice(Endpoint("10.0.1.2", 20))
    collected.novice(Endpoint("10.0.1.2", 190))
    assert [one.novice.port for one in collected.finish()] == [190]
    assert collected.left_out == 0


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK])), max_size=12)
)
def test_any_order_of_flags(flags: list[tuple[bool, int]]) -> None:
    """Whatever the packets are: at most one failure for each connection, with frames in order."""
    talk = Talk()
    found = failed(*((index, talk.packet(*one)) for index, one in enumerate(flags)), end=100)
    assert all(list(one.frames) == sorted(one.frames) and one.frame == one.frames[0] for one in found)
