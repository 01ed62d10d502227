"""When and where: validity by two clocks, addresses that may be names or behind NAT, ports."""

from __future__ import annotations

import pytest

from msra.analysis.invitation.file import Invitation
from msra.analysis.invitation.place import expiry, novice_address, port, span
from msra.events import Endpoint
from tests.analysis.builders import SECOND, Story
from tests.analysis.invitation.builders import MINUTES, case, invitation, lh_ticket, type_1

END = (1 + 60 * MINUTES) * SECOND


@pytest.mark.parametrize(
    ("start", "status", "text"),
    [
        (0, "failed", "began 1 s before the invitation was made"),
        (SECOND - 1, "failed", "began 0 s before"),
        (SECOND, "passed", "began 0 s after the invitation was made, which is valid for 6 h 0 min"),
        (3 * 60 * SECOND, "passed", "began 2 min 59 s after the invitation was made"),
        (END, "passed", "began 6 h 0 min after"),
        (END + 1, "failed", "began 0 s after the invitation had expired"),
        (END + 100 * 3600 * SECOND, "failed", "began 4 days after the invitation had expired"),
    ],
)
def test_expiry(start: int, status: str, text: str) -> None:
    answer = expiry(case(Story().result(0), start=start, end=start))
    assert answer.status == status and text in answer.text
    assert answer.frames == (2,)


def test_a_session_may_outlive_its_invitation() -> None:
    answer = expiry(case(start=END, end=END + 1))
    assert answer.status == "passed" and "It went on after that" in answer.text
    assert "went on" not in expiry(case(start=END, end=END)).text


@pytest.mark.parametrize("missing", ["DtStart", "DtLength"])
def test_an_invitation_without_times(missing: str) -> None:
    assert expiry(case(made=invitation(**{missing: None}))).status == "not_checkable"


def test_the_longest_times() -> None:
    """Some programs write the largest number for "for ever"."""
    assert expiry(case(made=invitation(DtLength=2**31 - 1))).status == "passed"
    assert expiry(case(made=invitation(DtStart=9_999_999_999, DtLength=9_999_999_999))).status == "failed"


RC = "65538,1,{},*,i,*,*,k"
NAMES = type_1(RCTICKET=RC.format("192.168.1.65:3389;jeff_xp:3389"))
ADDRESSES = type_1(RCTICKET=RC.format("192.168.1.65:3389"))


@pytest.mark.parametrize(
    ("ip", "made", "password", "status", "text"),
    [
        ("10.0.0.2", invitation(), None, "passed", "lists"),
        ("fe80::3d8f:9b2d:6b4e:6aa", invitation(), "48BJQ853X3B4", "passed", "lists"),
        (
            "fe80::3d8f:9b2d:6b4e:6aa",
            invitation(),
            None,
            "not_checkable",
            "(LHTICKET), which may have more, is not open",
        ),
        ("203.0.113.9", invitation(), "wrong", "not_checkable", "is not open"),
        ("203.0.113.9", invitation(), "48BJQ853X3B4", "failed", "NAT"),
        ("203.0.113.9", ADDRESSES, None, "failed", "NAT"),
        ("203.0.113.9", NAMES, None, "not_checkable", "computer names"),
        ("192.168.1.65", NAMES, None, "passed", "lists"),
        ("::ffff:192.168.1.65", ADDRESSES, None, "passed", "lists"),
        ("192.168.1.65", type_1(RCTICKET=RC.format("")), None, "not_checkable", "no addresses"),
        ("", ADDRESSES, None, "not_checkable", "no addresses"),
    ],
)
def test_address(ip: str, made: Invitation, password: str | None, status: str, text: str) -> None:
    answer = novice_address(case(Story().result(0), made=made, password=password, novice=Endpoint(ip, 1)))
    assert answer.status == status and text in answer.text


@pytest.mark.parametrize(
    ("novice", "made", "password", "status", "text"),
    [
        (Endpoint("10.0.0.2", 49230), invitation(), None, "passed", "names"),
        (Endpoint("203.0.113.9", 49231), invitation(), None, "passed", "names"),  # by way of NAT
        (
            Endpoint("10.0.0.2", 49231),
            invitation(),
            "48BJQ853X3B4",
            "failed",
            "port 49231, and the invitation names 49230",
        ),
        (Endpoint("203.0.113.9", 1), invitation(), "48BJQ853X3B4", "failed", "names 49229, 49230 and 49231"),
        (Endpoint("203.0.113.9", 49229), invitation(), None, "not_checkable", "is not open"),
        (Endpoint("192.168.1.65", 3390), NAMES, None, "failed", "names 3389"),
        (Endpoint("192.168.1.65", 1), type_1(RCTICKET=RC.format("")), None, "not_checkable", "names no port"),
        (Endpoint("192.168.1.65", 1), type_1(RCTICKET=RC.format("jeff;a:5")), None, "not_checkable", "names no port"),
    ],
)
def test_port(novice: Endpoint, made: Invitation, password: str | None, status: str, text: str) -> None:
    answer = port(case(made=made, password=password, novice=novice))
    assert answer.status == status and text in answer.text


def test_web_sockets_have_no_port() -> None:
    made = invitation(RCTICKET=None, LHTICKET=lh_ticket('<E><A/><C><T><L N="10.0.0.2" U="wss://pc:443/"/></T></C></E>'))
    assert port(case(made=made)).status == "not_checkable"
    assert novice_address(case(made=made)).status == "passed"


def test_many_ports_are_not_all_listed() -> None:
    many = type_1(RCTICKET=RC.format(";".join(f"10.0.0.2:{number}" for number in range(1000, 3000))))
    answer = port(case(made=many))
    assert answer.status == "failed" and len(answer.text) < 300


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.9, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min"),
        (47 * 3600, "47 h 0 min"), (49 * 3600, "2 days"), (10**10, "115740 days"),
    ],
)  # fmt: skip
def test_spans(seconds: float, text: str) -> None:
    assert span(int(seconds * SECOND)) == text
