"""What is decoded of a capture, and that NumPy is loaded only where it is worth it."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from msra.capture import open_capture_file, selection
from msra.capture.link import FragmentTable
from msra.capture.scan import Scan
from msra.capture.selection import Selected
from msra.capture.tcp import TcpConnection
from tests.capture.test_scan import CONNECT
from tests.wire import Talk, pcap

SENT = 120


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A connection that carries no RDP and is not closed, one that does, and a connect to the same novice."""
    long, rdp, failed = Talk(client_port=1000, network=7), Talk(client_port=2000), Talk(client_port=3000)
    packets = [*long.open(), *long.send(True, *[b"data"] * SENT)]
    packets += [*rdp.open(), *rdp.send(True, CONNECT), *failed.open()[:1], *long.send(True, *[b"more"] * SENT)]
    path = tmp_path / "capture"
    path.write_bytes(pcap(packets))
    return path


RDP, FAILED = [SENT + 4, SENT + 5, SENT + 6, SENT + 7], SENT + 8
LONG = TcpConnection(1, bytes([10, 0, 7, 1]), 1000, bytes([10, 0, 7, 2]), 49_230, True, True)


def numbers(parts: Iterable[Selected]) -> list[int]:
    return [packet.number for part in parts for packet in part.packets]


def test_everything(capture: Path) -> None:
    with open_capture_file(capture) as reader:
        assert numbers(selection.everything(reader)) == [*range(1, reader.packets + 1)]


def test_candidates_and_what_touches_them(capture: Path) -> None:
    with open_capture_file(capture) as reader:
        scan = Scan(reader, lambda: open_capture_file(capture), ())
        (part,) = selection.candidates(scan, ())
        assert [packet.number for packet in part.packets] == RDP
        latest = part.latest(RDP[-1])
        assert latest is not None and latest.number == reader.packets == 2 * SENT + 8
        assert part.latest(reader.packets) is None
        touching = selection.touching(scan, [(bytes([10, 0, 1, 2]), 49_230)])
        assert [packet.number for packet in touching] == [FAILED]


def test_the_ignored_are_left_out_of_what_is_read_once(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "SMALL", 0)
    capture.write_bytes(gzip.compress(capture.read_bytes()))
    for ignored, followed in ([[], [*range(1, 2 * SENT + 9)]], [[LONG], [*range(1, 2 * SENT + 9)]]):
        with open_capture_file(capture) as reader:
            assert numbers(selection.once(reader, ignored, Counter())) == followed, "it opens in this part"


def test_ignored_connections_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "SMALL", 0)
    long, other = Talk(client_port=1000, network=7), Talk()
    packets = [*long.send(True, *[b"data"] * SENT), *other.send(True, b"other")]
    (tmp_path / "capture").write_bytes(gzip.compress(pcap(packets)))
    with open_capture_file(tmp_path / "capture") as reader:
        assert numbers(selection.once(reader, [LONG], Counter())) == [SENT + 1]


def test_unsupported_link_types_are_counted_once(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(capture.read_bytes())
    content[20] = 147
    capture.write_bytes(gzip.compress(content))
    for small in (0, 1 << 20):
        monkeypatch.setattr(selection, "SMALL", small)
        counted: Counter[int] = Counter()
        with open_capture_file(capture) as reader:
            for part in selection.once(reader, (), counted):
                assert list(selection.decode(part.packets, FragmentTable(), counted)) == []
        assert counted == {147: 2 * SENT + 8}


def test_many_small_captures_are_as_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    monkeypatch.setattr(selection, "_followed", 0)
    half = selection.SMALL // 2
    assert [selection.is_small(size) for size in (1, half, half - 1, 1)] == [True, True, True, False]
    assert not selection.is_small(selection.SMALL + 1)


def test_a_tiny_capture_is_not_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", sys)
    assert [selection.is_small(size) for size in (1, selection.TINY, selection.TINY + 1)] == [True, True, False]


def test_numpy_is_loaded_for_large_captures_only() -> None:
    code = "import sys, msra.engines.embedded; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"
