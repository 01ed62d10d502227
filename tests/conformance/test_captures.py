"""Every real capture yields exactly the messages that are truly in it, with both engines, and the same events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from msra.analysis.model import CaptureReport
from msra.analyzer import EngineName, analyze, iter_events
from msra.engines.interface import Options
from msra.engines.own_pass import ONLY_OURS
from msra.events import ConnectionOpened, Event, Fact, Gap, Message
from tests.analysis.test_as_dict import valid
from tests.conformance.expected import PCAPS, Expected, comparable, load

ENGINES: tuple[EngineName, ...] = ("embedded", "tshark")
CAPTURES = load()


@dataclass(frozen=True)
class Case:
    """A capture, and one way to open it."""

    capture: Expected
    key: str | None = None

    def __str__(self) -> str:
        return f"{self.capture.file}-{self.key}" if self.key else self.capture.file

    @property
    def options(self) -> Options:
        path = PCAPS / self.capture.keys[self.key] if self.key else None
        return Options(keylog=path) if self.key == "keylog" else Options(rdp_keys=(path,) if path else ())


CASES = [Case(capture, key) for capture in CAPTURES for key in (capture.keys or [None])]
LOCKED = [Case(capture) for capture in CAPTURES if capture.keys]


@cache
def report(case: Case, engine: EngineName) -> CaptureReport:
    return analyze(case.capture.path, engine=engine, options=case.options)


@cache
def events(case: Case, engine: EngineName) -> tuple[Event, ...]:
    return tuple(iter_events(case.capture.path, engine=engine, options=case.options))


def sessions(case: Case, engine: EngineName) -> list[dict[str, Any]]:
    document = valid(report(case, engine).to_dict())
    (found,) = document["captures"]
    assert found["error"] is None
    return found["sessions"]  # type: ignore[no-any-return]


def in_order(found: tuple[Event, ...], kind: type[Event]) -> list[Event]:
    """The events of one kind by frame: behind lost bytes they become known late.

    Facts that only the embedded engine knows come to both from it.
    """
    kept = (event for event in found if isinstance(event, kind) and getattr(event, "name", None) not in ONLY_OURS)
    return sorted(kept, key=lambda event: event.frame)


def contains_in_order(got: list[Any], wanted: list[Any]) -> bool:
    remaining = iter(got)
    return all(any(one == want for one in remaining) for want in wanted)


def test_every_kind_is_there() -> None:
    assert (len(CAPTURES), len(CASES), len(LOCKED)) == (34, 35, 5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_messages(case: Case, engine: EngineName) -> None:
    got, capture = sessions(case, engine), case.capture
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
@pytest.mark.parametrize("case", LOCKED, ids=str)
def test_encrypted_captures_are_unreadable_without_keys(case: Case, engine: EngineName) -> None:
    (session,) = sessions(case, engine)
    assert (session["outcome"], session["security"], session["events"]) == ("unreadable", case.capture.security, [])
    assert {gap["kind"] for gap in session["gaps"]} == {"encrypted"}
    missing = "key log that holds client random" if "tls" in case.capture.security else "public key in the capture has"
    assert missing in session["advice"]


# Where the engines differ, and why; the README's engine table says the same.
DIFFERENT_GAPS = {
    "v2_tls13.pcapng": "the plugin leaves out the records of TLS 1.3 itself, which look like data without keys",
    "link_snaplen128.pcap": "tshark does not tell the plugin what remains of a PDU that the capture cut off",
}


@pytest.mark.parametrize("case", [*CASES, *LOCKED], ids=str)
def test_the_engines_agree(case: Case) -> None:
    embedded, tshark = events(case, "embedded"), events(case, "tshark")
    for kind in (ConnectionOpened, Message, Fact):
        assert in_order(tshark, kind) == in_order(embedded, kind)
    gaps = [in_order(both, Gap) for both in (tshark, embedded)]
    if case.capture.file in DIFFERENT_GAPS and not case.key:
        assert gaps[0] != gaps[1], "the engines agree now: take this capture off the list"
    else:
        assert gaps[0] == gaps[1]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_reports_agree_on_the_capture(case: Case) -> None:
    embedded, tshark = report(case, "embedded"), report(case, "tshark")
    assert (embedded.packets, embedded.notes) == (tshark.packets, tshark.notes)
    assert embedded.rdp_connections == tshark.rdp_connections
