"""The embedded engine: what cannot be read is an error, and what is left out is noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from msra.engines.embedded import EmbeddedEngine
from msra.engines.interface import EngineError, Options
from tests.conformance.expected import PCAPS
from tests.wire import pcap


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no capture")
    for name, sentence in (("text", "no pcap or pcapng"), ("missing", "No such file")):
        with pytest.raises(EngineError, match=sentence):
            list(EmbeddedEngine().read(tmp_path / name, Options()).events())


def test_unsupported_link_types_are_noted(tmp_path: Path) -> None:
    content = bytearray(pcap([bytes(60)] * 3))
    content[20:24] = (147).to_bytes(4, "little")
    (tmp_path / "made.pcap").write_bytes(content)
    reading = EmbeddedEngine().read(tmp_path / "made.pcap", Options())
    assert list(reading.events()) == []
    assert reading.packets == 3
    assert reading.notes == ["3 packets have link type 147, which is not supported"]


def test_a_stream_is_read_as_a_file_is_and_left_open() -> None:
    path = PCAPS / "v2_ok_3389.pcapng"
    with path.open("rb") as stream:
        reading = EmbeddedEngine().read(None, Options(), stream)
        assert reading.position == 0
        assert list(reading.events()) == list(EmbeddedEngine().read(path, Options()).events())
        assert not stream.closed
    assert reading.position == path.stat().st_size
