"""The profile "Remote Assistance": what it colours, filters and shows, as Wireshark reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from msra import plugin
from tests.dissector.conversation import EXPERT, NOVICE, Conversation, chat, text
from tests.dissector.tshark import PCAPS, SOURCE, Sandbox
from tests.transport import builders as rdp
from tests.wire import Talk

PROFILE = SOURCE / "profile"
RICH, TLS, REFUSED = PCAPS / "rich_all_types.pcapng", PCAPS / "v2_tls13.pcapng", PCAPS / "v2_err41_helpeesaidno.pcapng"
LOADED = ("-C", plugin.PROFILE)


@pytest.fixture(scope="module")
def installed() -> Iterator[Sandbox]:
    """Plugin and profile where `analyze-pcap --install-plugin` puts them."""
    with Sandbox() as sandbox:
        said, _ = sandbox.run(["-G", "folders"])
        found = {label: path.strip() for label, _, path in (line.partition(":") for line in said.splitlines())}
        folders = plugin.Folders(
            sandbox.home / found["Personal Lua Plugins"].split("/home/", 1)[1],
            sandbox.home / found["Personal configuration"].split("/home/", 1)[1],
        )
        plugin.install(folders)
        sandbox.own()
        yield sandbox


def colours(sandbox: Sandbox, capture: object, filter_: str) -> set[str]:
    """The names of the colouring rules of these frames."""
    output = ["--color", "-T", "fields", "-e", "frame.coloring_rule.name", "-Y", filter_]
    said = sandbox.tshark(capture, *LOADED, *output, script=False)  # type: ignore[arg-type]
    return {line.removeprefix("Remote Assistance: ") for line in re.sub("\x1b[^m]*m", "", said).splitlines()}


@pytest.mark.parametrize(
    ("capture", "filter_", "expected"),
    [
        (RICH, "msra.result", {"succeeded"}),
        (REFUSED, "msra.result == 41", {"refused by the novice's user"}),
        (PCAPS / "v2_err61_passwords_dont_match.pcapng", "msra.result", {"failed"}),
        (PCAPS / "v2_err_80004005_efail.pcapng", "msra.result", {"failed"}),
        (RICH, 'msra.type == "CHAT"', {"chat"}),
        (RICH, "frame.number in {123, 125, 128, 130, 131, 135}", {"files"}),
        (RICH, "frame.number in {112, 113, 157, 159}", {"share control"}),
        (RICH, 'msra.type == "REMOTEDESKTOP_CTL_VERSIONINFO"', {"another message"}),
        (RICH, "msra_rdp && !msra", {"the connection around it"}),
        (TLS, "msra_rdp.gap", {"not readable"}),
    ],
)
def test_colours(installed: Sandbox, capture: object, filter_: str, expected: set[str]) -> None:
    """By outcome first, then by what it is."""
    assert colours(installed, capture, filter_) == expected


def test_malformed_messages_are_coloured(installed: Sandbox) -> None:
    malformed = rdp.ra_message("71", text("<RCCOMMAND"))
    capture = Conversation().connect().message(EXPERT, malformed).message(NOVICE, chat("a")).capture()
    assert colours(installed, capture, "msra") == {"malformed", "chat"}


def test_columns(installed: Sandbox) -> None:
    """From, type and result stand between the addresses and the line about the message."""
    said = installed.tshark(REFUSED, *LOADED, "-Y", "msra.result", "-T", "tabs", script=False)
    row = [cell.strip() for cell in said.splitlines()[-1].split("\t")]
    assert row[5:] == [
        "MS-RA", "novice", "REMOTEDESKTOP_CTL_RESULT", "SAFERROR_HELPEESAIDNO",
        "REMOTEDESKTOP_CTL_RESULT: SAFERROR_HELPEESAIDNO (41)",
    ]  # fmt: skip


def buttons() -> dict[str, str]:
    """The filters of the buttons by their labels."""
    rows = re.findall(r'^"TRUE","([^"]*)","([^"]*)","[^"]*"$', (PROFILE / "dfilter_buttons").read_text(), re.MULTILINE)
    return {label: filter_.replace(r"\x22", '"') for label, filter_ in rows}


FOUND = {
    # label: capture, frames that the button shows
    "Remote Assistance": (REFUSED, 4),
    "Failures": (REFUSED, 1),
    "Control": (RICH, 4),
    "Chat": (RICH, 4),
    "Files": (RICH, 11),
    "Not readable": (PCAPS / "v2_rc4_128_stock2117.pcapng", 17),
}


def test_every_button_has_its_test() -> None:
    assert list(buttons()) == list(FOUND)


@pytest.mark.parametrize("label", FOUND)
def test_buttons(installed: Sandbox, label: str) -> None:
    capture, frames = FOUND[label]
    said = installed.tshark(capture, *LOADED, "-Y", buttons()[label], script=False)
    assert len(said.splitlines()) == frames


def test_wireshark_reads_all_of_it(installed: Sandbox) -> None:
    """A file with a mistake is a line on standard error, and the rest of the file is not read."""
    _, errors = installed.run(["-n", *LOADED, "-r", str(installed.capture(REFUSED)), "-c", "1"])
    assert not [line for line in errors.splitlines() if "Running as user" not in line]


def test_segments_out_of_order(installed: Sandbox) -> None:
    """Wireshark's own settings lose a message there; the profile's don't."""
    capture = str(installed.capture(PCAPS / "tcp_out_of_order.pcap"))
    found = {
        name: installed.run(["-n", *profile, "-r", capture, "-T", "fields", "-e", "msra.type"])[0].count(
            "REMOTEDESKTOP"
        )
        for name, profile in (("default", ()), ("ours", LOADED))
    }
    assert found["ours"] == 4 > found["default"]


def test_rdp_is_found_on_ports_of_other_protocols(installed: Sandbox) -> None:
    talk = Conversation(talk=Talk(server_port=8080)).connect("remdesk").message(NOVICE, rdp.result(41))
    found = [installed.tshark(talk.capture(), *more, "-Y", "msra.result == 41", script=False) for more in (LOADED, ())]
    assert found[0] and not found[1]
