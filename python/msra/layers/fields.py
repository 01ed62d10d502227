# SPDX-License-Identifier: GPL-2.0-or-later
"""Scapy fields for the strings of [MS-RA]: they read every form that real peers send, and keep it.

A value is a `str` or `bytes` that remembers its wire form, so that a packet is rebuilt byte by byte. What is assigned
to such a field decides the form: a `str` is put on the wire as the specification says (NUL-terminated, or counted for
a BSTR), `bytes` are put there as they are.

    >>> Text("Hi").wire
    b'H\\x00i\\x00\\x00\\x00'
    >>> Text(b"H\\x00i\\x00"), Text(b"H\\x00i\\x00").notes
    ('Hi', ('missing_terminator',))
"""

from __future__ import annotations

import struct
from typing import Any

from scapy.fields import Field
from scapy.packet import Packet
from scapy.volatile import RandBin, RandNum

__all__ = ["Bstr", "BstrField", "BstrText", "BstrTextField", "Text", "TextField", "bstr", "terminator_end"]

NUL = b"\0\0"


def terminator_end(wire: bytes) -> int:
    """Where the first NUL code unit of UTF-16LE text ends, in bytes; 0 if there is none."""
    at = wire.find(NUL)
    while at % 2 and at >= 0:  # half of one unit and half of the next
        at = wire.find(NUL, at + 1)
    return at + 2 if at >= 0 else 0


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def bstr(value: bytes) -> bytes:
    """`value` as [MS-DTYP] 2.2.5 draws a BSTR, without terminator: its number of bytes as u32, and the bytes."""
    return struct.pack("<I", len(value)) + value


def _bstr_content(wire: bytes, is_text: bool) -> tuple[bytes, str]:
    """The content of a BSTR that fills a message up to its end, and the note saying which form it has.

    +-----------------+------------------+----------------+
    | count u32       | count bytes      | NUL, text only |   counted, as [MS-DTYP] 2.2.5 draws it
    +-----------------+------------------+----------------+
    | all bytes                                           |   raw, as FreeRDP sends it
    +-----------------------------------------------------+
    """
    if len(wire) >= 4:
        count: int = struct.unpack_from("<I", wire)[0]
        following = len(wire) - 4
        if count == following or (is_text and count == following - 2 and wire.endswith(NUL)):
            return wire[4:], "bstr_counted"
    return wire, "bstr_raw"


class Text(str):
    """NUL-terminated UTF-16LE text: a `str` up to the terminator, in which U+FFFD stands for what can't be decoded.

    `Text("abc")` gets the wire form of the specification, `Text(b"...")` is read from the wire.
    `wire`: all its bytes; `notes`: what is odd about them (keys of `msra.events.NOTES`); `rest`: the bytes after the
    terminator, which belong to no field.
    """

    wire: bytes
    notes: tuple[str, ...]
    rest: bytes

    def __new__(cls, value: str | bytes = "") -> Text:
        wire = cls._encode(value) if isinstance(value, str) else bytes(value)
        content, notes = cls._content(wire)
        end = terminator_end(content)
        text = content[: end - 2] if end else content[: len(content) & ~1]
        self = super().__new__(cls, text.decode("utf-16-le", "replace"))
        self.wire = wire
        self.rest = content[end:] if end else b""
        if not end:
            notes += cls._unterminated(content)
        self.notes = notes + (("trailing_data",) if self.rest else ())
        return self

    @staticmethod
    def _encode(text: str) -> bytes:
        return _utf16(text) + NUL

    @staticmethod
    def _content(wire: bytes) -> tuple[bytes, tuple[str, ...]]:
        return wire, ()

    @staticmethod
    def _unterminated(content: bytes) -> tuple[str, ...]:
        return ("missing_terminator", "odd_length") if len(content) % 2 else ("missing_terminator",)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.wire,)

    def command(self, json: bool = False) -> str:
        """What Packet.command() and Packet.json() write: the text, or the bytes if it has another form than usual."""
        if json:
            return str(self)
        return repr(str(self)) if self._encode(self) == self.wire else repr(self.wire)


class BstrText(Text):
    """A name in a BSTR ([MS-DTYP] 2.2.5) or without one: text that needs no terminator."""

    @staticmethod
    def _encode(text: str) -> bytes:
        return bstr(_utf16(text)) + NUL

    @staticmethod
    def _content(wire: bytes) -> tuple[bytes, tuple[str, ...]]:
        content, note = _bstr_content(wire, is_text=True)
        return content, (note,)

    @staticmethod
    def _unterminated(content: bytes) -> tuple[str, ...]:
        return ("odd_length",) if len(content) % 2 else ()


class Bstr(bytes):
    """The bytes in a BSTR ([MS-DTYP] 2.2.5) or without one. `wire`, `notes` and `rest` are those of :class:`Text`.

    `Bstr(b"...")` is read from the wire; `Bstr("...")` is the counted UTF-16LE text, :func:`bstr` counts other bytes.
    """

    wire: bytes
    notes: tuple[str, ...]
    rest = b""

    def __new__(cls, value: str | bytes = b"") -> Bstr:
        wire = bstr(_utf16(value)) if isinstance(value, str) else bytes(value)
        content, note = _bstr_content(wire, is_text=False)
        self = super().__new__(cls, content)
        self.wire, self.notes = wire, (note,)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.wire,)

    def command(self, json: bool = False) -> str:
        """What Packet.command() and Packet.json() write: the bytes of the wire, or the content in hexadecimal."""
        return self.hex() if json else repr(self.wire)


class _WireField(Field[Text | Bstr, bytes]):
    """A field whose values are of class `kind`; it takes all bytes that are left."""

    kind: type[Text] | type[Bstr]

    def any2i(self, _pkt: Packet | None, x: Any) -> Any:
        """What is no string passes: None, and the random values of fuzz(), which Scapy turns into bytes to build."""
        if type(x) is self.kind or not isinstance(x, (str, bytes, bytearray)):
            return x
        return self.kind(str(x) if isinstance(x, str) else bytes(x))

    def i2m(self, pkt: Packet | None, x: Any) -> bytes:
        value = self.any2i(pkt, x)
        return value.wire if isinstance(value, (Text, Bstr)) else bytes(value or b"")

    def i2len(self, pkt: Packet, x: Any) -> int:
        return len(self.i2m(pkt, x))

    def i2repr(self, _pkt: Packet | None, x: Any) -> str:
        """The value with control characters escaped, and what is odd about it."""
        notes = getattr(x, "notes", ())
        return repr(x) + (f" ({', '.join(notes)})" if notes else "")

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        return s + self.i2m(pkt, val)

    def getfield(self, _pkt: Packet, s: bytes) -> tuple[bytes, Text | Bstr]:
        return b"", self.kind(s)

    def randval(self) -> RandBin:
        return RandBin(RandNum(0, 1200))


class TextField(_WireField):
    """NUL-terminated UTF-16LE text; takes all bytes if there is no terminator."""

    kind = Text

    def getfield(self, _pkt: Packet, s: bytes) -> tuple[bytes, Text | Bstr]:
        end = terminator_end(s) or len(s)
        return s[end:], Text(s[:end])


class BstrTextField(_WireField):
    """A name: a BSTR or plain text, up to the end of the message."""

    kind = BstrText


class BstrField(_WireField):
    """Bytes in a BSTR or plain, up to the end of the message."""

    kind = Bstr
