"""The report as data for other programs."""

from __future__ import annotations

import json

from msra.report.data import to_json, to_jsonl
from tests.report.builders import HOSTILE, report


def test_json_is_the_report_as_data() -> None:
    assert json.loads(to_json(report())) == report().to_dict()
    assert json.loads(to_json(report(), show_secrets=True)) == report().to_dict(show_secrets=True)


def test_text_from_the_network_survives_json() -> None:
    (chat,) = [line for line in map(json.loads, to_jsonl(report()).splitlines()) if line["type"] == "CHAT"]
    assert chat["fields"]["text"] == HOSTILE


def test_one_line_an_event() -> None:
    lines = [json.loads(line) for line in to_jsonl(report()).split("\n")[:-1]]
    assert len(lines) == 7
    assert {(line["capture"], line["session"]) for line in lines} == {("dir/a.pcapng", 1)}
