"""The JSON report: the schema of the design document, key by key."""

from __future__ import annotations

import json

import pytest

from msra.report.data import rfc3339, to_json, to_jsonl
from tests.report.builders import HOSTILE, report


def test_the_whole_schema() -> None:
    document = json.loads(to_json(report()))
    assert list(document) == ["schema", "captures"] and document["schema"] == "msra-report/1"
    capture, broken = document["captures"]
    assert list(capture) == ["path", "engine", "packets", "rdp_connections", "error", "notes", "sessions"]
    assert (capture["packets"], capture["rdp_connections"], capture["notes"]) == (81, 2, ["a note"])
    assert broken["error"] == "this is no pcap or pcapng file" and broken["sessions"] == []
    (session,) = capture["sessions"]
    assert {key: session[key] for key in ("id", "security", "version", "outcome", "result", "result_name")} == {
        "id": 1, "security": "none", "version": 2, "outcome": "failed", "result": 61,
        "result_name": "PASSWORDS_DONT_MATCH",
    }  # fmt: skip
    assert session["expert"] == {"ip": "10.0.0.1", "port": 50000}
    assert (session["start"], session["end"]) == ("1970-01-01T00:00:01.000000Z", "1970-01-01T00:00:09.000000Z")
    assert "61" in session["summary"] and session["advice"]
    assert session["gaps"] == [
        {"frame": 9, "from": "novice", "reason": "bytes of the TCP stream are missing from the capture",
         "kind": "lost_segment", "bytes": 7},
    ]  # fmt: skip
    assert session["events"][-1] == {
        "frame": 8, "time": "1970-01-01T00:00:08.000000Z", "from": "novice", "channel": "RC_CTL",
        "type": "REMOTEDESKTOP_CTL_RESULT", "notes": [],
        "fields": {"msg_type": 2, "result": 61, "result_name": "PASSWORDS_DONT_MATCH", "result_text": "..."},
    }  # fmt: skip


def test_text_from_the_network_survives_json() -> None:
    (chat,) = [line for line in map(json.loads, to_jsonl(report()).splitlines()) if line["type"] == "CHAT"]
    assert chat["fields"]["text"] == HOSTILE


def test_one_line_an_event() -> None:
    lines = [json.loads(line) for line in to_jsonl(report()).split("\n")[:-1]]
    assert len(lines) == 7
    assert {(line["capture"], line["session"]) for line in lines} == {("dir/a.pcapng", 1)}


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
