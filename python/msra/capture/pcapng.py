"""The pcapng file format (draft-ietf-opsawg-pcapng).

    block type 4 | total length 4 | body | total length 4       section 3.1; a block, padded to a multiple of 4 bytes

    magic 4 | major 2 | minor 2 | section length 8              section 4.1, Section Header Block; the magic tells the
                                                                byte order of all that follows, up to the next one
    link type 2 | reserved 2 | snaplen 4 | options              section 4.2, Interface Description Block
    interface 4 | time high 4 | time low 4 | captured 4 | original 4 | data     section 4.3, Enhanced Packet Block
    original 4 | data                                           section 4.4, Simple Packet Block
    interface 2 | drops 2 | time high 4 | time low 4 | captured 4 | original 4 | data     appendix A, Packet Block
    secrets type 4 | length 4 | data                            section 4.7, Decryption Secrets Block

    code 2 | length 2 | value, padded to a multiple of 4 bytes  section 3.5; an option

Interfaces are numbered from 0 in each section, and packets refer to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING

from msra.capture.buffer import ReadBuffer
from msra.capture.model import CaptureError, CaptureLog, Packet
from msra.capture.records import Columns, Records, gather
from msra.limits import MAX_INTERFACES, MAX_RECORD, MAX_SECRETS_BYTES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"\x0a\x0d\x0d\x0a"
"""Every file starts with it: the type of a Section Header Block, which reads the same in both byte orders."""

_SECTION_HEADER = int.from_bytes(MAGIC, "little")
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_SMALLEST_BLOCK = 12
_OPTION_END, _IF_TSRESOL, _IF_TSOFFSET = 0, 9, 14
_TLS_KEY_LOG = 0x544C534B
_MAX_TIME = 1 << 63  # ns since 1970 that are believed: until the year 2262

_INTERFACE_DESCRIPTION, _OLD_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET, _DECRYPTION_SECRETS = 1, 2, 3, 6, 10
_PACKET_BLOCKS = frozenset({_OLD_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET})

_FRAMES = _PACKET_BLOCKS | {0x00000009, 0x00000204, 0x00000216, 0x00000221, 0x00000BAD, 0x40000BAD}
"""Blocks that have a frame number in Wireshark; those without a packet are journal entries, system calls, custom."""

_PACKET = 28
"""Where the data of an Enhanced Packet Block and of a Packet Block begins."""

_FIXED = {
    # the size of a block without data and options
    _INTERFACE_DESCRIPTION: 20,
    _OLD_PACKET: 32,
    _SIMPLE_PACKET: 16,
    _ENHANCED_PACKET: 32,
    _DECRYPTION_SECRETS: 20,
}


@dataclass(slots=True)
class _Interface:
    """Time stamps of this interface count units of multiply/divide ns, from `offset` ns."""

    link_type: int
    snaplen: int
    multiply: int = 1000
    divide: int = 1
    offset: int = 0


class _Section:
    """A section: its byte order and its interfaces (4.1, 4.2)."""

    def __init__(self, order: str) -> None:
        self.order = order
        self.head = Struct(order + "II").unpack_from
        self.word = Struct(order + "I").unpack_from
        self.interface = Struct(order + "HxxI").unpack_from
        self.option = Struct(order + "HH").unpack_from
        self.seconds = Struct(order + "q").unpack_from
        self.enhanced = Struct(order + "8xIIIII").unpack_from
        self.old = Struct(order + "8xHxxIIII").unpack_from
        self.interfaces: list[_Interface] = []


class _Layout:
    """Reads the packets of a run of blocks, behind which more interfaces may be described (see records.Layout)."""

    def __init__(self, section: _Section, log: CaptureLog) -> None:
        self._section = section
        self._log = log
        self._known = len(section.interfaces)

    def packet(self, number: int, record: bytes) -> Packet | None:
        """The packet in a block; None if there is none, or it does not fit. Another block may follow in `record`."""
        section = self._section
        kind, total = section.head(record)
        end = (total + 3 & ~3) - 4
        if kind == _SIMPLE_PACKET:
            return self._simple_packet(number, record[:end])
        if kind not in _PACKET_BLOCKS:
            return None
        unpack = section.enhanced if kind == _ENHANCED_PACKET else section.old
        interface, high, low, captured, length = unpack(record)
        return self._packet(number, interface, high << 32 | low, record[_PACKET:end], captured, length)

    def columns(self, data: bytes, offsets: NDArray[np.int64]) -> Columns:
        """Enhanced Packet Blocks without faults; all others are odd."""
        import numpy as np

        u4 = self._section.order + "u4"
        fields = ("kind", "total", "interface", "high", "low", "captured", "original")
        at = offsets[:-1]
        whole = at + _PACKET <= len(data)
        heads = gather(data, np.where(whole, at, 0), np.dtype([(name, u4) for name in fields]))
        link_types = np.array([interface.link_type for interface in self._interfaces] or [0])
        interface, captured, total = (heads[name].astype(np.int64) for name in ("interface", "captured", "total"))
        fits = captured + _PACKET + 4 <= (total + 3 & ~3)
        good = whole & (heads["kind"] == _ENHANCED_PACKET) & fits & (interface < self._known)
        start = at + _PACKET
        return Columns(start, start + captured, link_types[np.where(good, interface, 0)], ~good)

    @property
    def _interfaces(self) -> list[_Interface]:
        return self._section.interfaces[: self._known]

    def _simple_packet(self, number: int, block: bytes) -> Packet | None:
        """Its interface is the first one, which also bounds its captured length; it has no time (section 4.4)."""
        length = self._section.word(block, 8)[0]
        snaplen = self._section.interfaces[0].snaplen if self._known else 0
        data = block[12:]
        packet = self._packet(number, 0, 0, data, min(length, snaplen or length, len(data)), length)
        if packet is not None:
            packet.time = 0
        return packet

    def _packet(
        self, number: int, interface_number: int, ticks: int, data: bytes, captured: int, length: int
    ) -> Packet | None:
        """`data` holds the packet and its options; the interface is that of this number in this section."""
        if captured > len(data):
            self._log.note("some packets are longer than the blocks they are in; they were skipped")
            return None
        if interface_number >= self._known:
            self._log.note("some packets refer to an interface that the file does not describe; they were skipped")
            return None
        interface = self._section.interfaces[interface_number]
        time = ticks * interface.multiply // interface.divide + interface.offset
        if not 0 <= time < _MAX_TIME:
            time = 0
        return Packet(number, time, interface.link_type, data[:captured], length)


def walk_pcapng(buffer: ReadBuffer, log: CaptureLog) -> Iterator[Records]:
    """Yield the blocks that have a frame number; `log` learns how many, TLS secrets, and what is wrong."""
    if not buffer.refill(0, _SMALLEST_BLOCK):
        raise CaptureError("the file ends in the middle of its pcapng header")
    if buffer.data[8:12] not in _ORDERS:
        raise CaptureError("this is no pcap or pcapng file")
    return _Walk(buffer, log).records()


class _Walk:
    """Walks over the blocks of one file."""

    def __init__(self, buffer: ReadBuffer, log: CaptureLog) -> None:
        self._buffer = buffer
        self._log = log
        self._section = _Section("<")
        self._secrets = 0
        self._readers: dict[int, Callable[[bytes, int, int], None]] = {
            # blocks that change what follows: what reads their bodies
            _INTERFACE_DESCRIPTION: self._interface_description,
            _DECRYPTION_SECRETS: self._decryption_secrets,
        }

    def records(self) -> Iterator[Records]:
        """All that can be read, in runs that no other kind of block changes the meaning of."""
        buffer, log, readers = self._buffer, self._log, self._readers
        head, word = self._section.head, self._section.word
        at, size = 0, _SMALLEST_BLOCK
        while size <= MAX_RECORD and buffer.refill(at, size):
            data, at, end = buffer.data, 0, len(buffer.data)
            offsets: list[int] = []
            while True:  # for each block of the buffer; leaves with `size`, what the next one needs
                if at + _SMALLEST_BLOCK > end:
                    size = _SMALLEST_BLOCK
                    break
                kind, total = head(data, at)
                if kind == _SECTION_HEADER:
                    yield from self._run(data, offsets, at)
                    self._section = _Section(_ORDERS.get(data[at + 8 : at + 12], "<"))
                    head, word = self._section.head, self._section.word
                    total = head(data, at)[1]
                size = total + 3 & ~3
                following = at + size
                if following > end:
                    break
                if total < _SMALLEST_BLOCK or word(data, following - 4)[0] != total:
                    size = MAX_RECORD + 1
                    break
                if size < _FIXED.get(kind, 0):
                    log.note("some blocks are shorter than their kind allows; they were skipped")
                elif kind in _FRAMES:
                    offsets.append(at)
                elif kind in readers:
                    yield from self._run(data, offsets, at)
                    readers[kind](data, at + 8, following - 4)
                at = following
            yield from self._run(data, offsets, at)
        self._say_how_it_ended(size)

    def _run(self, data: bytes, offsets: list[int], end: int) -> Iterator[Records]:
        """The blocks at these offsets, which are taken off the list."""
        if offsets:
            first = self._log.packets + 1
            self._log.packets += len(offsets)
            run = [*offsets, end]
            offsets.clear()
            yield Records(data, self._buffer.position, first, run, _Layout(self._section, self._log))

    def _say_how_it_ended(self, size: int) -> None:
        rest, log = self._buffer.data, self._log
        if size > MAX_RECORD:
            log.note(f"the file is damaged after packet {log.packets}; the rest was not read")
        elif len(rest) >= _SMALLEST_BLOCK and self._section.word(rest, 0)[0] in _PACKET_BLOCKS:
            log.note(f"the file ends in the middle of packet {log.packets + 1}")
        elif rest:
            log.note(f"the file ends in the middle of a block, after packet {log.packets}")

    def _interface_description(self, data: bytes, at: int, end: int) -> None:
        interface = _Interface(*self._section.interface(data, at))
        for code, value in self._options(data, at + 8, end):
            if code == _IF_TSRESOL and value:
                interface.multiply, interface.divide = _time_unit(value[0])
            elif code == _IF_TSOFFSET and len(value) == 8:
                interface.offset = self._section.seconds(value)[0] * 1_000_000_000
        if len(self._section.interfaces) < MAX_INTERFACES:
            self._section.interfaces.append(interface)

    def _options(self, data: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
        """Code and value of each option (section 3.5)."""
        while at + 4 <= end:
            code, size = self._section.option(data, at)
            if code == _OPTION_END or at + 4 + size > end:
                return
            yield code, data[at + 4 : at + 4 + size]
            at += 4 + (size + 3 & ~3)

    def _decryption_secrets(self, data: bytes, at: int, end: int) -> None:
        kind, size = self._section.head(data, at)
        if kind != _TLS_KEY_LOG or size > end - at - 8:
            return
        self._secrets += size
        if self._secrets > MAX_SECRETS_BYTES:
            self._log.note(
                f"the file holds more than {MAX_SECRETS_BYTES >> 20} MiB of TLS secrets; the rest was not read"
            )
        else:
            self._log.tls_secrets.append(data[at + 8 : at + 8 + size])


def _time_unit(resolution: int) -> tuple[int, int]:
    """if_tsresol (section 4.2) as ns a tick, a fraction; its top bit chooses between powers of 2 and of 10.

    >>> _time_unit(6), _time_unit(9), _time_unit(0x80 | 10)
    ((1000000000, 1000000), (1000000000, 1000000000), (1000000000, 1024))
    """
    exponent = resolution & 0x7F
    return 1_000_000_000, 2**exponent if resolution & 0x80 else 10**exponent
