"""The security header: only a flag decides whether data is encrypted."""

from __future__ import annotations

from msra.transport.security import is_encrypted


def test_the_flag_decides() -> None:
    assert is_encrypted(b"\x08\x08\x00\x00" + bytes(8))
    assert is_encrypted(b"\x08\x00\x00\x00")
    assert not is_encrypted(b"\x40\x00\x00\x00")
    assert not is_encrypted(b"\x08\x08")
