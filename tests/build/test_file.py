"""Written files are read back by our reader and by Wireshark alike."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.build import TimedPacket, pcap, pcapng, write_capture
from msra.capture import CaptureReader
from tests.dissector.tshark import Sandbox

T0 = 1_763_845_810_470_903_001


@given(st.lists(st.tuples(st.integers(0, 2**32 * 10**9 - 1), st.binary(max_size=70))))
def test_what_is_written_is_read_back(packets: list[tuple[int, bytes]]) -> None:
    made = [TimedPacket(*packet) for packet in packets]
    expected = [(time, data, 1) for time, data in sorted(made, key=lambda packet: packet.time)]
    for content in (pcap(made), pcapng(made)):
        reader = CaptureReader(io.BytesIO(content))
        assert [(packet.time, packet.data, packet.link_type) for packet in reader] == expected
        assert reader.notes == []


@pytest.mark.parametrize("name", ["made.pcap", "made.pcapng", "MADE.PCAPNG"])
def test_wireshark_reads_it(name: str, tmp_path: Path) -> None:
    write_capture(tmp_path / name, [TimedPacket(T0 + 5, bytes(61)), TimedPacket(T0, bytes(60))])
    with Sandbox() as sandbox:
        shown = sandbox.tshark(
            tmp_path / name, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", script=False
        )
    assert shown.split() == ["1763845810.470903001", "60", "1763845810.470903006", "61"]


def test_other_endings(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends with \.pcap or \.pcapng: made\.cap"):
        write_capture(tmp_path / "made.cap", [])
