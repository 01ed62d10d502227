"""What the analysis gets from a message: type, fields and notes, for real and for broken bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.compat import raw

from msra.codes import CODES, lookup
from msra.events import NOTES
from msra.layers.decode import NOTE_ORDER, Decoded, decode_message
from msra.layers.header import Layer, MSRA_Header
from msra.layers.msra import MSG_TYPES
from msra.layers.session_control import MSRA_FileTransfer
from tests.layers.real import MESSAGES

PASS = "3C9CAE0BCE7AB15C8AAC01D676045EDF3FFAF092E2DE368A2017E68A0DED7C90"
BLOB = f"18;NAME=Administrator69;PASS={PASS}"
TICKET = "65538,1,127.0.0.1:3389;localhost:3389,*,AAA=,*,*,BBB="


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def message(channel: str, body: bytes, data_len: int | None = None) -> bytes:
    name = utf16(channel)
    return struct.pack("<II", len(name), len(body) if data_len is None else data_len) + name + body


def control(msg_type: int, body: bytes = b"") -> bytes:
    return message("RC_CTL\0", struct.pack("<I", msg_type) + body)


def decode(data: bytes) -> Decoded:
    decoded = decode_message(data)
    assert decoded is not None
    return decoded


def ctl(msg_type: int, **fields: int | str) -> tuple[str, str, dict[str, int | str]]:
    return "RC_CTL", MSG_TYPES[msg_type], {"msg_type": msg_type, **fields}


REAL = {
    "RESULT_NOERROR": (*ctl(2, result=0, result_name="SAFERROR_NOERROR", result_text="No errors occurred."), ()),
    "RESULT_HELPEESAIDNO": (
        *ctl(
            2,
            result=41,
            result_name="SAFERROR_HELPEESAIDNO",
            result_text="The remote user denied the remote control request.",
        ),
        (),
    ),
    "REMOTE_CONTROL_DESKTOP": (*ctl(1, ra_connection_string=TICKET), ()),
    "SERVER_ANNOUNCE": (*ctl(4), ()),
    "DISCONNECT": (*ctl(5), ()),
    "VERSIONINFO": (*ctl(6, version_major=1, version_minor=2), ()),
    "ISCONNECTED": (*ctl(7), ()),
    "VERIFY_PASSWORD": (*ctl(8, expert_blob=BLOB), ()),
    "VERIFY_PASSWORD_FREERDP3": (*ctl(8, expert_blob=BLOB), ("missing_terminator",)),
    "EXPERT_ON_VISTA": (*ctl(9, encrypted_password=PASS.lower()), ("bstr_raw",)),
    "RANOVICE_NAME": (*ctl(10, novice_name="Novice Böb"), ("bstr_raw",)),
    "RAEXPERT_NAME": (*ctl(11, expert_name="Expert Eve"), ("bstr_raw",)),
    "TOKEN": (*ctl(12, token="00112233445566778899aabbccddeeff"), ("bstr_raw",)),
    "CHAT": ("70", "CHAT", {"text": "Hello Bob, how can I help? é中😀"}, ()),
    "CHAT_WITHOUT_NUL": ("70", "CHAT", {"text": "no terminator here"}, ("missing_terminator",)),
    "REMOTECTRLSTART": ("71", "RCCOMMAND", {"name": "REMOTECTRLSTART"}, ()),
    "FILEXFER": (
        "71",
        "RCCOMMAND",
        {"name": "FILEXFER", "filename": "notes.bin", "filesize": "4137", "channelid": "RA_FX"},
        (),
    ),
    "FILEXFERACK": ("RA_FX", "FILEXFERACK", {}, ()),
    "FILEXFERREJECT": ("RA_FX", "FILEXFERREJECT", {}, ()),
    "FILEXFEREND": ("RA_FX", "FILEXFEREND", {}, ()),
}


@pytest.mark.parametrize("name", REAL)
def test_real_messages(name: str) -> None:
    decoded = decode(MESSAGES[name])
    assert (decoded.channel, decoded.type, decoded.fields, decoded.notes) == REAL[name]
    assert list(decoded.fields) == list(REAL[name][2])
    assert decoded.body_len == MSRA_Header(MESSAGES[name]).data_len
    assert_as_dissected(decoded, MESSAGES[name])


def test_the_notes_and_their_order_are_those_of_the_event_model() -> None:
    """The layers may not import the event model, so that the order is written twice."""
    assert tuple(NOTES) == NOTE_ORDER


CASES = [
    # a message after the header "RC_CTL": type, fields without msg_type, notes
    (1, utf16("abc\0"), {"ra_connection_string": "abc"}, ()),
    (1, utf16("abc"), {"ra_connection_string": "abc"}, ("missing_terminator",)),
    (1, b"", {"ra_connection_string": ""}, ("missing_terminator",)),
    (1, utf16("abc") + b"x", {"ra_connection_string": "abc"}, ("missing_terminator", "odd_length")),
    (1, utf16("abc\0d"), {"ra_connection_string": "abc", "data": "6400"}, ("trailing_data",)),
    (1, utf16("abc\0") + b"x", {"ra_connection_string": "abc", "data": "78"}, ("trailing_data",)),
    (1, utf16("a") + b"\x00\xd8" + utf16("\0"), {"ra_connection_string": "a\ufffd"}, ()),
    (3, utf16(f"{TICKET}\0{BLOB}\0"), {"ra_connection_string": TICKET, "expert_blob": BLOB}, ()),
    (3, utf16(f"{TICKET}\0{BLOB}"), {"ra_connection_string": TICKET, "expert_blob": BLOB}, ("missing_terminator",)),
    (3, utf16(f"{TICKET}{BLOB}\0"), {"ra_connection_string": TICKET, "expert_blob": BLOB}, ("no_separator",)),
    (
        3,
        utf16(f"{TICKET}{BLOB}"),
        {"ra_connection_string": TICKET, "expert_blob": BLOB},
        ("missing_terminator", "no_separator"),
    ),
    (
        3,
        utf16(f"{TICKET}{BLOB}") + b"x",
        {"ra_connection_string": TICKET, "expert_blob": BLOB},
        ("missing_terminator", "no_separator", "odd_length"),
    ),
    (3, utf16(BLOB + "\0"), {"ra_connection_string": "", "expert_blob": BLOB}, ("no_separator",)),
    (3, utf16(f"\0{BLOB}\0"), {"ra_connection_string": "", "expert_blob": BLOB}, ()),
    (3, utf16("abc\0"), {"ra_connection_string": "abc"}, ()),
    (3, utf16("abc"), {"ra_connection_string": "abc"}, ("missing_terminator",)),
    (3, b"", {"ra_connection_string": ""}, ("missing_terminator",)),
    (3, utf16("abc\0\0"), {"ra_connection_string": "abc", "expert_blob": ""}, ()),
    (3, utf16("a\0no blob\0"), {"ra_connection_string": "a", "expert_blob": "no blob"}, ()),
    (
        3,
        utf16("a\0b\0c"),
        {"ra_connection_string": "a", "expert_blob": "b", "data": "6300"},
        ("trailing_data",),
    ),
    (
        3,
        utf16("a\0") + b"x",
        {"ra_connection_string": "a", "expert_blob": ""},
        ("missing_terminator", "odd_length"),
    ),
    (4, b"", {}, ()),
    (5, b"xy", {"data": "7879"}, ("trailing_data",)),
    (6, struct.pack("<II", 3, 4), {"version_major": 3, "version_minor": 4}, ()),
    (6, struct.pack("<II", 3, 4) + b"x", {"version_major": 3, "version_minor": 4, "data": "78"}, ("trailing_data",)),
    (6, struct.pack("<I", 3) + b"xyz", {"version_major": 3}, ("truncated",)),
    (6, struct.pack("<I", 3), {"version_major": 3}, ("truncated",)),
    (6, b"xyz", {}, ("truncated",)),
    (6, b"", {}, ("truncated",)),
    (2, b"\0\0\0", {}, ("truncated",)),
    (2, b"", {}, ("truncated",)),
    (8, utf16(BLOB), {"expert_blob": BLOB}, ("missing_terminator",)),
    (9, bytes(32), {"encrypted_password": "00" * 32}, ("bstr_raw",)),
    (9, b"\2\0\0\0\xab\xcd", {"encrypted_password": "abcd"}, ("bstr_counted",)),
    (9, b"", {"encrypted_password": ""}, ("bstr_raw",)),
    (10, b"\4\0\0\0" + utf16("Al"), {"novice_name": "Al"}, ("bstr_counted",)),
    (10, b"\4\0\0\0" + utf16("Al\0"), {"novice_name": "Al"}, ("bstr_counted",)),
    (10, b"\6\0\0\0" + utf16("Al\0"), {"novice_name": "Al"}, ("bstr_counted",)),
    (10, b"\6\0\0\0" + utf16("A\0b"), {"novice_name": "A", "data": "6200"}, ("bstr_counted", "trailing_data")),
    (10, b"\3\0\0\0" + utf16("A") + b"x", {"novice_name": "A"}, ("bstr_counted", "odd_length")),
    (11, utf16("Al"), {"expert_name": "Al"}, ("bstr_raw",)),
    (11, utf16("Al\0x"), {"expert_name": "Al", "data": "7800"}, ("bstr_raw", "trailing_data")),
    (11, b"", {"expert_name": ""}, ("bstr_raw",)),
    (12, b"\2\0\0\0\xab\xcd\0\0", {"token": "02000000abcd0000"}, ("bstr_raw",)),
]


@pytest.mark.parametrize(("msg_type", "body", "fields", "notes"), CASES)
def test_control_messages(msg_type: int, body: bytes, fields: dict[str, int | str], notes: tuple[str, ...]) -> None:
    decoded = decode(control(msg_type, body))
    assert decoded.type == MSG_TYPES[msg_type]
    assert decoded.fields == {"msg_type": msg_type, **fields}
    assert list(decoded.fields) == ["msg_type", *fields]
    assert decoded.notes == notes


NAMES = {
    **{code.value: code.name for code in CODES.values()},
    0x80004005: "E_FAIL",
    0x80071234: "HRESULT 0x80071234",
    1234: "UNKNOWN(1234)",
}


@pytest.mark.parametrize("value", NAMES)
def test_results_have_name_and_text(value: int) -> None:
    decoded = decode(control(2, struct.pack("<I", value)))
    text = lookup(value).text
    assert decoded.fields == {"msg_type": 2, "result": value, "result_name": NAMES[value], "result_text": text}
    assert text
    assert decoded.notes == ()


def test_unknown_types_show_their_bytes() -> None:
    for msg_type in (0, 13, 0xFFFFFFFF):
        decoded = decode(control(msg_type, b"\xab\xcd"))
        assert (decoded.type, decoded.fields, decoded.notes) == ("UNKNOWN", {"msg_type": msg_type, "data": "abcd"}, ())
    assert decode(control(13)).fields == {"msg_type": 13, "data": ""}


@pytest.mark.parametrize("body", [b"", b"\2\0\0"])
def test_a_message_without_type_is_truncated(body: bytes) -> None:
    decoded = decode(message("RC_CTL\0", body))
    assert (decoded.type, decoded.fields, decoded.notes) == ("UNKNOWN", {}, ("truncated",))


def test_the_static_channel_name_means_control_too() -> None:
    decoded = decode(message("remdesk\0", struct.pack("<I", 5)))
    assert (decoded.channel, decoded.type) == ("remdesk", "REMOTEDESKTOP_CTL_DISCONNECT")


def test_unknown_sub_channels_show_their_bytes() -> None:
    decoded = decode(message("72\0", b"\xab\xcd"))
    assert (decoded.channel, decoded.type, decoded.fields, decoded.notes) == ("72", "UNKNOWN", {"data": "abcd"}, ())
    assert decode(message("\0", b"")).fields == {"data": ""}


TEXTS = [
    # channel, body, type, fields, notes
    ("70", utf16("\0"), "CHAT", {"text": ""}, ()),
    ("70", b"", "CHAT", {"text": ""}, ("missing_terminator",)),
    ("70", utf16("a\0b"), "CHAT", {"text": "a", "data": "6200"}, ("trailing_data",)),
    ("71", utf16('<RCCOMMAND NAME="X" B="2" A="1"/>\0'), "RCCOMMAND", {"name": "X", "b": "2", "a": "1"}, ()),
    ("71", utf16('<RCCOMMAND NAME="X"/>'), "RCCOMMAND", {"name": "X"}, ("missing_terminator",)),
    ("71", utf16('<RCCOMMAND NAME="X"/>\0!'), "RCCOMMAND", {"name": "X", "data": "2100"}, ("trailing_data",)),
    ("71", utf16("<X/>\0"), "RCCOMMAND", {"text": "<X/>"}, ("malformed_xml",)),
    ("71", utf16("<X/>\0!"), "RCCOMMAND", {"text": "<X/>", "data": "2100"}, ("trailing_data", "malformed_xml")),
    ("71", b"", "RCCOMMAND", {"text": ""}, ("missing_terminator", "malformed_xml")),
    ("71", b"x", "RCCOMMAND", {"text": ""}, ("missing_terminator", "odd_length", "malformed_xml")),
    ("RA_FX", utf16("FILEXFERACK"), "FILEXFERACK", {}, ("missing_terminator",)),
    ("RA_FX", utf16("FILEXFEREND\0\0"), "FILE_DATA", {"data_len": 26}, ()),
    ("RA_FX", b"", "FILE_DATA", {"data_len": 0}, ()),
    ("1000.612009461", utf16("FILEXFERREJECT\0"), "FILEXFERREJECT", {}, ()),
    ("172.31.251.165.612009461", b"abc", "FILE_DATA", {"data_len": 3}, ()),
]


@pytest.mark.parametrize(("channel", "body", "kind", "fields", "notes"), TEXTS)
def test_other_channels(
    channel: str, body: bytes, kind: str, fields: dict[str, int | str], notes: tuple[str, ...]
) -> None:
    decoded = decode(message(channel + "\0", body))
    assert (decoded.channel, decoded.type, decoded.fields, decoded.notes) == (channel, kind, fields, notes)
    assert list(decoded.fields) == list(fields)
    assert decoded.body_len == len(body)


def test_a_wrong_data_len_is_noted() -> None:
    body = struct.pack("<II", 2, 41)
    for data_len, notes in ((9, ("bad_length",)), (4, ("truncated", "bad_length")), (0, ("truncated", "bad_length"))):
        decoded = decode(message("RC_CTL\0", body, data_len))
        assert decoded.notes == notes
        assert decoded.body_len == min(data_len, 8)
    decoded = decode(message("70\0", utf16("ab\0more"), 6))
    assert (decoded.fields, decoded.notes) == ({"text": "ab"}, ("bad_length",))
    assert decode(message("70\0", utf16("ab"), 0xFFFFFFFF)).notes == ("missing_terminator", "bad_length")


def test_a_channel_name_without_nul_is_noted() -> None:
    decoded = decode(message("70", utf16("a\0")))
    assert (decoded.channel, decoded.type, decoded.notes) == ("70", "CHAT", ("name_not_terminated",))


def test_what_follows_the_nul_in_a_channel_name_is_noted() -> None:
    decoded = decode(message("70\0xx", utf16("a\0")))
    assert (decoded.channel, decoded.type, decoded.notes) == ("70", "CHAT", ("name_padded",))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\2\0\0\0\0\0\0",
        b"\0\0\0\0\0\0\0\0",
        b"\3\0\0\0\0\0\0\0abc",
        struct.pack("<II", 66, 0) + bytes(66),
        struct.pack("<II", 14, 0) + bytes(13),
        struct.pack("<II", 0xFFFFFFFE, 0) + bytes(100),
    ],
)
def test_a_bad_header_is_no_message(data: bytes) -> None:
    assert decode_message(data) is None


def test_the_longest_and_the_shortest_channel_name() -> None:
    assert decode(struct.pack("<II", 64, 0) + bytes(64)).channel == ""
    assert decode(struct.pack("<II", 2, 0) + b"x\0").channel == "x"


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_cut_anywhere_is_read_as_far_as_it_goes(name: str) -> None:
    whole = decode(MESSAGES[name])
    header = 8 + MSRA_Header(MESSAGES[name]).channel_name_len
    for size in range(len(MESSAGES[name])):
        decoded = decode_message(MESSAGES[name][:size])
        if size < header:
            assert decoded is None
            continue
        assert decoded is not None
        assert "bad_length" in decoded.notes
        assert decoded.type in (whole.type, "UNKNOWN", "FILE_DATA", *MSG_TYPES.values())
        if whole.channel == "RC_CTL" and size >= header + 4:
            assert decoded.type == whole.type


@given(
    st.binary(max_size=200),
    st.sampled_from(["RC_CTL\0", "70\0", "71\0", "RA_FX\0", "1000.1\0", "?"]),
    st.integers(0, 9),
)
def test_any_body_gives_plain_values(body: bytes, channel: str, wrong: int) -> None:
    """Nothing raises, and what comes out can be written as JSON in UTF-8."""
    for data in (message(channel, body, len(body) ^ wrong), message(channel, bytes([wrong, 0, 0, 0]) + body)):
        decoded = decode(data)
        assert list(decoded.notes) == sorted(set(decoded.notes), key=NOTE_ORDER.index)
        for key, value in decoded.fields.items():
            assert type(key) is str
            assert type(value) in (str, int)
            assert str(value).encode("utf-8") is not None
        assert type(decoded.channel) is str
        assert_as_dissected(decoded, data)


def assert_as_dissected(decoded: Decoded, data: bytes) -> None:
    """What the fields of a layer read one by one is what Scapy makes of them as a packet."""
    packet = MSRA_Header(data)
    assert (decoded.channel, raw(packet)) == (packet.channel_name, data)
    known: dict[str, int | str] = {}
    layer = packet.payload
    while isinstance(layer, Layer) and not isinstance(layer, MSRA_FileTransfer):
        values = {field.name: layer.getfieldval(field.name) for field in layer.fields_desc}
        known |= {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}
        layer = layer.payload
    if decoded.type == "RCCOMMAND" and "malformed_xml" not in decoded.notes:
        del known["text"]
    elif "truncated" not in decoded.notes:
        assert decoded.fields.keys() - known.keys() <= {"result_name", "result_text", "data", "data_len"}
    if not known.get("expert_blob", True):
        assert "expert_blob" not in decoded.fields or decoded.type == "REMOTEDESKTOP_CTL_VERIFY_PASSWORD"
        del known["expert_blob"]
    assert known.items() <= decoded.fields.items()


@given(st.binary(max_size=100))
def test_any_bytes_have_an_answer(data: bytes) -> None:
    decoded = decode_message(data)
    assert decoded is None or decoded.type
