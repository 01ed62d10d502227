"""Elastic Common Schema: one line a session, with the fields that dashboards look for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from msra.analysis.model import Attempt, CaptureReport, Check, Control, Finding, Report, Transfer
from msra.report.ecs import ECS_VERSION, to_ecs
from tests.analysis.builders import EXPERT, NOVICE, SECOND, Story
from tests.report.builders import HOSTILE, report

FIELDS = {
    # of ECS 8.17, generated/ecs/ecs_flat.yml in github.com/elastic/ecs
    "@timestamp", "ecs.version", "message", "log.file.path", "observer.product", "error.message",
    "event.kind", "event.module", "event.dataset", "event.action", "event.category", "event.type", "event.outcome",
    "event.code", "event.reason", "event.start", "event.end", "event.duration",
    "network.transport", "network.type", "network.protocol", "network.application",
    "source.address", "source.ip", "source.port", "source.user.name", "source.user.domain",
    "destination.address", "destination.ip", "destination.port", "related.ip", "related.user",
    "tls.version", "tls.version_protocol", "tls.cipher",
}  # fmt: skip


def lines(made: Report) -> list[dict[str, Any]]:
    return [json.loads(line) for line in to_ecs(made).splitlines()]


def line(story: Story) -> dict[str, Any]:
    (made,) = lines(Report([CaptureReport("a.pcapng", "embedded", sessions=[story.session()])]))
    return made


def names(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict) and path != "msra":
        for name, one in value.items():
            yield from names(one, f"{path}.{name}" if path else name)
    else:
        yield path


def rich_story() -> Story:
    made = Story().fact("tls", version="tls1.2").fact("tls_session", cipher_suite="TLS_RSA_WITH_AES_128_CBC_SHA")
    made.fact(
        "client_info", "expert", user_name="Eve", domain="HOME", password="*", alternate_shell="p", working_dir="i"
    )
    return made.version2().result(61).gap("bad_pdu", 7)


def test_a_session() -> None:
    made = line(rich_story())
    assert made.pop("msra")["result"] == {
        "code": 61, "name": "PASSWORDS_DONT_MATCH",
        "text": "An invalid password was used. This message is only used in version 2.",
    }  # fmt: skip
    reason = "The novice answered with an error, 6.0 s after the capture of it begins: PASSWORDS_DONT_MATCH (61)."
    assert made == {
        "@timestamp": "1970-01-01T00:00:01.000000Z",
        "ecs": {"version": ECS_VERSION},
        "message": f"Remote Assistance session failed (61 PASSWORDS_DONT_MATCH): {reason}",
        "log": {"file": {"path": "a.pcapng"}},
        "observer": {"product": "wireshark-msra"},
        "event": {
            "kind": "event", "module": "msra", "dataset": "msra.session", "action": "remote-assistance-session",
            "category": ["network", "session"], "type": ["connection", "info"], "outcome": "failure",
            "code": "61", "reason": reason, "start": "1970-01-01T00:00:01.000000Z",
            "end": "1970-01-01T00:00:08.000000Z", "duration": 7 * SECOND,
        },
        "network": {"transport": "tcp", "type": "ipv4", "protocol": "rdp", "application": "remote-assistance"},
        "source": {"address": "10.0.0.1", "ip": "10.0.0.1", "port": 50000, "user": {"name": "Eve", "domain": "HOME"}},
        "destination": {"address": "10.0.0.2", "ip": "10.0.0.2", "port": 49230},
        "related": {"ip": ["10.0.0.1", "10.0.0.2"], "user": ["Eve"]},
        "tls": {"version": "1.2", "version_protocol": "tls", "cipher": "TLS_RSA_WITH_AES_128_CBC_SHA"},
    }  # fmt: skip


def test_what_ecs_has_no_field_for() -> None:
    session = rich_story().session()
    session.findings = [Finding("odd", "info", "Odd.", tuple(range(100)))]
    session.checks = [Check("ticket", "failed", "No.", (1,))]
    session.controls = [Control(1, 2, None, "accepted", None)]
    session.transfers = [Transfer(1, "expert", "RA_FX", "a", 5, 5, 1, "complete", "ab", (1,))]
    (made,) = lines(Report([CaptureReport("a", "embedded", sessions=[session])]))
    ours = made["msra"]
    assert ours["session"] == {"id": 1, "messages": 3}
    assert (ours["version"], ours["security"], ours["outcome"], ours["handshake"]) == (2, "tls1.2", "failed", "failed")
    assert ours["verdict"]["frame"] == 7 and ours["verdict"]["causes"] and ours["verdict"]["next"]
    assert ours["findings"] == [{"id": "odd", "severity": "info", "text": "Odd.", "frames": list(range(20))}]
    assert ours["checks"] == [{"id": "ticket", "status": "failed", "text": "No.", "frames": [1]}]
    assert ours["controls"] == ["accepted"]
    assert ours["transfers"] == [{"file": "a", "from": "expert", "state": "complete", "bytes": 5, "sha256": "ab"}]
    assert ours["gaps"] == [{"kind": "bad_pdu", "count": 1, "bytes": 7}]


@pytest.mark.parametrize(
    ("story", "outcome", "types"),
    [
        (Story().version2().result(0), "success", ["connection", "info", "allowed"]),
        (Story().version2().result(41), "failure", ["connection", "info", "denied"]),
        (Story().version2(), "unknown", ["connection", "info"]),
        (Story().fact("unreadable", reason="keys").gap("encrypted"), "unknown", ["connection", "info"]),
    ],
)
def test_outcomes(story: Story, outcome: str, types: list[str]) -> None:
    event = line(story)["event"]
    assert (event["outcome"], event["type"]) == (outcome, types)


def test_hresults_are_written_as_people_do() -> None:
    assert line(Story().version2().result(0x80004005))["event"]["code"] == "0x80004005"
    assert "code" not in line(Story().version2())["event"]


def test_failed_connects_and_captures_that_could_not_be_read() -> None:
    attempt = Attempt(EXPERT, NOVICE, "refused", 5 * SECOND, (1, 2), "Nothing listens.")
    error, connect = lines(Report([CaptureReport("a", "", error="no file", attempts=[attempt])]))
    assert error["event"]["kind"] == "pipeline_error" and error["error"] == {"message": "no file"}
    assert error["@timestamp"] > "2026" and error["message"] == "a: no file"
    assert connect["@timestamp"] == "1970-01-01T00:00:05.000000Z" and connect["event"]["reason"] == "Nothing listens."
    assert connect["msra"] == {"connect": {"how": "refused", "frames": [1, 2]}}


def test_only_fields_of_ecs_outside_of_msra() -> None:
    made = report()
    made.captures[0].sessions.append(rich_story().session())
    made.captures[0].attempts.append(Attempt(EXPERT, NOVICE, "refused", 5, (1, 2), "Nothing listens."))
    used = {name for one in lines(made) for name in names(one)}
    assert used - {"msra"} == FIELDS


def test_text_from_the_network_survives() -> None:
    made = Story().fact("client_info", "expert", user_name=HOSTILE).version2()
    assert line(made)["source"]["user"]["name"] == HOSTILE
