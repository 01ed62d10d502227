"""All checks together: on real captures, on sessions by the book, and on anything at all."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

import msra
from msra.analysis.invitation import CHECKS, Invitation, check
from msra.analysis.invitation.case import Case
from msra.analysis.model import Check
from msra.engines.interface import Options
from msra.events import ConnectionOpened, Endpoint, Event, Message
from tests.analysis.builders import SECOND, Story
from tests.analysis.invitation.builders import (
    KH,
    LH_TEXT,
    PASS_STUB,
    PASSWORD,
    RC_TICKET,
    SESSION_ID,
    blob,
    case,
    checked,
    encrypted_stub,
    evidence,
    invitation,
    lh_ticket,
    token,
    type_1,
)

PCAPS = Path(__file__).parents[3] / "pcaps"


def statuses(found: Mapping[str, Check]) -> dict[str, str]:
    """By id, without those that can't be checked."""
    return {name: answer.status for name, answer in found.items() if answer.status != "not_checkable"}


def test_the_ids_are_stable() -> None:
    """Reports and the verdict use them."""
    assert list(CHECKS) == [
        "ticket", "expiry", "address", "port", "session_id", "expert_password", "server_key", "connection_string",
        "token",
    ]  # fmt: skip
    assert [answer.id for answer in checked(case()).values()] == list(CHECKS)


def test_every_id_is_explained() -> None:
    text = (Path(msra.__file__).parent / "analysis" / "invitation" / "checks.py").read_text("utf-8")
    explained = text.split('"""')[1]
    assert all(f"    {name}" in explained or f", {name} " in explained for name in CHECKS)


# -- sessions by the book ------------------------------------------------------------------------------------------


def version_2(password: str = PASSWORD) -> Story:
    story = Story().fact("client_info", "expert", working_dir=SESSION_ID, alternate_shell="*")
    story.say("expert", "EXPERT_ON_VISTA", encrypted_password=encrypted_stub(password=password))
    return story.say("expert", "CTL_VERIFY_PASSWORD", expert_blob=blob(password=password))


def test_version_2() -> None:
    assert statuses(checked(case(version_2()))) == {
        "ticket": "passed", "expiry": "passed", "address": "passed", "port": "passed", "session_id": "passed",
        "expert_password": "passed",
    }  # fmt: skip


def test_result_61() -> None:
    """The expert mistyped the password, and nothing else is wrong."""
    found = checked(case(version_2("48BJQ853X3B5").result(61)))
    assert [name for name, status in statuses(found).items() if status == "failed"] == ["expert_password"]
    assert found["expert_password"].frames == (3, 4)


def test_without_the_password() -> None:
    assert statuses(checked(case(version_2(), password=None))) == {
        "expiry": "passed", "address": "passed", "port": "passed", "session_id": "passed",
    }  # fmt: skip


def test_version_1() -> None:
    story = Story().fact("client_info", "expert", working_dir=SESSION_ID)
    story.say("expert", "CTL_AUTHENTICATE", ra_connection_string=RC_TICKET, expert_blob=blob())
    assert statuses(checked(case(story, made=type_1()))) == {
        "expiry": "passed", "address": "passed", "port": "passed", "session_id": "passed", "expert_password": "passed",
        "connection_string": "passed",
    }  # fmt: skip


def test_version_3() -> None:
    story = Story().say("novice", "CTL_TOKEN", token=token("NOVICE", PASSWORD[-6:], LH_TEXT))
    story.say("expert", "CTL_TOKEN", token=token("EXPERT", PASSWORD[-6:], LH_TEXT))
    assert statuses(checked(case(story)))["token"] == "passed"


def test_another_invitation() -> None:
    """Everything that names the invitation says so."""
    other = invitation(
        DtStart=0, DtLength=0, PassStub="another", RCTICKET="65538,1,10.0.0.7:1,*,other,*,*,other",
        LHTICKET=lh_ticket('<E><A KH="other" ID="other"/><C/></E>'),
    )  # fmt: skip
    story = version_2().fact("server_key", kind="proprietary", kh=KH)
    story.say("expert", "CTL_AUTHENTICATE", ra_connection_string=RC_TICKET)
    found = statuses(checked(case(story, made=other)))
    assert found.pop("ticket") == "passed"
    assert found == dict.fromkeys([name for name in CHECKS if name not in ("ticket", "token")], "failed")


