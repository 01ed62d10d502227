"""Connection strings 1 and 2: the examples of [MS-RAI], those of real invitations and captures, and hostile ones."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.layers import MSRA_Authenticate, MSRA_Header
from msra.layers.connection_string import (
    Address,
    ConnectionString1,
    ConnectionString2,
    KeyHash,
    Listener,
    Transport,
    parse_connection_string,
)
from msra.limits import MAX_CONNECTION_STRING
from tests.layers.real import MESSAGES
from tests.layers.test_elements import HOSTILE

# [MS-RAI] 2.2.1
STRING_1 = (
    "65538,1,172.31.243.138:3389;MIKE_HOME:3389,*,Uj7RpOlU80SibpRwRZ9+z1vbh7nIgVn89X1AiKp15Vc=,*,*,"
    "RcfwecK8dpcT1fjZ6iQ5M0+q7iU="
)
PARSED_1 = ConnectionString1(
    protocol_version=65538,
    protocol_type=1,
    machine_address_list=(Address("172.31.243.138", 3389), Address("MIKE_HOME", 3389)),
    assistant_account_pwd="*",
    ra_session_id="Uj7RpOlU80SibpRwRZ9+z1vbh7nIgVn89X1AiKp15Vc=",
    ra_session_name="*",
    ra_session_pwd="*",
    protocol_specific_parms="RcfwecK8dpcT1fjZ6iQ5M0+q7iU=",
)

# [MS-RAI] 2.2.2, white space included; the document breaks a line within ID
STRING_2 = """<E>

<A KH="YiKwWUY8Ioq5NB3wAQHSbs5kwrM=" KH2="sha256:wKSAkAV3sBfa9WpuRFJcP9q1twJc6wOBuoJ9tsyXwpk=" \
ID="8rYm30RBW8/4dAWoUsWbFCF5jno/7jr5tNpHQc2goLbw4uuBBJvLsU02YYLlBMg5"/>

<C>

<T ID="1" SID="1440550163">

<L P="49749" N="2001:4898:1a:5:79e2:3356:9b22:3470"/>

<L P="49751" N="172.31.250.64"/>

</T>

</C>

