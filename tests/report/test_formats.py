"""All formats together: none of them shows a secret unasked, and none breaks on what a capture can hold."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msra.analysis.mask import SECRET_FIELDS
from msra.analysis.model import CaptureReport, Report
from msra.analyzer import together
from msra.cli import FORMATS
from msra.report.text import to_text
from tests.analysis.builders import Story, sessions

RENDERERS = {
    **FORMATS,
    **{f"text {detail}": partial(to_text, detail=detail) for detail in ("summary", "quiet", "normal", "verbose")},
}
WITH_FIELDS = ("json", "jsonl", "csv", "markdown", "text verbose")
"""The formats that show all fields, of those that the fields of messages are in at all."""

PLACES = (
    # a message, its channel, and the fields of it that hold a secret ([MS-RA] 2.2)
    ("EXPERT_ON_VISTA", "RC_CTL", ("encrypted_password", "data")),
    ("CTL_VERIFY_PASSWORD", "RC_CTL", ("expert_blob", "data")),
    ("CTL_AUTHENTICATE", "RC_CTL", ("ra_connection_string", "expert_blob", "data")),
    ("CTL_REMOTE_CONTROL_DESKTOP", "RC_CTL", ("ra_connection_string", "data")),
    ("CTL_TOKEN", "RC_CTL", ("token", "data")),
    ("RCCOMMAND", "71", ("voipgokey",)),
)


def planted() -> tuple[Report, list[str], list[str]]:
    """A report with a secret of its own in every place; those in fields, and those in facts."""
    in_fields: list[str] = []
    in_facts = [f"FACT{number}" for number in range(3)]

    def secret() -> str:
        in_fields.append(f"FIELD{len(in_fields)}SECRET")
        return in_fields[-1]

    usual = Story(1).fact(
        "client_info", "expert", user_name="u", password="*", alternate_shell=in_facts[0], working_dir="i"
    )
    logon = Story(2).fact("client_info", "expert", user_name="u", password=in_facts[1], alternate_shell=in_facts[2])
    for kind, channel, fields in PLACES:
        for sender in ("expert", "novice"):
            usual.say(sender, kind, channel, name="VOIPGO", **{field: secret() for field in fields})  # type: ignore[arg-type]
    usual.say("novice", "RCCOMMAND", "71", text=f'<RCCOMMAND NAME="VOIPGO" VOIPGOKEY="{secret()}')
    usual.result(61)
    captures = [CaptureReport(path, "embedded", sessions=sessions(usual, logon)) for path in ("a", "b")]
    return together(captures), in_fields, in_facts


def test_every_secret_field_has_its_place() -> None:
    assert {field for _, _, fields in PLACES for field in fields} >= SECRET_FIELDS


@pytest.mark.parametrize("name", RENDERERS)
def test_no_format_shows_a_secret_unasked(name: str) -> None:
    report, in_fields, in_facts = planted()
    text = RENDERERS[name](report, False)
    assert text and not [secret for secret in in_fields + in_facts if secret in text]


@pytest.mark.parametrize("name", WITH_FIELDS)
def test_they_are_shown_if_asked_for(name: str) -> None:
    report, in_fields, _ = planted()
    text = RENDERERS[name](report, True)
    assert [secret for secret in in_fields if secret not in text] == []


@pytest.mark.parametrize("name", RENDERERS)
def test_an_empty_report_can_be_rendered(name: str) -> None:
    assert isinstance(RENDERERS[name](Report(), False), str)
    assert isinstance(RENDERERS[name](Report([CaptureReport("", "", error="")]), False), str)


KINDS = ("CTL_RESULT", "CTL_VERSIONINFO", "CHAT", "RCCOMMAND", "CTL_RAEXPERT_NAME", "CTL_TOKEN", "UNKNOWN")
FIELDS = ("result", "version_major", "version_minor", "msg_type", "name", "text", "filename", "filesize", "data_len",
          "channelid", "expert_name", "data")  # fmt: skip
FACTS = ("tcp_syn", "client_info", "client_core", "license_error", "credssp", "tls_alert", "disconnect", "error_info",
         "tcp_close", "unreadable", "security", "compression", "tls")  # fmt: skip
KEYS = ("how", "reason", "error_code", "user_name", "client_name", "version", "description", "level")
TEXT = st.text(st.characters(exclude_categories=()), max_size=8)  # with lone surrogates, which UTF-16 can hold
VALUES = TEXT | st.integers(-(2**40), 2**40)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), VALUES)), max_size=4),
    st.lists(st.tuples(st.sampled_from(FACTS), st.dictionaries(st.sampled_from(KEYS), VALUES)), max_size=4),
    TEXT,
)
def test_nothing_raises(messages: list, facts: list, path: str) -> None:  # type: ignore[type-arg]
    """Whatever was in the capture."""
    story = Story()
    for (kind, fields), (name, data) in zip(messages, facts, strict=False):
        story.say("novice", kind, path, **fields).fact(name, "expert", **data)
    report = Report([CaptureReport(path, "embedded", notes=[path], sessions=sessions(story))])
    for render in RENDERERS.values():
        render(report, False).encode("utf-8")
        render(report, True).encode("utf-8")
