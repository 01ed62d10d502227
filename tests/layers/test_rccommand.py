"""The scanner of session control commands: it forgives peers, and runs nothing that XML could hide."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.layers.rccommand import scan, write


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ('<RCCOMMAND NAME="ACCEPTRC"/>', {"name": "ACCEPTRC"}),
        ("<RCCOMMAND NAME='ACCEPTRC' />", {"name": "ACCEPTRC"}),
        ('<RCCOMMAND NAME="ACCEPTRC">', {"name": "ACCEPTRC"}),
        ('<RCCOMMAND NAME="ACCEPTRC"></RCCOMMAND>', {"name": "ACCEPTRC"}),
        ('\r\n\t <RCCOMMAND\n NAME\t=\r"A"\n> \r\n</RCCOMMAND> \t', {"name": "A"}),
        ('<RCCOMMAND NAME="DENIEDRC "/>', {"name": "DENIEDRC "}),  # as [MS-RA] 3.16.5 writes it
        ('<RCCOMMAND NAME="A"VALUE="1"/>', {"name": "A", "value": "1"}),
        ("""<RCCOMMAND NAME="it's" VALUE='"1"'/>""", {"name": "it's", "value": '"1"'}),
        ('<RCCOMMAND NAME="<a> b"/>', {"name": "<a> b"}),
        ('<RCCOMMAND NAME=""/>', {"name": ""}),
        ('<RCCOMMAND VALUE="1" NAME="A"/>', {"name": "A", "value": "1"}),
        ('<RCCOMMAND NAME="A" x:y-z.1="q"/>', {"name": "A", "x:y-z.1": "q"}),
        ('<RCCOMMAND NAME="first" NAME="second" Name="third"/>', {"name": "first"}),
        # references
        ('<RCCOMMAND NAME="&lt;&gt;&amp;&quot;&apos;"/>', {"name": "<>&\"'"}),
        ('<RCCOMMAND NAME="&#65;&#x42;&#x0000043;&#128512;"/>', {"name": "ABC😀"}),
        ('<RCCOMMAND NAME="&amp;lt;"/>', {"name": "&lt;"}),  # replaced once
        ('<RCCOMMAND NAME="R&D & &co; &#; &#x;"/>', {"name": "R&D & &co; &#; &#x;"}),
        ('<RCCOMMAND NAME="&#0;&#xD800;&#x110000;&#99999999;"/>', {"name": "&#0;&#xD800;&#x110000;&#99999999;"}),
        ('<RCCOMMAND NAME="&LT;&#X41;"/>', {"name": "&LT;&#X41;"}),
        ('<RCCOMMAND NAME="&xxe;"/>', {"name": "&xxe;"}),
        # the examples of [MS-RA] 2.2.2
        (
            '<RCCOMMAND NAME="FILEXFER" FILENAME="20070130182140.xml" FILESIZE="436" CHANNELID="RA_FX"/>',
            {"name": "FILEXFER", "filename": "20070130182140.xml", "filesize": "436", "channelid": "RA_FX"},
        ),
        (
            '<RCCOMMAND NAME="VOIPGO" VOIPVER="VOIPVER2" VOIPGOKEY="NzaogjS5=" VOIPIPLIST="172.31.242.5:11334"/>',
            {"name": "VOIPGO", "voipver": "VOIPVER2", "voipgokey": "NzaogjS5=", "voipiplist": "172.31.242.5:11334"},
        ),
    ],
)
def test_elements(text: str, attributes: dict[str, str]) -> None:
    found = scan(text)
    assert found == attributes
    assert found is not None
    assert list(found) == list(attributes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RCCOMMAND",
        "<RCCOMMAND",
        "<RCCOMMAND/>",
        "<RCCOMMAND />",
        '<RCCOMMAND NAME="A"',
        '<RCCOMMAND NAME="A"/',
        '<RCCOMMAND NAME="A/>',
        "<RCCOMMAND NAME=A/>",
        "<RCCOMMAND NAME/>",
        '<RCCOMMAND VALUE="A"/>',
        '<RCCOMMAND 1NAME="A" NAME="B"/>',
        '<rccommand NAME="A"/>',
        '<RCCOMMANDS NAME="A"/>',
        '<RCCOMMANDNAME="A"/>',
        '<\u00a0RCCOMMAND NAME="A"/>',
        '<RCCOMMAND\u00a0NAME="A"/>',
        '<RCCOMMAND NAME="A"/>x',
        '<RCCOMMAND NAME="A"><B/></RCCOMMAND>',
        '<RCCOMMAND NAME="A"></RCCOMMAND></RCCOMMAND>',
        '<RCCOMMAND NAME="A"/><RCCOMMAND NAME="B"/>',
        '<?xml version="1.0"?><RCCOMMAND NAME="A"/>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><RCCOMMAND NAME="&x;"/>',
        '<!-- --><RCCOMMAND NAME="A"/>',
    ],
)
def test_everything_else_is_malformed(text: str) -> None:
    assert scan(text) is None


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.dictionaries(
        st.from_regex("[a-z_][a-z0-9_]*", fullmatch=True), st.text(st.characters(exclude_categories=["Cs"]))
    ),
)
def test_what_is_written_is_scanned(name: str, attributes: dict[str, str]) -> None:
    attributes.pop("name", None)
    assert scan(write(name, **attributes)) == {"name": name, **attributes}


@given(st.text("<RCOMAND NAME=\"'/>&#x1;lt\t"))
def test_any_text_has_an_answer(text: str) -> None:
    for candidate in (text, f"<RCCOMMAND {text}", f'<RCCOMMAND NAME="{text}"/>'):
        found = scan(candidate)
        assert found is None or "name" in found


def test_values_are_escaped() -> None:
    assert write("A", filename='<"R&D">\n', filesize=5) == (
        '<RCCOMMAND NAME="A" FILENAME="&lt;&quot;R&amp;D&quot;&gt;&#10;" FILESIZE="5"/>'
    )


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not an attribute name"):
        write("A", **{'x="1" y': "2"})


@pytest.mark.parametrize("text", [" ", "a='", "&#", "&#0", "NAME='1' ", "<RCCOMMAND "])
def test_hostile_texts_take_linear_time(text: str) -> None:
    many = text * (200_000 // len(text))
    start = time.perf_counter()
    for candidate in (f"<RCCOMMAND {many}", f'<RCCOMMAND NAME="{many}"/>', f'<RCCOMMAND NAME="A"/>{many}x'):
        scan(candidate)
    assert time.perf_counter() - start < 5  # quadratic would be minutes
