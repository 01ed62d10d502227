"""Messages for comparing the two decoders: what peers send, what they might, and what nobody should."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

from tests.transport import builders as rdp

SENDERS = st.sampled_from(["expert", "novice"])
_PIECES = [
    "a", "Z9", ";", "=", "<", ">", "/", "&", '"', "'", " ", "\t", "\n", "\r", "\\", "\\x41", "\x1b", "\x7f", "\x85",
    "\u202e", "é", "中", "😀", "\ud800", "\udc00", "\uffff", "\U0010ffff", "&amp;", "&#65;", "&#x1F600;", "&#0;",
    "&#xD800;", "&#0000000065;", "&#x0000000041;", "&#99999999;", "&bogus;", "9;NAME=John", "3;A=B", "003;A=B",
]  # fmt: skip
_ATTRIBUTES = ["NAME", "name", "FILENAME", "FILESIZE", "CHANNELID", "VALUE", "x:y", "a.b-c", "text", "1bad"]
_VALUES = ["FILEXFER", "RA_FX", "30", "1024", "1.2.3.4.5", "huge", "99999999999999999999"]
_CHANNELS = [
    *["RC_CTL"] * 6, "remdesk", *["70"] * 2, *["71"] * 4, *["RA_FX"] * 4, "1.2.3.4.5", "1000.77", "1.2.3.4444.5",
    "1000.", "é", "x" * 31, "",
]  # fmt: skip

texts = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)
_ends = st.sampled_from([b"", b"\0\0", b"\0\0\0", b"\0\0more", b"?"])


def utf16(value: str) -> bytes:
    """UTF-16LE, lone surrogates included."""
    return value.encode("utf-16-le", "surrogatepass")


@st.composite
def _attributes(draw: st.DrawFn) -> str:
    quote = draw(st.sampled_from("\"'"))
    value = draw(st.one_of(st.sampled_from(_VALUES), texts)).replace(quote, "")
    spaces = [draw(st.sampled_from(["", " ", "\r\n"])) for _ in range(3)]
    return f"{spaces[0]}{draw(st.sampled_from(_ATTRIBUTES))}{spaces[1]}={spaces[2]}{quote}{value}{quote}"


@st.composite
def commands(draw: st.DrawFn) -> str:
    """RCCOMMAND elements, most of them well-formed."""
    start = draw(st.sampled_from(["<RCCOMMAND ", "<RCCOMMAND ", " \n<RCCOMMAND\t", "<RCCOMMAND", "<rccommand "]))
    attributes = "".join(draw(st.lists(_attributes(), max_size=4)))
    return start + attributes + draw(st.sampled_from(["/>", " />", ">", "></RCCOMMAND> ", "/>x", ""]))


@st.composite
def _blobs(draw: st.DrawFn) -> str:
    properties = draw(st.lists(st.sampled_from(["NAME=John", "PASS=é😀", "A=", "=x", "ab"]), max_size=3))
    return "".join(f"{draw(st.sampled_from([0, 0, 0, 1])) + len(utf16(one)) // 2};{one}" for one in properties)


@st.composite
def _bstrs(draw: st.DrawFn) -> bytes:
    content = utf16(draw(texts)) + draw(_ends)
    count = len(content) + draw(st.sampled_from([0, 0, -2, 1]))
    return draw(st.sampled_from([content, struct.pack("<I", max(count, 0)) + content]))


@st.composite
def _control(draw: st.DrawFn) -> bytes:
    number = draw(st.sampled_from([*range(14), 0xFFFFFFFF]))
    result = st.integers(0, 0xFFFFFFFF) | st.sampled_from([0, 41, 61, 0x80004005, 0x80071234, 0xD0000005])
    bodies = {
        2: result.map(lambda value: struct.pack("<I", value)),
        3: st.tuples(texts, st.sampled_from(["", "\0"]), _blobs()).map(lambda parts: utf16("".join(parts))),
        6: st.just(struct.pack("<II", 1, 2)),
        **dict.fromkeys((9, 10, 11, 12), _bstrs()),
    }
    return struct.pack("<I", number) + draw(bodies.get(number, texts.map(utf16))) + draw(_ends)


def _body(channel: str) -> st.SearchStrategy[bytes]:
    if channel in ("RC_CTL", "remdesk"):
        return _control()
    if channel == "71":
        return st.tuples(commands().map(utf16), _ends).map(b"".join)
    if channel in ("RA_FX", "1.2.3.4.5"):
        names = st.sampled_from(["FILEXFERACK", "FILEXFERREJECT", "FILEXFEREND", "data"])
        return st.tuples(names.map(utf16), st.sampled_from([b"", b"\0\0"])).map(b"".join)
    return st.tuples(texts.map(utf16), _ends).map(b"".join)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A whole channel message; some are cut, have a wrong length, or bytes behind them."""
    channel = draw(st.sampled_from(_CHANNELS))
    data = rdp.ra_message(channel, draw(_body(channel)))
    damage = draw(st.sampled_from([*[None] * 12, "cut", "more", "length", "name", "flip"]))
    if damage == "cut":
        return data[: draw(st.integers(0, len(data)))]
    if damage == "length":
        return data[:4] + struct.pack("<I", draw(st.integers(0, 2 * len(data)))) + data[8:]
    if damage == "name":
        return data[:4] + data[4:].replace(b"\0\0", b"x\0", 1)
    if damage == "flip":
        at = draw(st.integers(0, len(data) - 1))
        return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
    return data + b"more" if damage else data
