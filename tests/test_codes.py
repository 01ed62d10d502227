"""The result codes: the table against the specification's text, and what every other value is called."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.codes import CODES, SAFERROR, ResultCode, find, hresult, lookup, suggest

SPECIFICATION = Path(__file__).parent / "data" / "ms-ra-2.2.6-error-codes.txt"
UNUSED = {35, 36, 38, 48}
ENDING = {3, 4, 5, 50, 51, 300, 301, 302}

E_FAIL = 0x80004005


def specified() -> list[tuple[int, str, str]]:
    """[MS-RA] 2.2.6 word for word: value, name and text are paragraphs of their own, in this order."""
    text = SPECIFICATION.read_text("utf-8")
    return [(int(v), n, t) for v, n, t in re.findall(r"^(\d+)\n\n(\w+)\n\n(.+)$", text, re.MULTILINE)]


def test_all_rows_are_those_of_the_specification() -> None:
    """Protects every value, name and text, and their order."""
    assert [(code.value, code.name, code.text) for code in CODES.values()] == specified()
    assert len(specified()) == 48


def test_the_specification_was_read_completely() -> None:
    """A parser that overlooked rows would let the table lose the same ones."""
    numbers = re.findall(r"^\d+$", SPECIFICATION.read_text("utf-8"), re.MULTILINE)
    assert numbers == [str(value) for value, _, _ in specified()]


def test_versions_use_and_outcome() -> None:
    """26 and 47 belong to version 1 and 61 to version 2, as their texts say; four codes are not used."""
    assert {value for value, code in CODES.items() if code.versions == (1,)} == {26, 47}
    assert {value for value, code in CODES.items() if code.versions == (2,)} == {61}
    assert {code.versions for code in CODES.values()} == {(1, 2), (1,), (2,)}
    assert {value for value, code in CODES.items() if not code.used} == UNUSED
    assert {value for value, code in CODES.items() if code.outcome == "established"} == {0}
    assert {value for value, code in CODES.items() if code.outcome == "refused"} == {41}
    assert {code.outcome for code in CODES.values()} == {"established", "refused", "failed"}
    assert {value for value, code in CODES.items() if code.ends_session} == ENDING


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_every_code_has_advice(code: ResultCode) -> None:
    """Causes and steps are whole sentences in plain ASCII, so that any console can show them."""
    assert code.causes and code.next_steps
    for sentence in code.causes + code.next_steps:
        assert re.fullmatch(r"[A-Z][ -~]+\.", sentence), sentence
        assert 15 <= len(sentence) <= 160
    assert code.advice.startswith(code.causes[0]) and code.next_steps[0] in code.advice


def test_no_two_codes_give_the_same_advice() -> None:
    sentences = [sentence for code in CODES.values() for sentence in code.causes]
    assert len(set(sentences)) == len(sentences)
    assert len({code.advice for code in CODES.values()}) == 48


def test_unused_codes_point_to_a_peer_that_is_not_windows() -> None:
    for value in UNUSED:
        assert "Windows" in CODES[value].causes[0]


def test_enum_has_the_names_of_the_document() -> None:
    assert {member.name: member.value for member in SAFERROR} == {name: value for value, name, _ in specified()}
    assert SAFERROR(41) is SAFERROR.SAFERROR_HELPEESAIDNO
    assert SAFERROR.PASSWORDS_DONT_MATCH == 61


@pytest.mark.parametrize(
    ("value", "name", "known"),
    [
        (0, "SAFERROR_NOERROR", True),
        (2, "UNKNOWN(2)", False),
        (303, "UNKNOWN(303)", False),
        (0x7FFFFFFF, "UNKNOWN(2147483647)", False),
        (0x80000000, "HRESULT 0x80000000", False),
        (0xFFFFFFFF, "HRESULT 0xFFFFFFFF", False),
        (-1, "HRESULT 0xFFFFFFFF", False),
        (-0x80000000, "HRESULT 0x80000000", False),
        (E_FAIL, "E_FAIL", True),
        (E_FAIL - 2**32, "E_FAIL", True),
        (0x80070052, "ERROR_CANNOT_MAKE", True),
        (0x80071234, "HRESULT 0x80071234", False),
        (2**32 + 41, "UNKNOWN(4294967337)", False),
        (-(2**31) - 1, "UNKNOWN(-2147483649)", False),
    ],
)
def test_names_of_other_values(value: int, name: str, known: bool) -> None:
    assert (lookup(value).name, lookup(value).known) == (name, known)


@given(st.integers())
def test_lookup_answers_every_integer(value: int) -> None:
    """Results come from the network: there is no number that it may fail on."""
    code = lookup(value)
    assert code.name and code.text.endswith(".") and code.advice
    assert code.outcome == "failed" or value in (0, 41)
    assert lookup(code.value) == code
    assert (code.value in CODES) == (value in CODES)


@given(st.integers(-(2**31), 2**32 - 1))
def test_hresult_parts_make_up_the_value(value: int) -> None:
    """[MS-ERREF] 2.1: no bit is lost but X, which is reserved."""
    parts = hresult(value)
    bits = parts.failure << 31 | parts.reserved << 30 | parts.customer << 29 | parts.ntstatus << 28
    assert bits | parts.facility << 16 | parts.code == value & 0xF7FFFFFF
    assert parts.failure == (value & 0xFFFFFFFF >= 2**31)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234, "Not one of the result codes of [MS-RA] 2.2.6."),
        (0x80071234, "An HRESULT ([MS-ERREF] 2.1): failure from FACILITY_WIN32 (7), code 4660 (0x1234)."),
        (0x87FF0001, "An HRESULT ([MS-ERREF] 2.1): failure from facility 2047, code 1 (0x0001)."),
        (
            0xA0040002,
            "An HRESULT that a vendor defined, not Microsoft ([MS-ERREF] 2.1): "
            "failure from FACILITY_ITF (4), code 2 (0x0002).",
        ),
        (0xD0000022, "An HRESULT that stands for the NTSTATUS value 0xC0000022 ([MS-ERREF] 2.3)."),
        (
            0xC0000022,
            "No proper HRESULT, as its reserved bit is set; perhaps the NTSTATUS value 0xC0000022 ([MS-ERREF] 2.3).",
        ),
    ],
)
def test_texts_of_values_without_a_name(value: int, text: str) -> None:
    assert lookup(value).text == text


def test_e_fail_explains_the_version_mismatch() -> None:
    """[MS-RA] behaviour notes 5 and 6: Windows Vista and later send it for an unexpected version."""
    assert "SAFERROR_INCOMPATIBLEVERSION" in lookup(E_FAIL).advice


def test_advice_of_the_hresult_table_belongs_to_its_names() -> None:
    """A misspelt heading in hresults.toml would silently fall back to the general advice."""
    from msra.codes import _others

    data = _others()
    names = {name for name, _ in data["hresults"].values()}
    assert set(data["advice"]) <= names | set(data["texts"])
    assert all(value >> 31 == 1 for value in data["hresults"])


EVERY_CODE = st.sampled_from([*CODES.values(), lookup(E_FAIL), lookup(0x80070005), lookup(0x800706BA)])


@given(EVERY_CODE, st.sampled_from(["{}", "+{}", " {}\n", "00{}", "UNKNOWN({})"]))
def test_find_by_decimal_number(code: ResultCode, form: str) -> None:
    assert find(form.format(code.value)) == code


@given(EVERY_CODE, st.sampled_from(["0x{:x}", "0X{:X}", "0x{:08X}", "HRESULT 0x{:08X}", "hresult  0x{:x}"]))
def test_find_by_hexadecimal_number(code: ResultCode, form: str) -> None:
    assert find(form.format(code.value)) == code


@given(st.integers(-(2**31), 2**32 - 1))
def test_find_takes_any_number_and_the_name_it_was_given(value: int) -> None:
    """What one of our reports calls a value can be pasted back."""
    code = find(str(value))
    assert code == lookup(value)
    assert find(code.name) == code


@given(EVERY_CODE, st.data())
def test_find_by_name_in_any_case(code: ResultCode, data: st.DataObject) -> None:
    """With and without the prefix, which PASSWORDS_DONT_MATCH has not but people will give it."""
    bare = code.name.removeprefix("SAFERROR_")
    mixed = "".join(data.draw(st.sampled_from([letter.upper(), letter.lower()])) for letter in bare)
    assert find(mixed) == find(f"  {mixed}\t") == find(f"SafError_{mixed}") == find(f"SAFERROR_{mixed}") == code


@pytest.mark.parametrize(
    "text", ["", " ", "-", "0x", "4294967296", "-2147483649", "9" * 5000, "41.0", "1e3", "4_1", "٤١"]
)
def test_find_refuses_what_is_no_result(text: str) -> None:
    assert find(text) is None


@given(st.text())
def test_find_and_suggest_take_any_text(text: str) -> None:
    """Suggestions are things that find() takes."""
    code = find(text)
    assert code is None or isinstance(code, ResultCode)
    assert all(find(name) for name in suggest(text))
    assert len(suggest(text)) <= 3


@pytest.mark.parametrize(
    ("mistake", "meant"),
    [
        ("HELPESAIDNO", "SAFERROR_HELPEESAIDNO"),
        ("saferror_helpeesaidnoo", "SAFERROR_HELPEESAIDNO"),
        ("PASSWORD_DONT_MATCH", "PASSWORDS_DONT_MATCH"),
        ("licens", "SAFERROR_LICENSINGFAILED"),
        ("E_FAILL", "E_FAIL"),
        ("80004005", "0x80004005"),
        ("8007000e", "0x8007000E"),
    ],
)
def test_suggestions(mistake: str, meant: str) -> None:
    assert suggest(mistake)[0] == meant


def test_importing_codes_loads_nothing_else_of_the_package() -> None:
    """[MS-RA] codes are at the bottom: everything may import them, and the analyzer starts with them."""
    program = "import sys, msra.codes; print(sorted(name for name in sys.modules if name.startswith('msra')))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "['msra', 'msra.codes']"


def test_numbers_as_people_write_them() -> None:
    assert [lookup(value).number for value in (0, 41, 1234, 0x80004005)] == ["0", "41", "1234", "0x80004005"]