# -- real captures -------------------------------------------------------------------------------------------------

REAL_ID, REAL_KH = "rb+v0oPmEISmi8N2zK/vuhgul/ABqlDt6wW0VxMyxK8=", "IuaRySSbPDNna4+2mKcsKxsbJFI="
REAL_STUB, REAL_PASSWORD = "RT=0PvIndan52*", "Password1"
PROPRIETARY_KH, TLS_KH = "UBj2KNYRfiEjpH9x47OpUzMdSsw=", "kJ68vVL7CdxndIyP12VSDPdJRwA="


def real(kh: str = REAL_KH, **attributes: object) -> Invitation:
    """The invitation of the sample captures, as their AUTHENTICATE messages repeat it."""
    ticket = f"65538,1,127.0.0.1:3389;localhost:3389,*,{REAL_ID},*,*,{kh}"
    return type_1(RCTICKET=ticket, PassStub=REAL_STUB, DtStart=1795379000, DtLength=180, **attributes)


def captured(name: str, made: Invitation | None = None, password: str | None = REAL_PASSWORD) -> dict[str, Check]:
    """The checks of the first session of a sample capture."""
    keys = tuple(PCAPS.glob(f"{name.split('.')[0]}.server.key.pem"))
    events = [e for e in msra.iter_events(PCAPS / name, "embedded", Options(rdp_keys=keys)) if e.connection == 1]
    opened = events[0]
    assert isinstance(opened, ConnectionOpened)
    found = Case(made or real(), password, evidence(events), opened.expert, opened.novice, opened.time, events[-1].time)
    return checked(found)


VERSION_2 = {
    "expiry": "passed", "address": "passed", "port": "passed", "session_id": "passed", "expert_password": "passed",
}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "v2_ok_3389.pcapng", "rich_all_types.pcapng", "tcp_tiny_v2.pcapng", "v2_err41_helpeesaidno.pcapng",
        "link_vlan.pcap", "cut_end_after_verify.pcapng",
    ],
)  # fmt: skip
def test_real_experts_of_version_2(name: str) -> None:
    """FreeRDP encrypts the PassStub as [MS-RAI] 6 says, and sends it without a BSTR count."""
    found = statuses(captured(name))
    found.pop("connection_string", None)  # rich_all_types has one of version 1, made up
    assert found == VERSION_2


@pytest.mark.parametrize("name", ["v1_ok.pcapng", "v1_err26_invalidpassword.pcapng"])
def test_real_experts_of_version_1(name: str) -> None:
    assert statuses(captured(name)) == VERSION_2 | {"connection_string": "passed"}


def test_a_real_expert_of_freerdp_3() -> None:
    found = captured("v2_ok_f3client_f2server_49230.pcapng")
    assert statuses(found) == VERSION_2 | {"port": "failed"}
    assert found["expert_password"].frames == (54, 55)


def test_the_wrong_password_for_a_real_expert() -> None:
    found = captured("v2_ok_3389.pcapng", password="Password2")
    assert statuses(found) == VERSION_2 | {"expert_password": "failed"}
    assert found["expert_password"].text == (
        "The expert used this invitation, but typed another password than the one given."
    )
    assert found["expert_password"].frames == (71, 72)


def test_an_old_invitation_for_a_real_session() -> None:
    """[MS-RAI] gives the times of these samples in 2011."""
    old = type_1(RCTICKET=RC_TICKET, PassStub=PASS_STUB, DtStart=1314905741, DtLength=180)
    assert statuses(captured("v2_ok_3389.pcapng", old)) == dict.fromkeys(VERSION_2, "failed")


@pytest.mark.parametrize(("kh", "status"), [(PROPRIETARY_KH, "passed"), (REAL_KH, "failed")])
def test_standard_rdp_security_shows_the_novice(kh: str, status: str) -> None:
    """10.99.0.1 stands in no list; a computer name does."""
    found = statuses(captured("v2_rc4_128.pcapng", real(kh)))
    expected = {name: "passed" for name in VERSION_2 if name != "address"}
    assert found == expected | {"server_key": status}


