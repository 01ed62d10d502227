"""No secret leaves unasked by any way out: each place where one can be, in every format, in every code.

Secrets are what opens a session or something else: passwords, what is made of them, connection strings, tokens, keys,
and the contents of files. What people say in the chat, and their names, are what reports are about.
"""

from __future__ import annotations

import base64
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from msra.build import activation
from msra.build.invitation import Invitation
from msra.cli import DETAILS, FORMATS, main
from msra.layers import (
    MSRA_Authenticate,
    MSRA_Ctl,
    MSRA_ExpertOnVista,
    MSRA_RemoteControlDesktop,
    MSRA_Token,
    MSRA_VerifyPassword,
    bstr,
)
from tests.conformance.expected import PCAPS
from tests.dissector.conversation import EXPERT, NOVICE, Conversation, text
from tests.transport import builders as rdp
from tests.wire import Talk

PLANTS = (
    # where a secret is; each has one of its own, and none is a part of another
    "client_info.password", "client_info.alternate_shell", "expert_on_vista.encrypted_password",
    "verify_password.expert_blob", "authenticate.ra_connection_string", "authenticate.expert_blob",
    "remote_control_desktop.ra_connection_string", "token.token", "trailing.data", "damaged.data", "cut.data",
    "rccommand.voipgokey", "malformed.voipgokey", "file.content",
)  # fmt: skip
NEVER_SHOWN = {"file.content"}
"""Also not with --show-secrets: --extract saves the files."""


def secret(place: str) -> str:
    """Twenty letters, which no code has to escape; 32 bytes or more as UTF-16."""
    return "".join(
        chr(97 + (sum(map(ord, place)) * (number + 3) ** 3 + len(place) * number) % 26) for number in range(20)
    )


def control(layer: object, more: bytes = b"") -> bytes:
    return rdp.ra_message("RC_CTL", bytes(MSRA_Ctl() / layer) + more)  # type: ignore[operator]


def capture(port: int = 49230) -> bytes:
    """A session with all of them."""
    plant = {place: secret(place) for place in PLANTS}
    talk = Conversation(talk=Talk(server_port=port)).connect("remdesk")
    info = activation.client_info(
        "Eve", "the session", plant["client_info.alternate_shell"], plant["client_info.password"]
    )
    blob = f"8;NAME=Eve25;PASS={plant['verify_password.expert_blob']}"
    vista = control(
        MSRA_ExpertOnVista(
            encrypted_password=bstr(plant["expert_on_vista.encrypted_password"].encode().ljust(32, b"."))
        )
    )
    said = (
        (EXPERT, vista),
        (EXPERT, control(MSRA_VerifyPassword(expert_blob=blob), text(plant["trailing.data"]))),
        (EXPERT, control(MSRA_Authenticate(
            ra_connection_string=f"65538,1,{plant['authenticate.ra_connection_string']}",
            expert_blob=f"25;PASS={plant['authenticate.expert_blob']}",
        ))),
        (EXPERT, control(MSRA_RemoteControlDesktop(
            ra_connection_string=f"65538,1,{plant['remote_control_desktop.ra_connection_string']}"
        ))),
        (EXPERT, control(MSRA_Token(token=bstr(plant["token.token"].encode())))),
        (EXPERT, rdp.ra_message("RC_CTl", b"\x08\0\0\0" + text(plant["damaged.data"]))),
        (EXPERT, rdp.ra_message("RC_CTL", b"\x63\0\0\0" + text(plant["cut.data"]))),
        (NOVICE, command(f'<RCCOMMAND NAME="VOIPGO" VOIPGOKEY="{plant["rccommand.voipgokey"]}"/>')),
        (NOVICE, command(f'<RCCOMMAND NAME="VOIPGO" VOIPGOKEY="{plant["malformed.voipgokey"]}')),
        (EXPERT, command('<RCCOMMAND NAME="FILEXFER" FILENAME="notes.txt" FILESIZE="20" CHANNELID="RA_FX"/>')),
        (NOVICE, rdp.ra_message("RA_FX", text("FILEXFERACK"))),
        (EXPERT, rdp.ra_message("RA_FX", plant["file.content"].encode())),
        (EXPERT, rdp.ra_message("RA_FX", text("FILEXFEREND"))),
        (NOVICE, rdp.result(61)),
    )  # fmt: skip
    talk.send(EXPERT, info)
    for sender, message in said:
        talk.message(sender, message)
    return talk.close().capture()


