"""Filters: which sessions of a report are shown. They are applied once, before any format renders the report."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple, TypeAlias, TypeVar

from msra import codes
from msra.analysis.model import Attempt, CaptureReport, Outcome, Report, SameSession, Session, SessionPlace
from msra.events import Endpoint

Address: TypeAlias = "tuple[IPv4Address | IPv6Address, int | None]"
"""An IP address, and a port or None for any."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TIME = re.compile(
    # RFC 3339 5.6; seconds and zone may be left out
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?",
    re.ASCII | re.IGNORECASE,
)
_ADDRESS = re.compile(r"\[(?P<v6>[^]]*)\](?::(?P<port6>\d+))?|(?P<v4>[^:]*):(?P<port4>\d+)|(?P<bare>.*)", re.ASCII)
_T = TypeVar("_T")


class Filters(NamedTuple):
    """What a session must have to be shown: one value of each kind that is given, and be on at the time.

    `since` and `until` are nanoseconds since 1970, UTC, both included; `codes` are the results that decided.
    """

    outcomes: frozenset[Outcome] = frozenset()
    since: int | None = None
    until: int | None = None
    addresses: tuple[Address, ...] = ()
    codes: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return self != Filters()

    def session(self, session: Session) -> bool:
        """Whether the session is shown."""
        return (
            (not self.outcomes or session.verdict.outcome in self.outcomes)
            and (not self.codes or session.verdict.result in self.codes)
            and self._time_and_place(session.start, session.end, session.expert, session.novice)
        )

    def attempt(self, attempt: Attempt) -> bool:
        """Whether the failed connect is shown: it has neither outcome nor result."""
        return not (self.outcomes or self.codes) and self._time_and_place(
            attempt.time, attempt.time, attempt.expert, attempt.novice
        )

    def _time_and_place(self, start: int, end: int, *ends: Endpoint) -> bool:
        if (self.since is not None and end < self.since) or (self.until is not None and start > self.until):
            return False
        return not self.addresses or any(_matches(one, wanted) for one in ends for wanted in self.addresses)


def select(report: Report, filters: Filters) -> tuple[Report, str]:
    """The report with the sessions that the filters let pass, and a sentence on what is left out: "" if nothing is.

    Captures that have nothing to show are left out, too, unless they could not be read; the others get a note.
    """
    if not filters:
        return report, ""
    selected: list[CaptureReport] = []
    places: dict[SessionPlace, SessionPlace] = {}
    for index, capture in enumerate(report.captures):
        kept = _capture(capture, filters)
        if kept.sessions or kept.attempts or kept.error:
            places.update({SessionPlace(index, s.id): SessionPlace(len(selected), s.id) for s in kept.sessions})
            selected.append(kept)
    sessions = sum(len(capture.sessions) for capture in report.captures)
    return Report(selected, list(_same(report.same, places))), left_out(sessions - len(places), sessions)


def _capture(capture: CaptureReport, filters: Filters) -> CaptureReport:
    sessions = [session for session in capture.sessions if filters.session(session)]
    left = left_out(len(capture.sessions) - len(sessions), len(capture.sessions))
    return replace(
        capture,
        sessions=sessions,
        attempts=[attempt for attempt in capture.attempts if filters.attempt(attempt)],
        notes=[*capture.notes, left] if left else capture.notes,
    )


def left_out(number: int, of: int) -> str:
    """The sentence on it; "" for none."""
    verb = "is" if number == 1 else "are"
    return f"{number} of {of} sessions {verb} left out by the filters" if number else ""


def _same(groups: Sequence[SameSession], places: Mapping[SessionPlace, SessionPlace]) -> Iterator[SameSession]:
    """The groups with what is left of them, at their new places."""
    for group in groups:
        left = tuple(places[place] for place in group.places if place in places)
        differences = tuple(
            replace(
                difference,
                first=places[difference.first],
                second=places[difference.second],
                one_sided=tuple(replace(one, place=places[one.place]) for one in difference.one_sided),
            )
            for difference in group.differences
            if difference.first in places and difference.second in places
        )
        if len(left) > 1:
            yield SameSession(left, differences)


def _matches(endpoint: Endpoint, wanted: Address) -> bool:
    address, port = wanted
    try:
        return ip_address(endpoint.ip) == address and port in (None, endpoint.port)
    except ValueError:
        return False


def outcomes(text: str) -> frozenset[Outcome]:
    """`failed,refused`; raises ValueError."""
    try:
        return frozenset(Outcome(name.strip().lower()) for name in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r}: outcomes are {', '.join(one.value for one in Outcome)}") from None


def instant(text: str) -> int:
    """Nanoseconds since 1970 of a time; UTC if it names no zone. Raises ValueError."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r}: times are written 2026-11-22T20:32:31Z or '2026-11-22 20:32' (UTC)")
    day, minute, second, fraction, zone = match.groups()
    zone = "+00:00" if zone in (None, "Z", "z") else zone
    try:
        when = datetime.fromisoformat(f"{day}T{minute}:{second or '00'}{zone}")
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    return (when - _EPOCH) // timedelta(seconds=1) * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))


def address(text: str) -> Address:
    """`10.0.0.1`, `10.0.0.1:3389`, `fe80::1` or `[fe80::1]:3389`; raises ValueError."""
    match = _ADDRESS.fullmatch(text.strip())
    parts = match.groupdict() if match else {}
    host = parts.get("v6") or parts.get("v4") or parts.get("bare") or ""
    digits = parts.get("port6") or parts.get("port4")
    try:
        if digits is not None and not 1 <= int(digits[:6]) <= 65535:
            raise ValueError(digits)
        return ip_address(host), None if digits is None else int(digits)
    except ValueError:
        raise ValueError(f"{text!r}: addresses are written 10.0.0.1, 10.0.0.1:3389 or [fe80::1]:3389") from None


def code(text: str) -> int:
    """The value of a result code, from its number or name; raises ValueError."""
    found = codes.find(text)
    if found is None:
        close = codes.suggest(text)
        raise ValueError(f"{text!r} is no result code" + (f"; perhaps {' or '.join(close)}" if close else ""))
    return found.value


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the filters; several of one kind widen it, different kinds narrow each other."""
    add = parser.add_argument_group(
        "filters", "Only these sessions, in every format. Times without a zone are UTC."
    ).add_argument
    add(
        "--only",
        type=_option(outcomes),
        action="append",
        default=[],
        metavar="OUTCOME",
        help=f"{', '.join(one.value for one in Outcome)}; several with commas, or given several times",
    )
    add(
        "--since", type=_option(instant), metavar="TIME", help="on at or after 2026-11-22T20:32:31Z, '2026-11-22 20:32'"
    )
    add("--until", type=_option(instant), metavar="TIME", help="on at or before this time; the same forms")
    add(
        "--address",
        type=_option(address),
        action="append",
        default=[],
        metavar="IP[:PORT]",
        help="with this expert or novice; may be given several times",
    )
    add(
        "--code",
        type=_option(code),
        action="append",
        default=[],
        metavar="CODE",
        help="decided by this result: 41, 0x80004005 or HELPEESAIDNO; may be given several times",
    )


def from_options(arguments: argparse.Namespace) -> Filters:
    """The filters that the options of :func:`add_options` ask for."""
    return Filters(
        outcomes=frozenset().union(*arguments.only),
        since=arguments.since,
        until=arguments.until,
        addresses=tuple(arguments.address),
        codes=frozenset(arguments.code),
    )


def _option(parse: Callable[[str], _T]) -> Callable[[str], _T]:
    """For argparse, which shows the sentences of its own error only."""

    def parsed(text: str) -> _T:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parsed
