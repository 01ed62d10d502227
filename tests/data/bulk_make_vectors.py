"""Makes bulk_freerdp.json: sequences of PDUs as FreeRDP's compressors make them, from data of all sorts.

    python tests/data/bulk_make_vectors.py        needs libfreerdp2.so.2 (Debian: apt-get install libfreerdp2-2)

The file in the repository was made with FreeRDP 2.11.7 of Debian 12. A sequence is one direction of a connection, in
one compression type, and a PDU is [flags, data in base64, length and SHA-256 (first half) of the data in the clear].
FreeRDP's own decompressors have read all of them.
"""

from __future__ import annotations

import base64
import ctypes
import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LIBRARY = ctypes.CDLL("libfreerdp2.so.2")
CODECS = ("mppc", "mppc", "ncrush", "xcrush")
BUFFER = 65536


class Codec:
    """A compressor or decompressor of FreeRDP for one compression type."""

    def __init__(self, kind: int, compressor: bool) -> None:
        create = getattr(LIBRARY, f"{CODECS[kind]}_context_new")
        create.restype = ctypes.c_void_p
        level = (ctypes.c_uint32(kind),) if kind < 2 else ()
        self._context = ctypes.c_void_p(create(*level, ctypes.c_int(compressor)))
        self._run = getattr(LIBRARY, f"{CODECS[kind]}_{'compress' if compressor else 'decompress'}")
        self._buffer = ctypes.create_string_buffer(BUFFER)

    def compress(self, data: bytes) -> tuple[int, bytes]:
        if len(data) <= 50:  # FreeRDP sends such data plain, and its NCRUSH crashes on less than eight bytes
            return 0, data
        flags = ctypes.c_uint32(0)
        output = self._call(data, ctypes.byref(flags))
        return flags.value, output

    def decompress(self, flags: int, data: bytes) -> bytes:
        return self._call(data, ctypes.c_uint32(flags)) if flags & 0xE0 else data

    def _call(self, data: bytes, flags: Any) -> bytes:
        source = ctypes.create_string_buffer(data, len(data) + 16)
        output = ctypes.cast(self._buffer, ctypes.POINTER(ctypes.c_ubyte))
        size = ctypes.c_uint32(BUFFER)
        sizes = ctypes.c_uint32(len(data)), ctypes.byref(output), ctypes.byref(size)
        status = self._run(self._context, source, *sizes, flags)
        if status < 0:
            raise RuntimeError(f"FreeRDP returns {status}")
        return ctypes.string_at(output, size.value)


def text(dice: random.Random) -> Iterator[bytes]:
    """Words, in UTF-16LE as in chat."""
    words = ["".join(dice.choices("etaoinshrdlu ", k=dice.randint(2, 8))) for _ in range(200)]
    while True:
        yield " ".join(dice.choices(words, k=dice.randint(1, 60))).encode("utf-16le")


def bitmap(dice: random.Random) -> Iterator[bytes]:
    """Rows of runs of few colours, 32 bits a pixel, many rows repeated."""
    colours = [dice.randbytes(3) + b"\0" for _ in range(6)]
    while True:
        row = b"".join(dice.choice(colours) * dice.choice((1, 2, 7, 40)) for _ in range(12))
        yield row * dice.choice((1, 1, 2, 9))


def screens(dice: random.Random) -> Iterator[bytes]:
    """The same few screens again and again, with a changed spot."""
    rows = bitmap(dice)
    pool = [b"".join(next(rows) for _ in range(12)) * 3 for _ in range(4)]
    while True:
        screen = dice.choice(pool)
        spot = dice.randrange(len(screen))
        yield screen[:spot] + b"spot" * dice.randint(1, 30) + screen[spot:]


def noise(dice: random.Random) -> Iterator[bytes]:
    """What cannot be compressed, so that the compressors flush."""
    while True:
        yield dice.randbytes(dice.randint(51, 300))


def extremes(_dice: random.Random) -> Iterator[bytes]:
    """The longest matches, the shortest data, every byte value."""
    while True:
        yield from (b"a" * 8000, b"b", bytes(range(256)), bytes(7), bytes(range(256)) * 20, b"xyz" * 2500)


def traffic(recipe: str, total: int, largest: int) -> Iterator[bytes]:
    """`total` bytes from the generators named in `recipe`, in PDUs of at most `largest` bytes."""
    dice = random.Random(f"{recipe} {total} {largest}")
    sources = [globals()[name](dice) for name in recipe.split()]
    sent = 0
    while sent < total:
        data = next(dice.choice(sources))[:largest]
        sent += len(data)
        yield data


SEQUENCES = [
    # compression type, generators, bytes in the clear, most bytes in a PDU
    (0, "text", 24000, 1600),
    (0, "bitmap screens noise", 60000, 8000),
    (0, "extremes", 60000, 8000),
    (1, "text bitmap noise", 90000, 4000),
    (1, "screens", 400000, 16000),
    (1, "extremes", 200000, 65000),
    (2, "text bitmap", 75000, 1600),
    (2, "text bitmap noise", 20000, 8000),
    (3, "text", 10000, 1600),
    (3, "bitmap text", 60000, 8000),
    (3, "noise text", 3000, 1600),
    (3, "screens", 2200000, 15000),
]


def sequence(kind: int, recipe: str, total: int, largest: int) -> dict[str, Any]:
    """One sequence, checked with FreeRDP's decompressor."""
    compressor, decompressor = Codec(kind, True), Codec(kind, False)
    pdus = []
    for clear in traffic(recipe, total, largest):
        flags, data = compressor.compress(clear)
        if decompressor.decompress(flags, data) != clear:
            raise RuntimeError(f"FreeRDP does not read what it made of {recipe} in type {kind}")
        pdus.append([flags, base64.b64encode(data).decode(), len(clear), hashlib.sha256(clear).hexdigest()[:32]])
    return {"type": kind, "data": recipe, "pdus": pdus}


def main() -> None:
    made = [sequence(*arguments) for arguments in SEQUENCES]
    origin = "libfreerdp 2.11.7 (Debian 12), by bulk_make_vectors.py"
    head = json.dumps({"origin": origin})[:-1]
    lines = [json.dumps(one).replace('], ["', '],\n["').replace("], [", "],\n[") for one in made]
    path = Path(__file__).with_name("bulk_freerdp.json")
    path.write_text(f'{head}, "sequences": [\n' + ",\n".join(lines) + "\n]}\n", "ascii")
    for one in made:
        size = sum(len(pdu[1]) * 3 // 4 for pdu in one["pdus"])
        flags = sorted({f"{pdu[0]:02x}" for pdu in one["pdus"]})
        print(one["type"], one["data"], len(one["pdus"]), "PDUs", sum(pdu[2] for pdu in one["pdus"]), "->", size, flags)


if __name__ == "__main__":
    main()