def command(element: str) -> bytes:
    return rdp.ra_message("71", text(element))


def codes(value: bytes) -> Iterator[str]:
    """All forms in which bytes may be written, without regard to upper and lower case."""
    wide = value.decode("latin-1").encode("utf-16-le")
    for data in (value, wide, value[::-1]):
        yield data.hex()
        yield data.hex(":")
        yield data.hex(" ")
        yield "".join(f"%{byte:02x}" for byte in data)
        yield "".join(f"\\x{byte:02x}" for byte in data)
        yield "".join(f"\\u{byte:04x}" for byte in data)
        yield "".join(f"&#{byte};" for byte in data)
        for offset in range(3):  # where it stands in something longer
            yield base64.b64encode(bytes(offset) + data).decode()[4 if offset else 0 : -4]
    yield value.decode("latin-1")
    yield value.decode("latin-1")[::-1]


def found(places: Mapping[str, str], said: str) -> list[str]:
    """The secrets that are in a text."""
    said = said.casefold()
    return [place for place, value in places.items() if any(form.casefold() in said for form in codes(value.encode()))]


OUTPUTS: Mapping[str, Sequence[str]] = {
    **{name: ("-f", name) for name in FORMATS},
    **{f"text {names.split()[-1]}": (names.split()[-1],) for names in DETAILS},
}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """All that is said, on both outputs."""
    with suppress(SystemExit):
        main([*arguments])
    out, err = capsys.readouterr()
    return out + err


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session as both sides captured it, so that they are compared."""
    made = tmp_path_factory.mktemp("secrets")
    for name in ("expert.pcap", "novice.pcap"):
        (made / name).write_bytes(capture())
    return made


SECRETS = {place: secret(place) for place in PLANTS}


def test_the_secrets_are_there() -> None:
    """In the capture itself; and each is only itself."""
    assert len({*SECRETS.values()}) == len(PLANTS)
    data = capture()
    for value in SECRETS.values():
        assert value.encode() in data or value.encode("utf-16-le")[:32] in data
    for form in codes(b"some secret"):
        assert found({"x": "some secret"}, f"before {form.upper()} behind") == ["x"]


@pytest.mark.parametrize("engine", ["embedded", "tshark"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_no_format_shows_one(output: str, engine: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(capsys, f"--engine={engine}", *OUTPUTS[output], *map(str, sorted(folder.iterdir())))
    assert len(said) > 100 and found(SECRETS, said) == []


@pytest.mark.parametrize("output", ["-v", "--format=jsonl"])
def test_live_shows_none(
    output: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (folder / "expert.pcap").read_bytes()
    for more in ([], ["--show-secrets"]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        said = run(capsys, "--engine=embedded", output, *more, "-")
        assert "PASSWORDS_DONT_MATCH" in said
        assert bool(found(SECRETS, said)) == bool(more)


WITH_FIELDS = {name: OUTPUTS[name] for name in ("text --verbose", "csv", "json", "html")}
"""Those that have the fields of messages and moments."""


@pytest.mark.parametrize("output", WITH_FIELDS)
def test_all_show_what_is_asked_for(output: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All of them: what one format shows, the others show."""
    said = run(capsys, "--engine=embedded", "--show-secrets", *OUTPUTS[output], str(folder / "expert.pcap"))
    said = re.sub(r"[\s│]", "", said)  # long values are wrapped
    assert {*PLANTS} - {*found(SECRETS, said)} == NEVER_SHOWN


