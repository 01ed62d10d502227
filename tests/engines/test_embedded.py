"""The embedded engine: what cannot be read is an error, and what is left out is noted."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

from msra.capture import selection
from msra.engines.embedded import EmbeddedEngine, EmbeddedReading
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


@pytest.mark.parametrize("small", [0, 1 << 20])
def test_a_capture_that_was_read_is_let_go_at_once(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would stay until the garbage collector comes by, which is seldom."""
    monkeypatch.setattr(selection, "SMALL", small)
    gc.disable()
    try:
        reading = EmbeddedReading(PCAPS / "v2_ok_49230.pcap", Options())
        assert list(reading.events())
        walk = weakref.ref(reading._walk)
        del reading
        assert walk() is None
    finally:
        gc.enable()
