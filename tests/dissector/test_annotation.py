"""What the plugin concludes: which message answers which, the protocol version, how the session ended."""

from __future__ import annotations

import struct

import pytest

from tests.dissector.conversation import ENCOMSP, EXPERT, NOVICE, Conversation, chat, text
from tests.dissector.tshark import PCAPS, Layer, Sandbox
from tests.transport import builders as rdp


def control(number: int, body: bytes = b"") -> bytes:
    """A control message."""
    return rdp.ra_message("RC_CTL", struct.pack("<I", number) + body)


VERSION = control(6, struct.pack("<II", 1, 2))
AUTHENTICATE = control(3, text("cs") + text("3;A=B"))
REMOTE_CONTROL = control(1, text("cs"))
ON_VISTA, VERIFY = control(9, bytes(32)), control(8, text("3;A=B"))
TOKEN = control(12, b"token")


def answers(layers: list[Layer]) -> list[tuple[int | None, int | None]]:
    """Of each message the frames response_to and response_in."""
    return [(one.number("response_to"), one.number("response_in")) for one in layers]


def test_answers_of_version_1(sandbox: Sandbox) -> None:
    """Both requests may come before the first RESULT: the oldest is answered first. The answer to a message is known
    when the capture was read once.
    """
    talk = Conversation().connect().message(EXPERT, AUTHENTICATE).message(EXPERT, REMOTE_CONTROL)
    talk.message(NOVICE, rdp.result(0)).message(NOVICE, rdp.result(41)).message(NOVICE, rdp.result(3))
    first, second = (sandbox.messages(talk.capture(), *passes) for passes in ((), ("-2",)))
    a, b, c, d, _ = [one.frame for one in first]
    assert answers(first) == [(None, None), (None, None), (a, None), (b, None), (None, None)]
    assert answers(second) == [(None, c), (None, d), (a, None), (b, None), (None, None)]
    assert {one.get("final_result") for one in first} == {None}
    assert {one.number("final_result") for one in second} == {3}


def test_only_the_other_side_answers(sandbox: Sandbox) -> None:
    """A RESULT of the expert is no answer to the expert, and other connections don't count."""
    talk = Conversation().connect().message(EXPERT, VERIFY).message(EXPERT, rdp.result(9))
    layers = sandbox.messages(talk.message(NOVICE, rdp.result(0)).capture(), "-2")
    assert answers(layers) == [(None, layers[2].frame), (None, None), (layers[0].frame, None)]


def test_response_time(sandbox: Sandbox) -> None:
    """The time between the two frames, as Wireshark has it."""
    capture = PCAPS / "v2_err61_passwords_dont_match.pcapng"
    times = sandbox.tshark(capture, "-Y", "msra", "-T", "fields", "-e", "frame.time_relative", "-e", "msra.type")
    rows = [line.split("\t") for line in times.splitlines()]
    by_type = {kind: float(time) for time, kind in rows}
    (result,) = [one for one in sandbox.messages(capture) if one.get("response_to")]
    expected = by_type["REMOTEDESKTOP_CTL_RESULT"] - by_type["REMOTEDESKTOP_CTL_VERIFY_PASSWORD"]
    assert float(result.get("response_time") or "") == pytest.approx(expected, abs=2e-6)


VERSIONS = {
    "VERSIONINFO of the novice says nothing": ([(NOVICE, VERSION)], [None]),
    "VERSIONINFO of the expert": ([(NOVICE, VERSION), (EXPERT, VERSION), (NOVICE, chat("a"))], [None, 1, 1]),
    "AUTHENTICATE": ([(EXPERT, AUTHENTICATE)], [1]),
    "EXPERT_ON_VISTA": ([(NOVICE, VERSION), (EXPERT, ON_VISTA), (EXPERT, VERIFY)], [None, 2, 2]),
    "TOKEN": ([(NOVICE, TOKEN), (EXPERT, TOKEN)], [3, 3]),
    "VERIFY_PASSWORD is of version 2": ([(NOVICE, VERSION), (EXPERT, VERIFY)], [None, 2]),
    "REMOTE_CONTROL_DESKTOP is of version 1": ([(EXPERT, REMOTE_CONTROL)], [1]),
    "what decides the version overrules those": (
        [(EXPERT, VERIFY), (EXPERT, AUTHENTICATE), (EXPERT, VERIFY)],
        [2, 1, 1],
    ),
    "it never changes": ([(EXPERT, ON_VISTA), (EXPERT, AUTHENTICATE), (EXPERT, TOKEN)], [2, 2, 2]),
}


