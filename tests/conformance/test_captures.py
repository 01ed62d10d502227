"""Every real capture yields exactly the messages that are truly in it, with both engines, and the same events."""

from __future__ import annotations

import json
from functools import cache

import pytest

from msra.analysis.model import CaptureReport, Report
from msra.analyzer import analyze, iter_events
from msra.events import ConnectionOpened, Event, Fact, Gap, Message
from msra.report.data import report_dict
from tests.conformance.expected import Expected, comparable, load

CAPTURES = load()
ENCRYPTED = [e for e in CAPTURES if e.security != "none"]
COMPRESSED = [e for e in CAPTURES if e.file.startswith("comp_shared")]
READABLE = [e for e in CAPTURES if e not in ENCRYPTED and e not in COMPRESSED]
ENGINES = ("embedded", "tshark")


@cache
def report(capture: Expected, engine: str) -> CaptureReport:
    return analyze(capture.path, engine=engine)  # type: ignore[arg-type]


@cache
def events(capture: Expected, engine: str) -> tuple[Event, ...]:
    return tuple(iter_events(capture.path, engine=engine))  # type: ignore[arg-type]


def sessions(capture: Expected, engine: str) -> list[dict]:  # type: ignore[type-arg]
    found = report_dict(Report([report(capture, engine)]))["captures"][0]
    assert found["error"] is None
    return json.loads(json.dumps(found["sessions"]))  # type: ignore[no-any-return]


def in_order(found: tuple[Event, ...], kind: type[Event]) -> list[Event]:
    """The events of one kind by frame: behind lost bytes they become known late."""
    return sorted((event for event in found if isinstance(event, kind)), key=lambda event: event.frame)


def contains_in_order(got: list[object], wanted: list[object]) -> bool:
    remaining = iter(got)
    return all(any(one == want for one in remaining) for want in wanted)


def test_every_kind_is_there() -> None:
    assert (len(READABLE), len(ENCRYPTED), len(COMPRESSED)) == (26, 6, 2)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("capture", READABLE, ids=str)
def test_messages(capture: Expected, engine: str) -> None:
    got = sessions(capture, engine)
    assert len(got) == len(capture.sessions)
    for session, wanted in zip(got, capture.sessions, strict=True):
        if capture.at_least:
            messages = [comparable(event, want) for want in wanted for event in session["events"]]
            assert contains_in_order(messages, wanted)
            assert session["gaps"], "what is missing must show as gaps"
        else:
            assert len(session["events"]) == len(wanted)
            assert [comparable(e, w) for e, w in zip(session["events"], wanted, strict=True)] == wanted
        assert session["security"] == capture.security


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("capture", [e for e in ENCRYPTED if "dsb" not in e.file], ids=str)
def test_encrypted_captures_are_unreadable_without_keys(capture: Expected, engine: str) -> None:
    (session,) = sessions(capture, engine)
    assert (session["outcome"], session["security"], session["events"]) == ("unreadable", capture.security, [])
    assert session["gaps"] and {gap["kind"] for gap in session["gaps"]} == {"encrypted"}
    assert session["advice"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("capture", COMPRESSED, ids=str)
def test_compressed_captures_say_so(capture: Expected, engine: str) -> None:
    (session,) = sessions(capture, engine)
    assert session["outcome"] == "unreadable" and "compress" in session["summary"]
    assert "compressed" in {gap["kind"] for gap in session["gaps"]}


# Where the engines differ, and why; the README's engine table says the same.
DIFFERENT_GAPS = {
    "v2_tls13.pcapng": "the plugin leaves out the records of TLS 1.3 itself, which look like data without keys",
    "link_snaplen128.pcap": "tshark does not tell the plugin what remains of a PDU that the capture cut off",
}


@pytest.mark.parametrize("capture", [e for e in CAPTURES if "dsb" not in e.file], ids=str)
def test_the_engines_agree(capture: Expected) -> None:
    embedded, tshark = events(capture, "embedded"), events(capture, "tshark")
    for kind in (ConnectionOpened, Message, Fact):
        assert in_order(tshark, kind) == in_order(embedded, kind)
    gaps = [in_order(both, Gap) for both in (tshark, embedded)]
    if capture.file in DIFFERENT_GAPS:
        assert gaps[0] != gaps[1], "the engines agree now: take this capture off the list"
    else:
        assert gaps[0] == gaps[1]


@pytest.mark.parametrize("capture", CAPTURES, ids=str)
def test_reports_agree_on_the_capture(capture: Expected) -> None:
    embedded, tshark = report(capture, "embedded"), report(capture, "tshark")
    assert (embedded.packets, embedded.notes) == (tshark.packets, tshark.notes)
    assert embedded.rdp_connections == tshark.rdp_connections
