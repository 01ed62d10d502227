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

from msra.capture.buffer import MAX_RECORD, ReadBuffer
from msra.capture.model import CaptureError, CaptureLog, Packet

MAGIC = b"\x0a\x0d\x0d\x0a"
"""Every file starts with it: the type of a Section Header Block, which reads the same in both byte orders."""

_SECTION_HEADER = int.from_bytes(MAGIC, "little")
_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_SMALLEST_BLOCK = 12
_OPTION_END, _IF_TSRESOL, _IF_TSOFFSET = 0, 9, 14
_TLS_KEY_LOG = 0x544C534B
_MAX_SECRETS = 1 << 26  # bytes of key logs kept
_MAX_INTERFACES = 1 << 16  # described in a section and kept
_MAX_TIME = 1 << 63  # ns since 1970 that are believed: until the year 2262

_PACKET_BLOCKS = frozenset({0x00000002, 0x00000003, 0x00000006})

_NUMBERED_BLOCKS = frozenset({0x00000009, 0x00000204, 0x00000216, 0x00000221, 0x00000BAD, 0x40000BAD})
"""Blocks that hold no packet but have a frame number in Wireshark: journal entries, system calls, custom blocks."""


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
        self.head = Struct(order + "II").unpack_from
        self.word = Struct(order + "I").unpack_from
        self.interface = Struct(order + "HxxI").unpack_from
        self.option = Struct(order + "HH").unpack_from
        self.seconds = Struct(order + "q").unpack_from
        self.enhanced = Struct(order + "IIIII").unpack_from
        self.old = Struct(order + "HxxIIII").unpack_from
        self.interfaces: list[_Interface] = []


def read_pcapng(buffer: ReadBuffer, log: CaptureLog) -> Iterator[Packet]:
    """Yield the packets; `log` learns their number, TLS secrets, and what is wrong with the file."""
    if not buffer.refill(0, _SMALLEST_BLOCK):
        raise CaptureError("the file ends in the middle of its pcapng header")
    if buffer.data[8:12] not in _ORDERS:
        raise CaptureError("this is no pcap or pcapng file")
    return _Reader(buffer, log).packets()


class _Reader:
    """Reads the blocks of one file."""

    def __init__(self, buffer: ReadBuffer, log: CaptureLog) -> None:
        self._buffer = buffer
        self._log = log
        self._section = _Section("<")
        self._secrets = 0
        self._readers: dict[int, tuple[int, Callable[[bytes, int, int], Packet | None]]] = {
            # block type: size of its fixed part, what reads its body
            0x00000001: (8, self._interface_description),
            0x00000002: (20, self._old_packet),
            0x00000003: (4, self._simple_packet),
            0x00000006: (20, self._enhanced_packet),
            0x0000000A: (8, self._decryption_secrets),
        }

    def packets(self) -> Iterator[Packet]:
        """Every packet that can be read."""
        readers = self._readers
        for kind, data, at, end in self._blocks():
            if kind in readers:
                fixed, read = readers[kind]
                if end - at < fixed:
                    self._log.note("some blocks are shorter than their kind allows; they were skipped")
                elif (packet := read(data, at, end)) is not None:
                    yield packet
            elif kind in _NUMBERED_BLOCKS:
                self._log.packets += 1

    def _blocks(self) -> Iterator[tuple[int, bytes, int, int]]:
        """Each whole block: its type, and where its body is."""
        buffer, head, word = self._buffer, self._section.head, self._section.word
        at, size = 0, _SMALLEST_BLOCK
        while size <= MAX_RECORD and buffer.refill(at, size):
            data, at, end = buffer.data, 0, len(buffer.data)
            while True:  # for each block of the buffer; leaves with `size`, what the next one needs
                if at + _SMALLEST_BLOCK > end:
                    size = _SMALLEST_BLOCK
                    break
                kind, total = head(data, at)
                if kind == _SECTION_HEADER:
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
                yield kind, data, at + 8, following - 4
                at = following
        self._say_how_it_ended(size)

    def _say_how_it_ended(self, size: int) -> None:
        rest, log = self._buffer.data, self._log
        if size > MAX_RECORD:
            log.note(f"the file is damaged after packet {log.packets}; the rest was not read")
        elif len(rest) >= _SMALLEST_BLOCK and self._section.word(rest, 0)[0] in _PACKET_BLOCKS:
            log.note(f"the file ends in the middle of packet {log.packets + 1}")
        elif rest:
            log.note(f"the file ends in the middle of a block, after packet {log.packets}")

    def _enhanced_packet(self, data: bytes, at: int, end: int) -> Packet | None:
        interface, high, low, captured, length = self._section.enhanced(data, at)
        return self._packet(interface, high << 32 | low, data, at + 20, end, captured, length)

    def _old_packet(self, data: bytes, at: int, end: int) -> Packet | None:
        interface, high, low, captured, length = self._section.old(data, at)
        return self._packet(interface, high << 32 | low, data, at + 20, end, captured, length)

    def _simple_packet(self, data: bytes, at: int, end: int) -> Packet | None:
        """Its interface is the first one, which also bounds its captured length; it has no time (section 4.4)."""
        length = self._section.word(data, at)[0]
        interfaces = self._section.interfaces
        snaplen = interfaces[0].snaplen if interfaces else 0
        captured = min(length, snaplen or length, end - at - 4)
        packet = self._packet(0, 0, data, at + 4, end, captured, length)
        if packet is not None:
            packet.time = 0
        return packet

    def _packet(
        self, number: int, ticks: int, data: bytes, at: int, end: int, captured: int, length: int
    ) -> Packet | None:
        """`data[at:end]` holds the packet and its options; `number` is that of the interface in this section."""
        log = self._log
        log.packets += 1
        if captured > end - at:
            log.note("some packets are longer than the blocks they are in; they were skipped")
            return None
        try:
            interface = self._section.interfaces[number]
        except IndexError:
            log.note("some packets refer to an interface that the file does not describe; they were skipped")
            return None
        time = ticks * interface.multiply // interface.divide + interface.offset
        if not 0 <= time < _MAX_TIME:
            time = 0
        return Packet(log.packets, time, interface.link_type, data[at : at + captured], length)

    def _interface_description(self, data: bytes, at: int, end: int) -> None:
        interface = _Interface(*self._section.interface(data, at))
        for code, value in self._options(data, at + 8, end):
            if code == _IF_TSRESOL and value:
                interface.multiply, interface.divide = _time_unit(value[0])
            elif code == _IF_TSOFFSET and len(value) == 8:
                interface.offset = self._section.seconds(value)[0] * 1_000_000_000
        if len(self._section.interfaces) < _MAX_INTERFACES:
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
        if self._secrets > _MAX_SECRETS:
            self._log.note(f"the file holds more than {_MAX_SECRETS >> 20} MiB of TLS secrets; the rest was not read")
        else:
            self._log.tls_secrets.append(data[at + 8 : at + 8 + size])


def _time_unit(resolution: int) -> tuple[int, int]:
    """if_tsresol (section 4.2) as ns a tick, a fraction; its top bit chooses between powers of 2 and of 10.

    >>> _time_unit(6), _time_unit(9), _time_unit(0x80 | 10)
    ((1000000000, 1000000), (1000000000, 1000000000), (1000000000, 1024))
    """
    exponent = resolution & 0x7F
    return 1_000_000_000, 2**exponent if resolution & 0x80 else 10**exponent
