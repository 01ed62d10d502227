"""Searching directories: content decides, and nothing that may be a capture is passed over."""

from __future__ import annotations

from pathlib import Path

from msra.capture import find_captures
from tests.wire import pcap


def test_content_decides(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "z.txt").write_bytes(pcap([]))
    (tmp_path / "b" / "a.pcap").write_bytes(pcap([]))
    (tmp_path / "not.pcap").write_text("text")
    (tmp_path / "empty.pcap").write_bytes(b"")
    assert list(find_captures(tmp_path)) == [tmp_path / "b" / "a.pcap", tmp_path / "b" / "z.txt"]


def test_links_to_directories_make_no_loop(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap([]))
    (tmp_path / "loop").symlink_to(tmp_path)
    assert list(find_captures(tmp_path)) == [tmp_path / "a.pcap"]
