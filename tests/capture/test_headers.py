"""Many headers at once: every packet is read as `decode_segment` reads it, or left to that."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msra.capture.ends import number_of_end
from msra.capture.headers import Segments, read_segments
from msra.capture.link import SUPPORTED_LINK_TYPES, FragmentTable, decode_segment
from msra.capture.records import Columns
from tests.mixes import WRAPPINGS, Frame, readdressed, recorded, recut, wrapped

SYN = 2


def read(frames: list[Frame]) -> Segments:
    """The frames one after another, with something in front so that offsets matter."""
    data, start = bytearray(b"x" * 70), []
    for _, frame, _ in frames:
        start.append(len(data))
        data += frame
    ends = [at + len(frame) for at, (_, frame, _) in zip(start, frames, strict=True)]
    odd = np.zeros(len(frames), np.bool_)
    link_types = np.array([link_type for link_type, *_ in frames], np.int64)
    return read_segments(bytes(data), Columns(np.array(start, np.int64), np.array(ends, np.int64), link_types, odd))


def check(frames: list[Frame]) -> Counter[str]:
    """Compare, and count what was found how."""
    found = read(frames)
    rows = {int(row): index for index, row in enumerate(found.row)}
    odd = set(found.odd.tolist())
    assert not odd & rows.keys() and sorted(rows) == found.row.tolist()
    for number, (link_type, data, length) in enumerate(frames):
        fragments = FragmentTable()
        segment = decode_segment(link_type, data, length, fragments)
        if number in odd:
            continue
        if segment is None:
            assert number not in rows and not fragments._datagrams
            continue
        index = rows[number]
        assert found.ends.source[index] == number_of_end(segment.src, segment.sport)
        assert found.ends.target[index] == number_of_end(segment.dst, segment.dport)
        assert (found.source_port[index], found.target_port[index]) == (segment.sport, segment.dport)
        assert found.flags[index] == segment.flags
        assert found.seq[index] == (segment.seq + bool(segment.flags & SYN)) % (1 << 32)
        assert found.size[index] == len(segment.payload) + segment.missing
        assert found.end[index] - found.payload[index] == len(segment.payload)
    unsupported = Counter(link_type for link_type, *_ in frames if link_type not in SUPPORTED_LINK_TYPES)
    assert unsupported == found.unsupported
    return Counter(plain=len(rows), odd=len(odd))


ODD = {"ethernet unstated", "ethernet 6 extension", "fragments", "three tags", "pppoe", "ppp"}


@pytest.mark.parametrize("name", WRAPPINGS)
def test_wrappings(name: str) -> None:
    random = Random(name)
    size = 16 if "6" in name or name in ("qinq", "cooked 2") else 4
    segments = recut(readdressed(recorded("v2_ok_49230.pcap"), random, size), random, 100)
    frames = list(wrapped(segments, name, 1 << 18))
    found = check(frames)
    if name == "unsupported":
        assert not found["plain"] and not found["odd"]
    elif name in ODD:
        assert found["odd"] and (not found["plain"] or name == "fragments")
    else:
        assert found["plain"] == len(frames)


def frames_of(seed: int) -> list[Frame]:
    random = Random(seed)
    frames: list[Frame] = []
    for name in random.sample(sorted(WRAPPINGS), 6):
        segments = readdressed(recorded("v2_ok_49230.pcap")[:20], random, 16)
        frames += wrapped(recut(segments, random, 500), name, random.choice((1 << 18, 60, 90)))
    random.shuffle(frames)
    return frames


@given(st.integers(0, 1 << 30))
@settings(max_examples=40, deadline=None)
def test_damaged_frames(seed: int) -> None:
    """Bytes changed and cut anywhere: what is read is what `decode_segment` reads."""
    random, frames = Random(seed), []
    for link_type, data, length in frames_of(seed):
        changed = bytearray(data[: random.randrange(len(data) + 1)] if random.random() < 0.3 else data)
        for _ in range(random.randrange(4) if changed else 0):
            changed[random.randrange(min(len(changed), 80))] = random.choice(
                (0, 6, 0x45, 0x60, 0xFF, random.randrange(256))
            )
        frames.append((link_type, bytes(changed), length))
    check(frames)


def test_no_packets() -> None:
    assert len(read([]).row) == 0
