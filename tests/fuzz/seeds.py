"""What fuzzing starts from: the sample captures, and what each decoder is given when they are read."""

from __future__ import annotations

import gzip
import io
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import zstandard

from msra.build.invitation import Invitation
from msra.capture import selection
from msra.capture.tcp import TcpTracker
from msra.capture.tls import TlsDecryptor, TlsSecrets
from msra.engines import rdp_stream
from msra.engines.embedded import EmbeddedReading
from msra.engines.interface import Options
from msra.transport import connection, io_channel, security
from msra.transport.bulk import BulkDecompressor
from msra.transport.connection import Connection
from msra.transport.credssp import Prelude
from msra.transport.recognise import Recogniser
from msra.transport.security import SecurityLayer
from msra.transport.tpkt import Framer
from tests import mixes
from tests.analysis import synthetic
from tests.bench.traffic import PCAPS
from tests.fuzz.oracles import LAYERS, LINK_TYPES, ORACLES, drain
from tests.fuzz.pieces import LARGEST, Piece, joined

MOST_BYTES = 1 << 15
"""Of a seed that is a run of pieces; the rest of a long connection is more of the same."""
MOST_SEEDS = 40
"""Of an oracle."""
LARGEST_CAPTURE = 100_000
_CONTACT = '<RAINVITATIONCOLL><RAINVITATIONITEM NAME="Dave" AVATAR="Qk1QgAAA" TYPE="1" TIME="2008"/></RAINVITATIONCOLL>'
_TEXTS = (
    '<RCCOMMAND NAME="FILEXFER" FILENAME="20070130182140.xml" FILESIZE="436" CHANNELID="RA_FX"/>',
    "9;NAME=John69;PASS=" + "D4" * 32,
    Invitation().connection_string_1,
    Invitation().connection_string_2,
    _CONTACT,
)

Taken = Callable[[tuple[Any, ...]], "bytes | Piece"]


class _Tap(NamedTuple):
    """A function that is listened to: what of its arguments the oracle takes; pieces are collected by the object."""

    oracle: str
    owner: Any
    name: str
    taken: Taken


def _sent(origin: Any, data: bytes) -> Piece:
    return Piece(int(origin.from_client), data)


def _segment(arguments: tuple[Any, ...]) -> Piece:
    segment = arguments[3]
    numbers = struct.pack(">II", segment.seq % (1 << 32), segment.ack % (1 << 32))
    return Piece((segment.src < segment.dst) << 7 | segment.flags & 0x1F, numbers + segment.payload)


def _packet(arguments: tuple[Any, ...]) -> Piece:
    return Piece(LINK_TYPES.index(arguments[0]), arguments[1])


def _second(arguments: tuple[Any, ...]) -> bytes:
    return bytes(arguments[-1])


def _whole(arguments: tuple[Any, ...]) -> bytes:
    return bytes(arguments[0])


_TAPS = (
    _Tap("link", selection, "decode_segment", _packet),
    _Tap("tcp", TcpTracker, "feed", _segment),
    _Tap("tls", TlsDecryptor, "feed", lambda given: Piece(int(given[1]), given[2])),
    _Tap("keylog", TlsSecrets, "add_keylog", _second),
    _Tap("recognise", Recogniser, "feed", lambda given: Piece(0, given[1])),
    _Tap("tpkt", Framer, "feed", lambda given: Piece(0, given[1])),
    _Tap("rdp", Connection, "feed", lambda given: _sent(given[1], given[2])),
    _Tap("rdp", Connection, "feed_clear", lambda given: _sent(given[1], given[2])),
    _Tap("credssp", Prelude, "feed", lambda given: _sent(given[1], given[2])),
    _Tap("security", SecurityLayer, "__init__", lambda given: Piece(0, _server_security(*given[1:5]))),
    _Tap("security", SecurityLayer, "unprotect", lambda given: Piece(int(given[1]), given[2])),
    _Tap("decompression", BulkDecompressor, "decompress", lambda given: Piece(given[1], given[2])),
    _Tap("pdus", connection.x224, "code", _whole),
    _Tap("pdus", connection.gcc, "blocks", _whole),
    _Tap("pdus", connection, "parse_server_security", _whole),
    _Tap("pdus", connection.mcs, "parse_send_data", _whole),
    _Tap("pdus", connection.Payload, "follow_fast_path", _second),
    _Tap("pdus", io_channel, "parse_client_info", _whole),
    _Tap("pdus", io_channel, "parse_license_error", _whole),
    _Tap("certificate", security, "parse_server_certificate", _whole),
    _Tap("certificate", rdp_stream, "parse_x509", _whole),
    _Tap("channels", connection.channels, "parse_chunk", lambda given: Piece(0, given[0])),
    _Tap("message", rdp_stream, "decode_message", _whole),
    _Tap("encomsp", rdp_stream, "decode_encomsp", _whole),
)


