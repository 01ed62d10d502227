"""What `analyze-pcap` is measured against, as plain as it can be.

`python tests/bench/readers.py NAME KEYLOG CAPTURE...`; KEYLOG is a TLS key log, or empty. The program stands alone, so
that the physical limits start as fast as Python does.
"""

from __future__ import annotations

import gzip
import mmap
import struct
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 22


def read(path: str, _keylog: str) -> int:
    """The bytes of a file, unpacked."""
    count = 0
    with gzip.open(path) if path.endswith(".gz") else Path(path).open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            count += len(block)
    return count


def walk(path: str, _keylog: str) -> int:
    """The records of a classic pcap (little-endian): how many there are."""
    with Path(path).open("rb") as file:
        data = gunzipped(file) if path.endswith(".gz") else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        length_at, at, end, count = struct.Struct("<8xI4x").unpack_from, 24, len(data), 0
        while at < end:
            at += 16 + length_at(data, at)[0]
            count += 1
    return count


def gunzipped(file: BinaryIO) -> bytes:
    """All of it in memory: the simplest way, and the fastest."""
    with gzip.open(file) as unpacked:
        return unpacked.read()


def scapy(path: str, _keylog: str) -> int:
    """Packets with something in TCP, by Scapy."""
    from scapy.all import TCP, PcapReader

    with PcapReader(path) as reader:
        return sum(1 for packet in reader if TCP in packet and packet[TCP].payload)


def pyshark(path: str, keylog: str) -> int:
    """Remote Assistance messages, by pyshark and the plugin."""
    from pyshark import FileCapture

    plugin = Path(__file__).parents[2] / "dissector" / "msra.lua"
    parameters = ["-n", "-X", f"lua_script:{plugin}"]
    if keylog:
        parameters += ["-o", f"tls.keylog_file:{keylog}"]
    with FileCapture(path, display_filter="msra", keep_packets=False, custom_parameters=parameters) as packets:
        return sum(1 for packet in packets for layer in packet.layers if layer.layer_name == "msra")


READERS: Mapping[str, Callable[[str, str], int]] = {"read": read, "walk": walk, "scapy": scapy, "pyshark": pyshark}

if __name__ == "__main__":
    _, name, keylog, *paths = sys.argv
    print(sum(READERS[name](path, keylog) for path in paths))
