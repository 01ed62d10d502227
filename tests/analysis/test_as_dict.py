"""The report as data: the schema that travels with the package holds for whatever the analysis can say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import msra
from msra.analysis.as_dict import rfc3339
from msra.analysis.differences import Difference, OneSided
from msra.analysis.model import (
    Attempt,
    CaptureReport,
    Check,
    Control,
    Report,
    SameSession,
    SessionPlace,
    Transfer,
)
from tests.analysis.builders import EXPERT, NOVICE, SECOND, Story
from tests.report.builders import SECRETS, report

SCHEMA = json.loads((Path(msra.__file__).parent / "data" / "msra-report-1.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def whole() -> Report:
    """A report in which nothing is empty."""
    made = report()
    capture = made.captures[0]
    session = capture.sessions[0]
    session.controls = [Control(1, 2, 3, "taken_back", 5 * SECOND), Control(None, None, 4, "given_up", None)]
    session.transfers = [
        Transfer(1, "expert", "RA_FX", "a.txt", 7, 7, 1, "complete", "00" * 32, (4, 5), {"name": "Eve"}),
        Transfer(2, "novice", "RA_FX", "b", None, 0, 0, "announced", "", (6,)),
    ]
    session.checks = [Check("ticket", "passed", "It opens.", (3,))]
    session.reconnects = 1
    capture.attempts = [Attempt(EXPERT, NOVICE, "refused", SECOND, (1, 2), "Why.")]
    first, second = places = SessionPlace(0, 1), SessionPlace(1, 2)
    one, other = session.messages[:2]
    difference = Difference(first, second, 5, None, ((one, one),), (OneSided(second, other, "unseen"),))
    made.same = [SameSession(places, (difference,))]
    return made


def valid(document: dict[str, Any]) -> dict[str, Any]:
    """The document as a reader of JSON gets it, checked."""
    read = json.loads(json.dumps(document))
    VALIDATOR.validate(read)
    assert read == document, "there are only types of JSON in it"
    return read  # type: ignore[no-any-return]


def session_of(made: Report, show_secrets: bool = False) -> dict[str, Any]:
    return valid(made.to_dict(show_secrets))["captures"][0]["sessions"][0]  # type: ignore[no-any-return]


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_whole_and_empty_reports_are_valid() -> None:
    for made in (whole(), Report(), report()):
        for show_secrets in (False, True):
            assert valid(made.to_dict(show_secrets))["schema"] == "msra-report/1"


def test_a_capture_alone_is_a_document_too() -> None:
    capture = whole().captures[0]
    assert valid(capture.to_dict()) == Report([capture]).to_dict()


def test_the_schema_refuses_what_it_does_not_know() -> None:
    """Objects are closed, so that a key that is added without its description fails here."""

    def closed(node: Any) -> bool:
        if isinstance(node, dict):
            named = "properties" not in node or node.get("additionalProperties") is False
            return named and all(closed(value) for value in node.values())
        return all(closed(value) for value in node) if isinstance(node, list) else True

    assert closed(SCHEMA)
    document = whole().to_dict()
    document["captures"][0]["sessions"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError, match="surprise"):
        VALIDATOR.validate(document)


def test_every_session_has_the_keys_of_the_design() -> None:
    session = session_of(whole())
    assert {
        "id", "expert", "novice", "security", "version", "outcome", "result", "result_name", "summary", "advice",
        "start", "end", "events", "findings", "gaps",
    } <= session.keys()  # fmt: skip
    assert (session["outcome"], session["result"], session["result_name"]) == ("failed", 61, "PASSWORDS_DONT_MATCH")
    assert (session["rule"], session["deciding_frame"]) == ("failed", 8) and session["causes"]


def test_durations_are_seconds() -> None:
    session = session_of(whole())
    assert session["durations"]["total"] == 8.0
    assert [control["duration"] for control in session["controls"]] == [5.0, None]


def test_secrets_are_masked_unless_asked_for() -> None:
    made = Report([CaptureReport("a", "embedded", sessions=[_logon().session()])])
    shown, hidden = json.dumps(session_of(made, True)), json.dumps(session_of(made))
    for secret in ("hunter2", "48BJQ853X3B4"):
        assert secret in shown and secret not in hidden
    assert all(secret not in json.dumps(session_of(whole())) for secret in SECRETS)
    assert all(secret in json.dumps(session_of(whole(), True)) for secret in SECRETS)


def _logon() -> Story:
    return Story().fact(
        "client_info", "expert", user_name="Eve", domain="", password="hunter2", alternate_shell="48BJQ853X3B4",
        working_dir="x",
    ).version2()  # fmt: skip


def test_no_secret_is_written_as_such() -> None:
    """ "*" says that there is no password, which is worth knowing."""
    story = Story().fact("client_info", "expert", user_name="Eve", password="*", alternate_shell="*").version2()
    session = session_of(Report([CaptureReport("a", "embedded", sessions=[story.session()])]))
    (moment,) = session["timeline"]
    assert moment["data"] == {"user_name": "Eve", "password": "*", "alternate_shell": "*"}


def test_the_event_says_who_sent_it_as_from() -> None:
    session = session_of(whole())
    assert session["events"][0]["from"] == "expert" and session["transfers"][1]["from"] == "novice"


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1763845810_470903000, "2025-11-22T21:10:10.470903Z"),
        (1763845810_470903001, "2025-11-22T21:10:10.470903001Z"),
        (253402300799_999999999, "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_times_have_all_digits(time: int, text: str) -> None:
    assert rfc3339(time) == text