@pytest.mark.parametrize(("kh", "status"), [(TLS_KH, "passed"), (REAL_KH, "not_checkable")])
def test_tls_shows_another_certificate(kh: str, status: str) -> None:
    found = captured("v2_tls13_dsb.pcapng", real(kh))
    assert found["server_key"].status == status
    assert found["expert_password"].status == "passed"


def test_an_unreadable_session() -> None:
    """Without the key only the TCP connection is left."""
    assert statuses(captured("v2_tls13.pcapng")) == {"expiry": "passed", "address": "passed", "port": "passed"}


# -- anything at all -----------------------------------------------------------------------------------------------

KINDS = (
    "CTL_AUTHENTICATE", "CTL_REMOTE_CONTROL_DESKTOP", "EXPERT_ON_VISTA", "CTL_VERIFY_PASSWORD", "CTL_TOKEN",
)  # fmt: skip
TEXTS = (
    st.text(max_size=40)
    | st.sampled_from([RC_TICKET, LH_TEXT, SESSION_ID, KH, encrypted_stub(), blob(), blob("other"), "00" * 20, ""])
    | st.integers(0, 2**40)
)
SAMPLES = [invitation(), type_1(), invitation(RCTICKET=None), invitation(LHTICKET="x"), type_1(PassStub=None)]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story()
    fields = ("ra_connection_string", "expert_blob", "encrypted_password", "token")
    for sender, kind in draw(st.lists(st.sampled_from(list(product(("expert", "novice"), KINDS))), max_size=5)):
        story.say(sender, kind, **{name: draw(TEXTS) for name in fields if draw(st.booleans())})  # type: ignore[arg-type]
    if draw(st.booleans()):
        story.fact("client_info", "expert", working_dir=draw(TEXTS))
    if draw(st.booleans()):
        certificate = draw(st.sampled_from(["proprietary", "x509", "tls x509"]) | TEXTS)
        story.fact("server_key", kind=certificate, kh=draw(TEXTS), kh2_sha256=draw(TEXTS))
    return story


SECRETS = (PASSWORD, PASS_STUB, SESSION_ID, KH, RC_TICKET, LH_TEXT, encrypted_stub(), encrypted_stub().upper())


@given(
    stories(),
    st.sampled_from(SAMPLES),
    st.sampled_from([None, PASSWORD, "wrong", ""]) | st.text(max_size=5),
    st.sampled_from(["10.0.0.2", "::1", "fe80::1%eth0", "?", ""]),
    st.integers(0, 2**70),
)
def test_nothing_raises_and_nothing_leaks(
    story: Story, made: Invitation, password: str | None, ip: str, start: int
) -> None:
    found = case(story, made=made, password=password, novice=Endpoint(ip, 49230), start=start, end=start + SECOND)
    answers = checked(found)
    assert list(answers) == list(CHECKS)
    frames = {event.frame for event in story.events}
    for answer in answers.values():
        assert answer.status in get_args(get_type_hints(Check)["status"])
        assert answer.text.endswith(".") and answer.text.isprintable()
        assert frames.issuperset(answer.frames) and list(answer.frames) == sorted(set(answer.frames))
        assert not any(secret in answer.text for secret in SECRETS)


def test_thousands_of_messages() -> None:
    """The work, and what is shown of it, stays bounded."""
    events: list[Event] = list(version_2().events)
    for frame in range(10, 20_000):
        fields = {"encrypted_password": "00" * 32, "token": "00"}
        events += [
            Message(1, frame, SECOND, "expert", "RC_CTL", f"REMOTEDESKTOP_{kind}", fields)
            for kind in ("EXPERT_ON_VISTA", "CTL_TOKEN")
        ]
    one = case()
    answers = check(invitation(), PASSWORD, evidence(events), one.expert, one.novice, one.start, one.end)
    assert max(len(answer.frames) for answer in answers) <= 100