</E>
"""
PARSED_2 = ConnectionString2(
    kh="YiKwWUY8Ioq5NB3wAQHSbs5kwrM=",
    kh2=KeyHash("sha256", "wKSAkAV3sBfa9WpuRFJcP9q1twJc6wOBuoJ9tsyXwpk="),
    id="8rYm30RBW8/4dAWoUsWbFCF5jno/7jr5tNpHQc2goLbw4uuBBJvLsU02YYLlBMg5",
    transports=(
        Transport(
            id="1",
            sid="1440550163",
            listeners=(
                Listener(49749, "2001:4898:1a:5:79e2:3356:9b22:3470"),
                Listener(49751, "172.31.250.64"),
            ),
        ),
    ),
)


def test_string_1_of_the_document() -> None:
    assert parse_connection_string(STRING_1) == PARSED_1
    assert str(PARSED_1) == STRING_1
    assert parse_connection_string(f" {STRING_1}\r\n") == PARSED_1


def test_string_1_of_a_real_peer() -> None:
    """A FreeRDP expert repeats the connection string of its invitation."""
    text = MSRA_Header(MESSAGES["AUTHENTICATE"])[MSRA_Authenticate].ra_connection_string
    parsed = parse_connection_string(text)
    assert isinstance(parsed, ConnectionString1)
    assert parsed.machine_address_list == (Address("127.0.0.1", 3389), Address("localhost", 3389))
    assert parsed.ra_session_id == "rb+v0oPmEISmi8N2zK/vuhgul/ABqlDt6wW0VxMyxK8="
    assert parsed.protocol_specific_parms == "IuaRySSbPDNna4+2mKcsKxsbJFI="
    assert str(parsed) == text


def test_string_2_of_the_document() -> None:
    assert parse_connection_string(STRING_2) == PARSED_2
    assert str(PARSED_2) == "".join(STRING_2.splitlines())
    assert parse_connection_string(str(PARSED_2)) == PARSED_2


def test_string_2_without_kh2() -> None:
    """The form that Windows writes ([MS-RAI] note 5), with the scopes of link-local addresses."""
    parsed = parse_connection_string(
        '<E>\n<A KH="BNRjdu97DyczQSRuMRrDWoue+HA="\nID="+ULZ6ifjoCa6cGPMLQiGHRPwkg6VyJqGwxMnO6GcelwUh9a6"/>\n'
        '<C>\n<T ID="1" SID="0">\n<L P="49228" N="fe80::1032:53d9:5a01:909b%3"/>\n<L P="49230" N="192.168.1.200"/>\n'
        "</T>\n</C>\n</E>"
    )
    assert isinstance(parsed, ConnectionString2)
    assert (parsed.kh, parsed.kh2) == ("BNRjdu97DyczQSRuMRrDWoue+HA=", None)
    assert parsed.transports[0].sid == "0"
    assert parsed.transports[0].listeners == (
        Listener(49228, "fe80::1032:53d9:5a01:909b%3"),
        Listener(49230, "192.168.1.200"),
    )


def test_a_web_socket_listener() -> None:
    """[MS-RAI] 2.2.2: U takes the place of P, and N stays."""
    text = '<E><A KH="k" ID="i"/><C><T ID="1" SID="2"><L N="pc" U="wss://pc:443/ra?a=1&amp;b=2"/></T></C></E>'
    parsed = parse_connection_string(text)
    assert isinstance(parsed, ConnectionString2)
    assert parsed.transports[0].listeners == (Listener(None, "pc", "wss://pc:443/ra?a=1&b=2"),)
    assert str(parsed) == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.65:3389", Address("192.168.1.65", 3389)),
        ("jeff_xp:65535", Address("jeff_xp", 65535)),
        ("fe80::1%3:49228", Address("fe80::1%3", 49228)),
        ("[::1]:3389", Address("[::1]", 3389)),
        ("jeff_xp", Address("jeff_xp", None)),
        ("jeff_xp:", Address("jeff_xp:", None)),
        ("jeff_xp:http", Address("jeff_xp:http", None)),
        ("jeff_xp:65536", Address("jeff_xp:65536", None)),
        ("jeff_xp:-1", Address("jeff_xp:-1", None)),
        ("jeff_xp:\u0661", Address("jeff_xp:\u0661", None)),
        ("jeff_xp:" + "9" * 5000, Address("jeff_xp:" + "9" * 5000, None)),
        (":3389", Address(":3389", None)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert Address.parse(text) == address
    assert str(address) == text
    parsed = parse_connection_string(f"65538,1,;{text};;pc:1;,*,i,*,*,k")
    assert isinstance(parsed, ConnectionString1)
    assert parsed.machine_address_list == (address, Address("pc", 1))


@pytest.mark.parametrize(
    ("text", "key_hash"),
    [
        ("sha512:abc=", KeyHash("sha512", "abc=")),
        ("md5:", KeyHash("md5", "")),
        ("abc=", KeyHash("", "abc=")),
    ],
)
def test_key_hashes(text: str, key_hash: KeyHash) -> None:
    assert KeyHash.parse(text) == key_hash
    assert str(key_hash) == text


def test_what_is_readable_is_kept() -> None:
    """A wrong version is for the analysis to judge."""
    parsed = parse_connection_string("1,2,,secret,,name,pwd,")
    assert parsed == ConnectionString1(1, 2, (), "secret", "", "name", "pwd", "")
    assert parse_connection_string("<E><A/></E>") == ConnectionString2("", None, "", ())
    assert parse_connection_string('<E><A KH="1" KH2=""/><A KH="2"/></E>') == ConnectionString2("1", None, "", ())
    assert parse_connection_string('<E><A/><C><T><L P="x" N="n"/></T><T/></C><T/></E>') == ConnectionString2(
        "", None, "", (Transport("", "", (Listener(None, "n"),)), Transport("", "", ()))
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "65538",
        "65538,1,pc:3389,*,i,*,*",
        "65538,1,pc:3389,*,i,*,*,k,",
        "x,1,pc:3389,*,i,*,*,k",
        "65538,,pc:3389,*,i,*,*,k",
        "-1,1,pc:3389,*,i,*,*,k",
        "\u0666,1,pc:3389,*,i,*,*,k",
        f"{'6' * 5000},1,pc:3389,*,i,*,*,k",
        "<E/>",
        "<E><C><T/></C></E>",
        "<F><A/></F>",
        "<e><a/></e>",
        "<A/>",
        "<E><C><A/></C></E>",
        "<E><A></E>",
        '<RCCOMMAND NAME="ACCEPTRC"/>',
        f"65538,1,{'a;' * MAX_CONNECTION_STRING},*,i,*,*,k",
    ],
)
def test_everything_else_is_none(text: str) -> None:
    assert parse_connection_string(text) is None


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_documents_are_none(what: str) -> None:
    assert parse_connection_string(HOSTILE[what].replace("<E/>", "<E><A/></E>")) is None
    assert parse_connection_string(HOSTILE[what]) is None


@pytest.mark.parametrize("text", [STRING_1, STRING_2, str(PARSED_2)])
def test_cut_strings(text: str) -> None:
    """A cut string 2 is none; a cut string 1 lacks a part, or the end of its last one."""
    for size in range(len(text.rstrip())):
        parsed = parse_connection_string(text[:size])
        assert parsed is None or (isinstance(parsed, ConnectionString1) and text[:size].count(",") == 7)


@pytest.mark.parametrize("text", ["a;", ",", ";", ":", "1:1;", "<L/>", "<E>", "<L N='1'/>"])
def test_hostile_texts_take_linear_time(text: str) -> None:
    many = text * (MAX_CONNECTION_STRING // len(text) - 50)
    start = time.perf_counter()
    for candidate in (many, f"65538,1,{many},*,i,*,*,k", f"<E><A/><C><T>{many}</T></C></E>"):
        parse_connection_string(candidate)
    assert time.perf_counter() - start < 5  # quadratic would be minutes


PART = st.text(st.characters(exclude_characters=",;:", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]))
VALUE = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PORT = st.integers(0, 65535)


@given(
    st.builds(
        ConnectionString1,
        protocol_version=st.integers(0, 9_999_999_999),
        protocol_type=st.integers(0, 9_999_999_999),
        machine_address_list=st.lists(st.builds(Address, PART.filter(bool), PORT | st.none())).map(tuple),
        assistant_account_pwd=PART,
        ra_session_id=PART,
        ra_session_name=PART,
        ra_session_pwd=PART,
        protocol_specific_parms=PART,
    )
)
def test_strings_1_are_written_and_parsed(string: ConnectionString1) -> None:
    assert parse_connection_string(str(string)) == string


KEY_HASHES = st.builds(KeyHash, VALUE.filter(lambda text: text and ":" not in text), VALUE)
LISTENERS = st.builds(Listener, PORT | st.none(), VALUE, VALUE)
TRANSPORTS = st.builds(Transport, VALUE, VALUE, st.lists(LISTENERS, max_size=3).map(tuple))


@given(st.builds(ConnectionString2, VALUE, KEY_HASHES | st.none(), VALUE, st.lists(TRANSPORTS, max_size=3).map(tuple)))
def test_strings_2_are_written_and_parsed(string: ConnectionString2) -> None:
    assert parse_connection_string(str(string)) == string


@given(st.text() | st.text("65538,1*;:") | st.text("<EACTL/> KHID='\""))
def test_any_text_has_an_answer(text: str) -> None:
    for candidate in (text, f"65538,1,{text}", f"<E><A/>{text}</E>"):
        parsed = parse_connection_string(candidate)
        assert parsed is None or parse_connection_string(str(parsed)) is not None
