"""CSV: what spreadsheets and programs read, and that no cell is a formula."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.analysis.model import CaptureReport, Report
from msra.report.spreadsheet import COLUMNS, to_csv
from tests.analysis.builders import Story
from tests.report.builders import HOSTILE, report


def rows(made: Report, show_secrets: bool = False) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(to_csv(made, show_secrets), newline=""), strict=True))


def chat(text: str, path: str = "a.pcapng") -> Report:
    return Report(
        [CaptureReport(path, "embedded", sessions=[Story().say("novice", "CHAT", "70", text=text).session()])]
    )


def test_one_line_an_event_in_the_order_of_frames() -> None:
    made = Story().fact("tcp_syn", "expert").say("expert", "EXPERT_ON_VISTA", encrypted_password="x", other=1)
    session = made.gap("bad_pdu", 7).result(61).say("novice", "CHAT", "70", text='a, "b"').session()
    object.__setattr__(session.messages[0], "notes", ("bstr_raw", "truncated"))
    assert to_csv(Report([CaptureReport("a.pcapng", "embedded", sessions=[session])])).split("\r\n") == [
        "capture,session,frame,time,from,channel,kind,type,result,result_name,detail,notes",
        "a.pcapng,1,2,1970-01-01T00:00:02.000000Z,expert,,moment,tcp_syn,,,The expert connects (TCP SYN).,",
        "a.pcapng,1,3,1970-01-01T00:00:03.000000Z,expert,RC_CTL,message,REMOTEDESKTOP_EXPERT_ON_VISTA,,,"
        '"encrypted_password=<masked>, other=1",'
        "the string has no BSTR byte count; the message ends before its fields do",
        "a.pcapng,1,4,1970-01-01T00:00:04.000000Z,novice,,gap,bad_pdu,,,the RDP packet could not be decoded (7 bytes),",
        "a.pcapng,1,5,1970-01-01T00:00:05.000000Z,novice,RC_CTL,message,REMOTEDESKTOP_CTL_RESULT,"
        "61,PASSWORDS_DONT_MATCH,,",
        'a.pcapng,1,6,1970-01-01T00:00:06.000000Z,novice,70,message,CHAT,,,"a, ""b""",',
        "",
    ]


def test_an_empty_report_has_its_columns() -> None:
    assert to_csv(Report()) == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize(
    "text", ["=cmd|'/C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "\u3000=1"]
)
def test_formulas_are_text(text: str) -> None:
    (row,) = rows(chat(text, path=text))
    for column in ("capture", "detail"):
        assert row[column].startswith(("'", "\\")), column


def test_ordinary_text_stays() -> None:
    assert rows(chat("Hello = Böb"))[0]["detail"] == "Hello = Böb"


def test_hostile_text_has_no_effect() -> None:
    text = to_csv(report())
    for character in HOSTILE:
        assert character in "red gnp.exe<b>&[31m" or character not in text


def test_cells_are_not_longer_than_spreadsheets_take() -> None:
    assert len(rows(chat("x" * 100_000))[0]["detail"]) < 32_767


@given(st.text(), st.text(alphabet="=+-@\t\r\n\",;'\\ a", max_size=8))
def test_any_text_makes_one_harmless_cell(path: str, text: str) -> None:
    (row,) = rows(chat(text, path))
    assert set(row) == set(COLUMNS)
    for cell in row.values():
        assert cell is not None and not cell.lstrip().startswith(("=", "+", "-", "@"))