def _server_security(method: int, level: int, random: bytes, certificate: bytes) -> bytes:
    return struct.pack("<IIII", method, level, len(random), len(certificate)) + random + certificate


def _options(path: Path) -> Options:
    """The keys that belong to a sample capture."""
    stem = path.name.partition(".")[0]
    keylog, key = path.with_name(f"{stem}.keys.txt"), path.with_name(f"{stem}.server.key.pem")
    return Options(keylog if keylog.exists() else None, (key,) if key.exists() else ())


def _heard() -> dict[str, list[bytes]]:
    """What the taps hear while all sample captures are read, and the synthetic sessions."""
    inputs: dict[str, set[bytes]] = defaultdict(set)
    for path in [*_captures(), None]:
        runs: dict[tuple[str, int], list[Piece]] = defaultdict(list)
        alive: list[object] = []
        with ExitStack() as stack:
            for tap in _TAPS:
                stack.enter_context(patch.object(tap.owner, tap.name, _listening(tap, inputs, runs, alive)))
            if path is None:
                drain(EmbeddedReading(None, Options(), io.BytesIO(synthetic.capture(synthetic.SCENES))).events())
            else:
                drain(EmbeddedReading(path, _options(path)).events())
        for (oracle, _), pieces in runs.items():
            inputs[oracle].add(_first(pieces))
    return {oracle: sorted(found, key=lambda data: (len(data), data)) for oracle, found in inputs.items()}


def _listening(
    tap: _Tap, inputs: dict[str, set[bytes]], runs: dict[tuple[str, int], list[Piece]], alive: list[object]
) -> Callable[..., Any]:
    original = getattr(tap.owner, tap.name)
    is_method = isinstance(tap.owner, type)

    def listening(*arguments: Any) -> Any:
        taken = tap.taken(arguments)
        if isinstance(taken, Piece):
            alive.append(arguments[0])
            runs[tap.oracle, id(arguments[0]) if is_method else 0].append(taken)
        else:
            inputs[tap.oracle].add(taken)
        return original(*arguments)

    return listening


def _first(pieces: list[Piece]) -> bytes:
    size, kept = 0, []
    for piece in pieces:
        size += len(piece.data)
        if kept and size > MOST_BYTES:
            break
        kept.append(Piece(piece.control, piece.data[:LARGEST]))
    return joined(kept)


def _captures() -> list[Path]:
    return sorted(path for path in PCAPS.iterdir() if ".pcap" in path.name)


def _small() -> Iterator[bytes]:
    """Sample captures, unpacked, of which single packets weigh something."""
    for path in _captures():
        if path.stat().st_size <= LARGEST_CAPTURE:
            data = path.read_bytes()
            yield gzip.decompress(data) if path.suffix == ".gz" else data


def _layers(messages: list[bytes], orders: list[bytes]) -> list[bytes]:
    """Real messages for the layers that begin one; the others from where they begin, and with their own defaults."""
    numbers = {layer.__name__: bytes([number]) for number, layer in enumerate(LAYERS)}
    found = [numbers["MSRA_Header"] + message for message in messages]
    found += [numbers["ENCOMSP_Message"] + order for order in orders]
    return found + [bytes([number]) + bytes(layer()) for number, layer in enumerate(LAYERS)]


def _spread(inputs: list[bytes]) -> list[bytes]:
    """A few of many, from the shortest to the longest."""
    step = max(len(inputs) / MOST_SEEDS, 1)
    return [inputs[int(number * step)] for number in range(min(len(inputs), MOST_SEEDS))]


@cache
def seeds() -> Mapping[str, list[bytes]]:
    """The seeds of each oracle."""
    heard = _heard()
    small = [*_small(), *(synthetic.capture([scene]) for scene in synthetic.SCENES)]
    packed = [pack(data) for data in small[:4] for pack in (gzip.compress, zstandard.compress)]
    keys = [path.read_bytes() for path in sorted(PCAPS.glob("*.key.pem"))]
    invitation = Invitation().text()
    made = {
        "file": small + packed,
        "compression": packed,
        "layer": _layers(_spread(heard["message"]), _spread(heard["encomsp"])),
        "text": [text.encode(code) for text in _TEXTS for code in ("utf-16-le", "utf-8")],
        "contact": [_CONTACT.encode(code) for code in ("utf-8", "utf-16")],
        "invitation": [invitation.encode(code) for code in ("utf-8", "utf-16")],
        "certificate": keys + _spread(heard["certificate"]),
        "message": heard["message"] + [joined(Piece(1, message) for message in heard["message"][:20])],
        **dict.fromkeys(("packets", "segments", "streams"), small),
        "scanned": small + [mixed for mixed in map(mixes.capture, range(40)) if len(mixed) <= LARGEST_CAPTURE],
    }
    return {oracle: _spread(made.get(oracle) or heard[oracle]) for oracle in ORACLES}