@pytest.mark.parametrize("case", VERSIONS)
def test_versions(sandbox: Sandbox, case: str) -> None:
    """[MS-RA] 3: the first message that tells decides. It is the first session."""
    messages, expected = VERSIONS[case]
    talk = Conversation().connect()
    for sender, message in messages:
        talk.message(sender, message)
    for passes in ((), ("-2",)):
        layers = sandbox.messages(talk.capture(), *passes)
        assert [one.number("version") for one in layers] == expected
        assert {one.number("session") for one in layers} == {1}


@pytest.mark.parametrize(
    ("code", "other"),
    [(26, ON_VISTA), (47, ON_VISTA), (61, AUTHENTICATE), (26, None), (61, None), (0, AUTHENTICATE),
     (0x80004005, ON_VISTA), (26, AUTHENTICATE), (61, ON_VISTA), (61, TOKEN)],
)  # fmt: skip
def test_result_of_other_version(sandbox: Sandbox, code: int, other: bytes | None) -> None:
    """26 and 47 belong to version 1, 61 to version 2; without a known version nothing is said, nor about HRESULTs."""
    talk = Conversation().connect()
    if other:
        talk.message(EXPERT, other)
    layer = sandbox.messages(talk.message(NOVICE, rdp.result(code)).capture())[-1]
    expected = (code, other) in [(26, ON_VISTA), (47, ON_VISTA), (61, AUTHENTICATE)]
    assert ("result_of_other_version" in layer.experts) == expected


def test_a_flood_of_requests(sandbox: Sandbox) -> None:
    """Requests that nobody answers are not kept for ever."""
    talk = Conversation().connect()
    for _ in range(40):
        talk.message(EXPERT, VERIFY)
    for _ in range(40):
        talk.message(NOVICE, rdp.result(0))
    assert sum(one.get("response_to") is not None for one in sandbox.messages(talk.capture())) == 16


@pytest.mark.parametrize("passes", [(), ("-2",)])
def test_progress_of_file_transfers(sandbox: Sandbox, passes: tuple[str, ...]) -> None:
    """State, name, bytes so far and of how many, on each message of the file's channel; nothing without a transfer."""
    layers = sandbox.messages(PCAPS / "rich_all_types.pcapng", *passes)
    names = ("state", "filename", "received", "size")
    rows = [tuple(one.get(f"transfer.{name}") for name in names) for one in layers if one.get("transfer.state")]
    assert rows == [
        ("accepted", "notes.bin", "0", "4137"), ("running", "notes.bin", "3000", "4137"),
        ("running", "notes.bin", "4137", "4137"), ("ended", "notes.bin", "4137", "4137"),
        ("rejected", "secret.txt", "0", "12"), ("accepted", "big.log", "0", "5000"),
        ("running", "big.log", "5000", "5000"), ("ended", "big.log", "5000", "5000"),
    ]  # fmt: skip
    lonely = Conversation().connect().message(EXPERT, rdp.ra_message("RA_FX", text("FILEXFEREND")))
    assert sandbox.messages(lonely.capture(), *passes)[0].get("transfer.state") is None


def test_names_of_flags(sandbox: Sandbox) -> None:
    """Who may view and interact is told in words, in the tree and in the column."""
    flags = struct.pack("<HHIIHH", 8, 18, 2, 1, 0x8007, 0)
    capture = Conversation().connect().message(NOVICE, flags, ENCOMSP).capture()
    said = sandbox.tshark(capture, "-V", "-Y", "msra", "-O", "msra")
    assert "Flags: 32775 (0x8007) MAY_VIEW+MAY_INTERACT+IS_PARTICIPANT\n" in said
    info = sandbox.tshark(capture, "-Y", "msra")
    assert info.endswith("OD_PARTICIPANT_CREATED: MAY_VIEW+MAY_INTERACT+IS_PARTICIPANT\n")
