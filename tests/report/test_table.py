"""The table of events: typed values, and None where an event has none."""

from __future__ import annotations

from msra.analysis.model import CaptureReport, Report
from msra.report.printable import printable
from msra.report.table import COLUMNS, Row, rows
from tests.analysis.builders import SECOND, Story
from tests.report.builders import HOSTILE, SECRETS, report


def test_rows() -> None:
    session = Story().fact("tcp_syn", "expert").gap("bad_pdu", 7).result(61).session()
    assert list(rows(Report([CaptureReport("a", "embedded", sessions=[session])]))) == [
        Row("a", 1, 2, 2 * SECOND, "expert", None, "moment", "tcp_syn", None, None,
            "The expert connects (TCP SYN).", None),
        Row("a", 1, 3, 3 * SECOND, "novice", None, "gap", "bad_pdu", None, None,
            "the RDP packet could not be decoded (7 bytes)", None),
        Row("a", 1, 4, 4 * SECOND, "novice", "RC_CTL", "message", "REMOTEDESKTOP_CTL_RESULT", 61,
            "PASSWORDS_DONT_MATCH", None, None),
    ]  # fmt: skip


def test_the_columns_are_named_as_in_json() -> None:
    assert COLUMNS[:5] == ("capture", "session", "frame", "time", "from") and len(COLUMNS) == len(Row._fields)


def test_texts_are_printable_and_masked() -> None:
    made = report()
    made.captures[0].path = HOSTILE
    shown = "".join(str(value) for row in rows(made) for value in row)
    assert shown == printable(shown) and not [secret for secret in SECRETS if secret in shown]
    assert [row for row in rows(made, show_secrets=True) if SECRETS[2] in (row.detail or "")]
