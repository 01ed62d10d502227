"""Written pcapng files are read back by our reader and by Wireshark alike."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from msra.capture import CaptureReader
from msra.capture.writer import PcapngWriter

TIMES = st.integers(0, 2**62)


@given(st.lists(st.tuples(TIMES, st.binary(max_size=70), st.text(max_size=30))))
def test_what_is_written_is_read_back(packets: list[tuple[int, bytes, str]]) -> None:
    stream = io.BytesIO()
    writer = PcapngWriter(stream, 252)
    for packet in packets:
        writer.write(*packet)
    stream.seek(0)
    reader = CaptureReader(stream)
    got = [(packet.time, packet.data, packet.link_type, packet.length) for packet in reader]
    assert got == [(time, data, 252, len(data)) for time, data, _ in packets]
    assert reader.notes == []


def test_wireshark_reads_times_and_comments(tmp_path: Path) -> None:
    with (tmp_path / "made.pcapng").open("wb") as stream:
        PcapngWriter(stream, 1).write(1_763_845_810_470_903_001, bytes(60), "frame 7 é")
    command = ["tshark", "-n", "-r", str(tmp_path / "made.pcapng"), "-T", "fields"]
    command += ["-e", "frame.time_epoch", "-e", "frame.comment"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, comment = done.stdout.strip().split("\t")
    assert seconds.endswith("1763845810.470903001") and comment == "frame 7 é"


def test_link_types_and_secrets() -> None:
    stream = io.BytesIO()
    writer = PcapngWriter(stream)
    writer.write(1, b"a")
    writer.secrets(b"CLIENT_RANDOM 1")
    writer.write(2, b"b", link_type=276, length=9)
    writer.write(3, b"c", link_type=1)
    stream.seek(0)
    reader = CaptureReader(stream)
    got = [(packet.time, packet.link_type, packet.data, packet.length) for packet in reader]
    assert got == [(1, 1, b"a", 1), (2, 276, b"b", 9), (3, 1, b"c", 1)]
    assert reader.tls_secrets == [b"CLIENT_RANDOM 1"]