def test_exports_and_files_have_the_data(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """That is what they are for; what is said about them has none."""
    export, files = tmp_path / "clear.pcapng", tmp_path / "files"
    said = run(
        capsys, "--engine=embedded", "--export", str(export), "--extract", str(files), str(folder / "expert.pcap")
    )
    assert found(SECRETS, said) == []
    (saved,) = files.iterdir()
    assert saved.read_text() == SECRETS["file.content"]
    assert SECRETS["verify_password.expert_blob"].encode("utf-16-le") in export.read_bytes()


# -- What the user gives -----------------------------------------------------------------------------------------------

INVITATION = Invitation(password="Verysecretpassword", pass_stub="Verysecretstub")


def given(folder: Path) -> dict[str, str]:
    """Secrets of the files that a user has, by what they are."""
    keys = [line.split()[2] for line in (PCAPS / "v2_tls13.keys.txt").read_text().splitlines() if line[:1] != "#"]
    pem = (PCAPS / "v2_rc4_128_stock2117.server.key.pem").read_text().splitlines()[1:-1]
    (folder / "help.msrcIncident").write_text(INVITATION.text(), "utf-16")
    (folder / "password").write_text(INVITATION.password)
    return {
        **{f"key log {number}": key for number, key in enumerate(keys)},
        **{f"private key {number}": line for number, line in enumerate(pem)},
        "password": INVITATION.password,
        "stub": INVITATION.pass_stub,
        "connection string 2": INVITATION.connection_string_2,
        "connection string 1": INVITATION.connection_string_1,
        "ticket": INVITATION.lh_ticket.hex(),
        "encrypted stub": INVITATION.encrypted_pass_stub.hex(),
    }


@pytest.mark.parametrize("output", ["text --verbose", "json", "html"])
def test_keys_and_invitations_are_not_told(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even with --show-secrets, which is about the capture."""
    secrets = given(tmp_path)
    invitation = ("--invitation", str(tmp_path / "help.msrcIncident"))
    rc4 = "v2_rc4_128_stock2117"
    opened = (
        ("--keylog", str(PCAPS / "v2_tls13.keys.txt"), str(PCAPS / "v2_tls13.pcapng")),
        ("--rdp-key", str(PCAPS / f"{rc4}.server.key.pem"), str(PCAPS / f"{rc4}.pcapng")),
        ("--password-file", str(tmp_path / "password"), *invitation, str(PCAPS / "v1_ok.pcapng")),
        (*invitation, str(PCAPS / "v1_ok.pcapng")),
    )
    monkeypatch.setenv("MSRA_PASSWORD", INVITATION.password)
    for arguments in opened:
        said = run(capsys, "--engine=embedded", "--show-secrets", *OUTPUTS[output], *arguments)
        assert len(said) > 1000 and found(secrets, said) == []


BAD: Mapping[str, tuple[str, str]] = {
    # what is given, and what is in the file
    "invitation that is cut": ("--invitation", INVITATION.text()[:-60]),
    "invitation that is no XML": ("--invitation", f"PassStub={INVITATION.pass_stub} {INVITATION.lh_ticket.hex()}"),
    "invitation with other numbers": (
        "--invitation", INVITATION.text().replace('DtStart="1767225600"', f'DtStart="{INVITATION.password}"')
    ),
    "invitation with another ticket": (
        "--invitation", INVITATION.text().replace("LHTICKET=\"", f'LHTICKET="{INVITATION.password}')
    ),
    "key log": ("--keylog", f"CLIENT_RANDOM {INVITATION.password}\n"),
    "private key": ("--rdp-key", f"-----BEGIN PRIVATE KEY-----\n{INVITATION.password}\n-----END PRIVATE KEY-----\n"),
    "keys of xrdp": ("--rdp-key", f"[keys]\npub_exp=0x01\npub_mod={INVITATION.password}\npri_exp=0x02\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("password", ["file", "variable"])
def test_errors_do_not_quote_them(
    name: str, password: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    option, content = BAD[name]
    secrets = given(tmp_path)
    path = tmp_path / "given"
    path.write_text(content)
    monkeypatch.setenv("MSRA_PASSWORD", INVITATION.password)
    more = ("--password-file", str(tmp_path / "password")) if password == "file" and option == "--invitation" else ()
    said = run(capsys, "--engine=embedded", option, str(path), *more, str(PCAPS / "v1_ok.pcapng"))
    assert said and found(secrets, said) == []


def test_a_report_in_json_is_masked_in_every_value(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says so where a secret was."""
    said = run(capsys, "--engine=embedded", "-f", "json", str(folder / "expert.pcap"))
    (session,) = json.loads(said)["captures"][0]["sessions"]
    masked = [name for event in session["events"] for name, value in event["fields"].items() if value == "<masked>"]
    assert {"expert_blob", "ra_connection_string", "encrypted_password", "token", "voipgokey", "data"} <= {*masked}
