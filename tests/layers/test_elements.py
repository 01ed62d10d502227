"""The scanner of XML texts: it follows elements and attributes, and runs nothing that XML could hide.

Attributes and references are tested with the session control commands, too (test_rccommand.py).
"""

from __future__ import annotations

import time
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.layers.elements import decode_text, quote, scan_attributes, scan_elements
from msra.limits import MAX_XML, MAX_XML_ATTRIBUTES

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def paths(text: str) -> list[str] | None:
    elements = scan_elements(text)
    return None if elements is None else ["/".join(element.path) for element in elements]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<E/>", ["E"]),
        ("<E></E>", ["E"]),
        (" <E > </E >\r\n", ["E"]),
        ("<E><A/><C><T><L/><L></L></T><T/></C></E>", ["E", "E/A", "E/C", "E/C/T", "E/C/T/L", "E/C/T/L", "E/C/T"]),
        ("<E><E/></E>", ["E", "E/E"]),
        ('<?xml version="1.0"?><E/>', ["E"]),
        ('\ufeff<?xml version="1.0" encoding="Unicode" ?>\n<E/>', ["E"]),
        ("<x:a-b.1/>", ["x:a-b.1"]),
        ("<a><b><c><d><e><f><g><h/></g></f></e></d></c></b></a>", None),
    ],
)
def test_elements(text: str, found: list[str] | None) -> None:
    assert paths(text) == (found if found else ["/".join("abcdefgh"[: n + 1]) for n in range(8)])


def test_the_number_of_attributes_is_bounded() -> None:
    """What follows is left for the caller, to whom it is no end of a tag."""
    text = " ".join(f'a{number}="{number}"' for number in range(MAX_XML_ATTRIBUTES))
    attributes, end = scan_attributes(f'{text} b="1"/>', 0)
    assert len(attributes) == MAX_XML_ATTRIBUTES and end == len(text)
    assert scan_elements(f"<E {text}/>") is not None
    assert scan_elements(f'<E {text} b="1"/>') is None


def test_attributes() -> None:
    elements = scan_elements("""<E><L P="49228" n='it&apos;s' P="2"/></E>""")
    assert elements is not None
    assert [element.attributes for element in elements] == [{}, {"p": "49228", "n": "it's"}]


def test_attributes_end_where_they_end() -> None:
    assert scan_attributes('x a="1" b="2"/>', 1) == ({"a": "1", "b": "2"}, 13)
    assert scan_attributes("x/>", 1) == ({}, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "E",
        "<E",
        "<E>",
        "</E>",
        "<E></F>",
        "<E></e>",
        "<E><A></E></A>",
        "<E/></E>",
        "<E/><E/>",
        "<E></E><E></E>",
        "<E></E/>",
        '<E></E a="1">',
        "<E>text</E>",
        "<E/>text",
        "text<E/>",
        "<E a/>",
        "<E a=1/>",
        '<E a="1/>',
        "<E / >",
        "< E/>",
        "<1/>",
        "<E\u00a0/>",
        "<a><b><c><d><e><f><g><h><i/></h></g></f></e></d></c></b></a>",
    ],
)
def test_everything_else_is_no_document(text: str) -> None:
    assert scan_elements(text) is None


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "external entity": '<!DOCTYPE E [<!ENTITY x SYSTEM "file:///etc/passwd">]><E a="&x;"/>',
    "internal entity": '<!DOCTYPE E [<!ENTITY x "y">]><E a="&x;"/>',
    "billion laughs": f'<!DOCTYPE E [<!ENTITY l0 "ha">{LAUGHS}]><E a="&l9;"/>',
    "external document type": '<!DOCTYPE E SYSTEM "http://192.0.2.1/x.dtd"><E/>',
    "document type after a declaration": '<?xml version="1.0"?><!DOCTYPE E><E/>',
    "document type inside": "<E><!DOCTYPE E></E>",
    "document type in the declaration": "<?xml <!DOCTYPE E> ?><E/>",
    "style sheet": '<?xml-stylesheet href="http://192.0.2.1/x.xsl"?><E/>',
    "instruction": "<E><?php x ?></E>",
    "character data": "<E><![CDATA[<A/>]]></E>",
    "comment": "<E><!-- --></E>",
    "huge": f'<E a="{"x" * MAX_XML}"/>',
    "many elements": f"<E>{'<A/>' * 1001}</E>",
    "deep nesting": "<E>" * 100_000 + "</E>" * 100_000,
    "no end": "<E>" * 100_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_documents_are_refused(what: str) -> None:
    assert scan_elements(HOSTILE[what]) is None


def test_references_are_replaced_once_and_entities_never() -> None:
    elements = scan_elements('<E a="&amp;lt; &x; &#65; R&D"/>')
    assert elements is not None
    assert elements[0].attributes == {"a": "&lt; &x; A R&D"}


@pytest.mark.parametrize("text", ["<E>", "</E>", "<E ", " ", "a='", "<E a='1' ", "<?xml ", "&#0", "<E><A/>", "\ufeff"])
def test_hostile_texts_take_linear_time(text: str) -> None:
    many = text * (200_000 // len(text))
    start = time.perf_counter()
    for candidate in (many, f"<E>{many}", f'<E a="{many}"/>', f"<E/>{many}x", f"<?xml {many}"):
        scan_elements(candidate)
    assert time.perf_counter() - start < 5  # quadratic would be minutes


@given(TEXT)
def test_what_is_quoted_is_scanned(value: str) -> None:
    elements = scan_elements(f"<E a={quote(value)}/>")
    assert elements is not None
    assert elements[0].attributes == {"a": value}


@given(st.text("<E/>?!'\"=a&;xml -\ufeff"))
def test_any_text_has_an_answer(text: str) -> None:
    for candidate in (text, f"<E>{text}</E>", f"<E {text}/>"):
        elements = scan_elements(candidate)
        assert elements is None or elements[0].path != ()


TREES = st.recursive(
    st.sampled_from(["<A/>", "<B b='1'/>"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda x: f"<C>{''.join(x)}</C>"),
)


@given(TREES)
def test_an_xml_library_finds_the_same_elements(text: str) -> None:
    expected = [element.tag for element in ElementTree.fromstring(text).iter()]
    elements = scan_elements(text)
    if elements is not None:
        assert [element.path[-1] for element in elements] == expected
    else:
        assert text.count("<C>") > 8


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<E/>", "<E/>"),
        ("<E a='ö中'/>".encode(), "<E a='ö中'/>"),
        ("<E a='ö'/>".encode("cp1252"), "<E a='ö'/>"),
        (b"<E a='\x81'/>", "<E a='\ufffd'/>"),
        ("\ufeff<E/>".encode(), "\ufeff<E/>"),
        ("\ufeff<E a='ö中'/>".encode("utf-16-le"), "\ufeff<E a='ö中'/>"),
        ("\ufeff<E/>".encode("utf-16-be"), "\ufeff<E/>"),
        ("<E/>".encode("utf-16-le"), "<E/>"),
        ("<E/>".encode("utf-16-be"), "<E/>"),
        ("<E/>".encode("utf-16-le") + b"x", "<E/>\ufffd"),
        (b"", ""),
    ],
)
def test_files_are_8_bit_or_utf_16(data: bytes, text: str) -> None:
    assert decode_text(data) == text


@given(st.binary())
def test_any_bytes_are_text(data: bytes) -> None:
    assert isinstance(decode_text(data), str)
