"""The session initialization messages of [MS-RA] 2.2.1, field by field, on bytes of real peers."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.compat import raw
from scapy.packet import NoPayload, Packet, Raw

from msra.codes import SAFERROR
from msra.layers import (
    MSRA_Authenticate,
    MSRA_Ctl,
    MSRA_Disconnect,
    MSRA_ExpertOnVista,
    MSRA_Header,
    MSRA_IsConnected,
    MSRA_RAExpertName,
    MSRA_RANoviceName,
    MSRA_RemoteControlDesktop,
    MSRA_Result,
    MSRA_ServerAnnounce,
    MSRA_Token,
    MSRA_VerifyPassword,
    MSRA_VersionInfo,
    bstr,
)
from msra.layers.msra import MSG_TYPES
from tests.layers.real import MESSAGES, PCAPS

PASS = "3C9CAE0BCE7AB15C8AAC01D676045EDF3FFAF092E2DE368A2017E68A0DED7C90"
BLOB = f"18;NAME=Administrator69;PASS={PASS}"
TICKET_1 = (
    "65538,1,127.0.0.1:3389;localhost:3389,*,"
    "rb+v0oPmEISmi8N2zK/vuhgul/ABqlDt6wW0VxMyxK8=,*,*,IuaRySSbPDNna4+2mKcsKxsbJFI="
)
TICKET_2 = "65538,1,127.0.0.1:3389;localhost:3389,*,AAA=,*,*,BBB="


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


# message, its layer, its msg_type, and the fields as they are assigned to build exactly the same bytes
REAL: dict[str, tuple[type[Packet], int, dict[str, Any]]] = {
    "REMOTE_CONTROL_DESKTOP": (MSRA_RemoteControlDesktop, 1, {"ra_connection_string": TICKET_2}),
    "RESULT_NOERROR": (MSRA_Result, 2, {"result": 0}),
    "RESULT_HELPEESAIDNO": (MSRA_Result, 2, {"result": 41}),
    "RESULT_E_FAIL": (MSRA_Result, 2, {"result": 0x80004005}),
    "AUTHENTICATE": (MSRA_Authenticate, 3, {"ra_connection_string": TICKET_1, "expert_blob": BLOB}),
    "SERVER_ANNOUNCE": (MSRA_ServerAnnounce, 4, {}),
    "DISCONNECT": (MSRA_Disconnect, 5, {}),
    "VERSIONINFO": (MSRA_VersionInfo, 6, {"version_major": 1, "version_minor": 2}),
    "ISCONNECTED": (MSRA_IsConnected, 7, {}),
    "VERIFY_PASSWORD": (MSRA_VerifyPassword, 8, {"expert_blob": BLOB}),
    "VERIFY_PASSWORD_FREERDP3": (MSRA_VerifyPassword, 8, {"expert_blob": utf16(BLOB)}),
    "EXPERT_ON_VISTA": (MSRA_ExpertOnVista, 9, {"encrypted_password": bytes.fromhex(PASS)}),
    "RANOVICE_NAME": (MSRA_RANoviceName, 10, {"novice_name": utf16("Novice Böb\0")}),
    "RAEXPERT_NAME": (MSRA_RAExpertName, 11, {"expert_name": utf16("Expert Eve\0")}),
    "TOKEN": (MSRA_Token, 12, {"token": bytes.fromhex("00112233445566778899aabbccddeeff")}),
}
LAYERS = {layer: msg_type for layer, msg_type, _ in REAL.values()}


def test_all_twelve_messages_are_here() -> None:
    assert {number for _, number, _ in REAL.values()} == set(MSG_TYPES) == set(range(1, 13))


@pytest.mark.parametrize("name", REAL)
def test_dissect_real_messages(name: str) -> None:
    layer, msg_type, fields = REAL[name]
    packet = MSRA_Header(MESSAGES[name])
    assert packet[MSRA_Ctl].msg_type == msg_type
    message = packet[layer]
    assert isinstance(message.payload, NoPayload)
    assert {field.name for field in message.fields_desc} == set(fields)
    for field, value in fields.items():
        expected = value.decode("utf-16-le").rstrip("\0") if field not in BYTES and isinstance(value, bytes) else value
        assert message.getfieldval(field) == expected


BYTES = {"encrypted_password", "token"}


@pytest.mark.parametrize("name", REAL)
def test_build_real_messages(name: str) -> None:
    layer, _, fields = REAL[name]
    assert raw(MSRA_Header() / MSRA_Ctl() / layer(**fields)) == MESSAGES[name]


@pytest.mark.parametrize("code", SAFERROR)
def test_every_code_is_built_dissected_and_shown(code: SAFERROR) -> None:
    wire = struct.pack("<I", code)
    assert (
        raw(MSRA_Result(result=code))
        == raw(MSRA_Result(result=code.name))
        == raw(MSRA_Result(result=int(code)))
        == wire
    )
    packet = MSRA_Result(wire)
    assert (packet.result, type(packet.result)) == (code, int)
    assert packet.show(dump=True).split()[-1] == code.name
    assert packet.summary() == f"MS-RA REMOTEDESKTOP_CTL_RESULT {code.name}"


def test_every_code_was_sent_by_a_real_peer() -> None:
    capture = (PCAPS / "v2_all48_codes.pcapng").read_bytes()
    for code in SAFERROR:
        assert raw(MSRA_Header() / MSRA_Ctl() / MSRA_Result(result=code)) in capture


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0x80004005, "E_FAIL"),
        (0x80071234, "HRESULT 0x80071234"),
        (1234, "UNKNOWN(1234)"),
        (2, "UNKNOWN(2)"),
        (0xFFFFFFFF, "HRESULT 0xFFFFFFFF"),
    ],
)
def test_other_results_keep_their_number(value: int, shown: str) -> None:
    packet = MSRA_Result(struct.pack("<I", value))
    assert packet.result == value
    assert packet.summary().endswith(shown)
    assert shown in packet.show(dump=True)
    assert MSRA_Result(result=shown).result == value  # what is shown can be assigned


def test_a_result_that_is_no_name_is_refused() -> None:
    with pytest.raises(KeyError):
        MSRA_Result(result="SAFERROR_NO_SUCH_CODE")


@pytest.mark.parametrize("msg_type", MSG_TYPES)
def test_the_type_is_shown_by_name_and_can_be_assigned_by_it(msg_type: int) -> None:
    packet = MSRA_Ctl(msg_type=MSG_TYPES[msg_type])
    assert raw(packet) == struct.pack("<I", msg_type)
    assert packet.summary() == f"MS-RA {MSG_TYPES[msg_type]}"


def test_after_an_unknown_type_raw_data_stays() -> None:
    packet = MSRA_Ctl(struct.pack("<I", 13) + b"data")
    assert (packet.msg_type, packet.payload) == (13, Raw(b"data"))
    assert packet.summary() == "MS-RA 13 / Raw"


def test_defaults_are_those_of_the_specification() -> None:
    assert raw(MSRA_VersionInfo()) == struct.pack("<II", 1, 2)
    assert raw(MSRA_Result()) == struct.pack("<I", 0)
    assert raw(MSRA_Authenticate()) == utf16("\0\0")
    assert raw(MSRA_RANoviceName()) == raw(MSRA_RAExpertName()) == b"\0\0\0\0\0\0"
    assert raw(MSRA_Token()) == raw(MSRA_ExpertOnVista()) == b""


def test_both_forms_of_a_bstr() -> None:
    """[MS-DTYP] 2.2.5 has a count; FreeRDP sends none."""
    for wire in (bstr(b"\1\2"), b"\1\2"):
        assert MSRA_Token(wire).token == MSRA_ExpertOnVista(wire).encrypted_password == b"\1\2"
    for wire in (bstr(utf16("Eve")), bstr(utf16("Eve")) + b"\0\0", utf16("Eve\0"), utf16("Eve")):
        assert MSRA_RANoviceName(wire).novice_name == MSRA_RAExpertName(wire).expert_name == "Eve"
    assert raw(MSRA_RANoviceName(novice_name="Eve")) == bstr(utf16("Eve")) + b"\0\0"
    assert raw(MSRA_Token(token=bstr(b"\1\2"))) == b"\2\0\0\0\1\2"


@pytest.mark.parametrize("separator", ["\0", ""], ids=["NUL", "glued"])
@pytest.mark.parametrize("end", ["\0", ""], ids=["NUL at the end", "no NUL at the end"])
def test_authenticate_with_and_without_terminators(separator: str, end: str) -> None:
    wire = utf16(TICKET_1 + separator + BLOB + end)
    packet = MSRA_Authenticate(wire)
    assert (packet.ra_connection_string, packet.expert_blob) == (TICKET_1, BLOB)
    packet.clear_cache()
    assert raw(packet) == wire


@pytest.mark.parametrize("layer", LAYERS)
@given(wire=st.binary(min_size=1, max_size=100))
def test_any_bytes_are_rebuilt(layer: type[Packet], wire: bytes) -> None:
    """Too short messages become Raw; nothing raises or is lost. (Without bytes Scapy builds a default packet.)"""
    packet = layer(wire)
    assert raw(packet) == wire
    packet.clear_cache()
    assert raw(packet) == wire
    assert raw(layer(raw(packet))) == wire
    if isinstance(packet, Raw):
        assert len(wire) < layer.fixed_size


@given(st.integers(0, 0xFFFFFFFF))
def test_results_are_built_and_dissected(result: int) -> None:
    assert MSRA_Header(raw(MSRA_Header() / MSRA_Ctl() / MSRA_Result(result=result)))[MSRA_Result].result == result


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF))
def test_versions_are_built_and_dissected(major: int, minor: int) -> None:
    built = MSRA_VersionInfo(version_major=major, version_minor=minor)
    packet = MSRA_Header(raw(MSRA_Header() / MSRA_Ctl() / built))
    assert (packet.version_major, packet.version_minor) == (major, minor)


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        (MSRA_RemoteControlDesktop, "ra_connection_string"),
        (MSRA_VerifyPassword, "expert_blob"),
        (MSRA_RANoviceName, "novice_name"),
        (MSRA_RAExpertName, "expert_name"),
    ],
)
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_texts_are_built_and_dissected(layer: type[Packet], field: str, text: str) -> None:
    packet = MSRA_Header(raw(MSRA_Header() / MSRA_Ctl() / layer(**{field: text})))
    assert packet[layer].getfieldval(field) == text
    assert isinstance(packet[layer].payload, NoPayload)


@given(*[st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))] * 2)
def test_authenticate_is_built_and_dissected(connection_string: str, blob: str) -> None:
    built = MSRA_Authenticate(ra_connection_string=connection_string, expert_blob=blob)
    packet = MSRA_Header(raw(MSRA_Header() / MSRA_Ctl() / built))
    assert (packet.ra_connection_string, packet.expert_blob) == (connection_string, blob)


@pytest.mark.parametrize(("layer", "field"), [(MSRA_Token, "token"), (MSRA_ExpertOnVista, "encrypted_password")])
@given(content=st.binary(min_size=1))
def test_counted_bytes_are_built_and_dissected(layer: type[Packet], field: str, content: bytes) -> None:
    packet = MSRA_Header(raw(MSRA_Header() / MSRA_Ctl() / layer(**{field: bstr(content)})))
    assert packet.getfieldval(field) == content


def test_a_result_answers_what_the_novice_decides_on() -> None:
    """sr1() needs it: [MS-RA] 3.3 and 3.5."""
    result = MSRA_Header() / MSRA_Ctl() / MSRA_Result()
    answered = {layer for layer in LAYERS if result.answers(MSRA_Header() / MSRA_Ctl() / layer())}
    assert answered == {MSRA_Authenticate, MSRA_VerifyPassword, MSRA_RemoteControlDesktop}
    request = MSRA_Header(MESSAGES["VERIFY_PASSWORD"])
    assert request > MSRA_Header(MESSAGES["RESULT_NOERROR"])
    assert not request > MSRA_Header(MESSAGES["TOKEN"])
    assert result.hashret() == request.hashret()
    assert not result.answers(Raw(b"x") / MSRA_Ctl() / MSRA_VerifyPassword())
    assert not result.answers(MSRA_Header() / Raw(b"x"))
