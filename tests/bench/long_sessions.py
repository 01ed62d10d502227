"""One session for a long time: recorded ones, whose screen updates come again and again."""

from __future__ import annotations

import ssl
from pathlib import Path
from random import Random

from tests.bench.captures import write_frames
from tests.bench.traffic import conversation, ends, recorded
from tests.capture.tls.sessions import Live

Said = list[tuple[bool, bytes]]
"""What the client (True) and the server send, in turn."""

_TLS_REQUEST = bytes.fromhex("030000130ee000000000000100080001000000")
_TLS_CONFIRM = bytes.fromhex("030000130ed000001234000200080001000000")
"""X.224 Connection Request and Confirm that agree on TLS ([MS-RDPBCGR] 2.2.1.1, 2.2.1.2)."""
_TPKT = b"\3\0"
_AT_FRONT = 0x61
"""PACKET_AT_FRONT, PACKET_COMPRESSED, 64K."""
_ETHERNET, _IP = 14, 20


def said_in(name: str) -> Said:
    """What both sides sent in the connection in a capture in `pcaps/` that lost nothing."""
    frames, (_server, port) = recorded(name)
    said = []
    for frame in frames:
        header = _ETHERNET + _IP + (frame[_ETHERNET + _IP + 12] >> 4) * 4
        payload = frame[header : _ETHERNET + int.from_bytes(frame[16:18], "big")]
        if payload:
            said.append((int.from_bytes(frame[36:38], "big") == port, payload))
    return said


def write_encrypted(path: Path, keylog: Path, updates: int) -> int:
    """A session in TLS 1.2 with `updates` screen updates of 3.7 KB in its middle; returns the number of packets."""
    _request, _confirm, *said = said_in("v2_ok_49230.pcap")
    at, update = next((at, data) for at, (_, data) in enumerate(said) if len(data) > 3_000)
    keylog.unlink(missing_ok=True)
    live = Live(ssl.TLSVersion.TLSv1_2, keylog)
    for from_client, data in [*said[:at], *[(False, update)] * updates, *said[at:]]:
        live.say(from_client, data)
    return _write(path, [(True, _TLS_REQUEST), (False, _TLS_CONFIRM), *live.stream])


def write_compressed(path: Path, times: int) -> int:
    """A session whose channels and screen share one compressed history, and whose last updates come `times` times.

    That is valid because they begin with one that starts at the front of the history.
    """
    said = said_in("comp_shared_mppc64k.pcapng")
    last = max(at for at, (_, data) in enumerate(said) if data[:2] != _TPKT)
    first = max(at for at, (_, data) in enumerate(said) if data[:2] == _TPKT and at < last) + 1
    while not _starts_history(said[first][1]):
        first += 1
    return _write(path, [*said[:first], *said[first : last + 1] * times, *said[last + 1 :]])


def _starts_history(update: bytes) -> bool:
    """A fast-path PDU with a two-byte length, whose only update has these compressionFlags ([MS-RDPBCGR] 2.2.9.1.2)."""
    return update[0] == 0 and update[4] == _AT_FRONT


def _write(path: Path, said: Said) -> int:
    random = Random(1)
    return write_frames(path, conversation(ends(random, 49_230), said, random))
