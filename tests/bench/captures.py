"""Captures to measure with: `python -m tests.bench.captures FILE --packets 1000000 --sessions 100`."""

from __future__ import annotations

import argparse
import struct
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from random import Random

from tests.bench.traffic import BACKGROUND, session

AT_A_TIME = 200
"""Conversations that are open side by side."""
START = 1_790_000_000_000_000  # microseconds since 1970


def frames(packets: int, sessions: int, seed: int = 1) -> Iterator[bytes]:
    """At least `packets` frames of background and sessions, which are spread over them; 0: nothing but the sessions.

    Sessions are complete, the last of the background is not.
    """
    random = Random(seed)
    kinds, weights = [kind for _, kind in BACKGROUND], [weight for weight, _ in BACKGROUND]
    sent = 0
    running: list[Iterator[bytes]] = []
    assistance: list[Iterator[bytes]] = []
    while len(assistance) < sessions or sent < packets or (running and not packets):
        started = len(assistance)
        if started < sessions and started * packets <= sent * (sessions + 1):
            assistance.append(session(random, started))
            running.append(assistance[-1])
        elif sent < packets and len(running) < AT_A_TIME:
            running.append(random.choices(kinds, weights)[0](random))
        at = random.randrange(len(running))
        burst = random.randrange(1, 12)
        some = list(islice(running[at], burst))
        yield from some
        sent += len(some)
        if len(some) < burst:
            running[at] = running[-1]
            running.pop()
    for rest in assistance:
        yield from rest


def write(path: Path, packets: int, sessions: int, seed: int = 1) -> int:
    """Write a classic pcap; returns the number of packets."""
    return write_frames(path, frames(packets, sessions, seed))


def write_frames(path: Path, all_frames: Iterable[bytes]) -> int:
    """The same with these frames, one every 50 µs."""
    record = struct.Struct("<IIII").pack
    count = 0
    with path.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, 1))
        for count, frame in enumerate(all_frames, 1):
            seconds, fraction = divmod(START + count * 50, 1_000_000)
            file.write(record(seconds, fraction, len(frame), len(frame)) + frame)
    return count


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--packets", type=int, default=0)
    parser.add_argument("--sessions", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(write(options.file, options.packets, options.sessions, options.seed), "packets")


if __name__ == "__main__":
    main()
