"""The command line: exit statuses, one clear sentence for bad input, and nothing else lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import msra
from msra.cli import FORMATS, main
from tests.analysis.invitation.builders import KH, lh_ticket, xml
from tests.conformance.expected import PCAPS
from tests.jobs.extra import needs_cluster

GOOD = str(PCAPS / "v2_err61_passwords_dont_match.pcapng")
ESTABLISHED = str(PCAPS / "v2_ok_3389.pcapng")
EMBEDDED = "--engine=embedded"


@pytest.fixture(autouse=True)
def no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = main([EMBEDDED, *arguments])
    except SystemExit as exit_:
        status = int(exit_.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def bad_inputs(folder: Path) -> dict[Path, str]:
    """Files that cannot be read, and what is said about them."""
    header = Path(ESTABLISHED.replace("v2_ok_3389.pcapng", "v2_ok_49230.pcap")).read_bytes()[:24]
    made = {
        "empty.pcap": (b"", "the file is empty"),
        "text.pcap": (b"just some text\n" * 9, "this is no pcap or pcapng file"),
    }
    for name, (content, _) in made.items():
        (folder / name).write_bytes(content)
    (folder / "zero.pcap").write_bytes(header)
    (folder / "directory").mkdir()
    return {
        **{folder / name: sentence for name, (_, sentence) in made.items()},
        folder / "missing.pcap": "No such file or directory",
        folder / "directory": "there are no captures in this directory",
    }


def test_bad_input_is_a_sentence_and_the_rest_is_reported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = bad_inputs(tmp_path)
    status, out, err = run(capsys, *map(str, bad), GOOD)
    assert status == 3
    assert err.splitlines() == [f"analyze-pcap: {path}: {_said(err, path, text)}" for path, text in bad.items()]
    assert "PASSWORDS_DONT_MATCH" in out and "Traceback" not in out + err


def _said(err: str, path: Path, text: str) -> str:
    (line,) = (line for line in err.splitlines() if f"{path}:" in line)
    assert text in line
    return line.partition(f"{path}: ")[2]


def test_no_packets_is_no_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad_inputs(tmp_path)
    status, out, err = run(capsys, str(tmp_path / "zero.pcap"))
    assert (status, err) == (0, "")
    assert "0 packets, 0 RDP connections, 0 Remote Assistance sessions" in out


def test_garbage_after_the_header_is_a_note(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("v2_ok_49230.pcap", "v2_ok_3389.pcapng"):
        damaged = tmp_path / name
        damaged.write_bytes((PCAPS / name).read_bytes() + b"\xff" * 100)
        status, out, err = run(capsys, str(damaged))
        assert (status, err) == (0, "")
        assert "  Note      " in out and "Session 1: ESTABLISHED" in out


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_an_unreadable_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root nothing is unreadable, so the system's answer is played."""
    locked = tmp_path / "locked.pcap"
    locked.write_bytes(b"")

    def refuse(path: Path, *_arguments: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    status, _, err = run(capsys, str(locked))
    assert status == 3
    assert err == f"analyze-pcap: {locked}: it cannot be read: Permission denied\n"


def test_json_has_the_errors_too(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = run(capsys, "-f", "json", str(tmp_path / "missing.pcap"), GOOD)
    captures = json.loads(out)["captures"]
    assert status == 3
    assert [bool(capture["error"]) for capture in captures] == [True, False]
    assert captures[1]["sessions"][0]["result"] == 61


def test_directories_are_searched_by_content(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a capture.without suffix").write_bytes(Path(GOOD).read_bytes())
    (tmp_path / "notes.pcap").write_text("not a capture")
    status, out, _ = run(capsys, "-f", "json", str(tmp_path))
    assert status == 0
    assert [capture["path"] for capture in json.loads(out)["captures"]] == [
        str(tmp_path / "sub" / "a capture.without suffix")
    ]


def test_jsonl(capsys: pytest.CaptureFixture[str]) -> None:
    encrypted = str(PCAPS / "v2_tls13.pcapng")
    status, out, err = run(capsys, "-f", "jsonl", GOOD, encrypted)
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [(line["session"], line["fields"]["msg_type"]) for line in lines] == [(1, 6), (1, 9), (1, 8), (1, 2)]
    assert f"{encrypted}: session 1 has no events" in err and "TLS 1.3" in err


@pytest.mark.parametrize(("capture", "status"), [(GOOD, 1), (ESTABLISHED, 0)])
def test_fail_on_failure(capsys: pytest.CaptureFixture[str], capture: str, status: int) -> None:
    assert run(capsys, "--fail-on", "failure", capture)[0] == status
    assert run(capsys, capture)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "no CAPTURE given"),
        (("--format", "xml", GOOD), "invalid choice"),
        (("--decode-as", "70000", GOOD), "70000"),
        (("--keylog", "/nowhere/keys", GOOD), "No such file"),
        (("--rdp-key", "/nowhere/key.pem", GOOD), "No such file"),
        (("--rdp-key", str(PCAPS / "README.md"), GOOD), "no private key"),
        (("--export", "x.pcapng", "-"), "standard input"),
        (("-j", "-1", GOOD), "argument -j/--jobs: invalid"),
        (("-j", "2", "--dask", "tcp://127.0.0.1:1", GOOD), "-j is for this machine"),
        (("--engin", "tshark", GOOD), "unrecognized arguments"),
        (("-q", "-v", GOOD), "not allowed with"),
        (("-v", "-f", "json", GOOD), "-q, -v and --summary are for --format text"),
        (("--code", "HELPESAIDNO", GOOD), "'HELPESAIDNO' is no result code; perhaps SAFERROR_HELPEESAIDNO"),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert sentence in err


def test_output_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    assert run(capsys, "-f", "json", "-o", str(target), GOOD) == (0, "", "")
    assert json.loads(target.read_text("utf-8"))["captures"]
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    status, _, err = run(capsys, "-o", str(tmp_path / "nowhere" / "report"), GOOD)
    assert status == 2 and "cannot be written: No such file" in err


def test_export(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "messages.pcapng"
    encrypted, key = str(PCAPS / "v2_rc4_128.pcapng"), str(PCAPS / "v2_rc4_128.server.key.pem")
    status, _, err = run(capsys, "--rdp-key", key, "--export", str(target), encrypted, GOOD, str(tmp_path / "missing"))
    assert status == 3 and f"8 messages written to {target}" in err
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    assert target.stat().st_mode & 0o777 == 0o600
    status, _, err = run(capsys, "--export", str(tmp_path / "no" / "where"), GOOD)
    assert status == 2 and "cannot be written" in err


@pytest.mark.parametrize("form", FORMATS)
def test_keys_never_reach_a_report(capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str) -> None:
    keylog, key = PCAPS / "v2_tls13.keys.txt", PCAPS / "v2_rc4_128.server.key.pem"
    captures = [str(PCAPS / name) for name in ("v2_tls13.pcapng", "v2_rc4_128.pcapng", "v2_tls12_rsa_kex.pcapng")]
    options = ["--keylog", str(keylog), "--rdp-key", str(key), "--show-secrets", "-f", form]
    status, out, err = run(capsys, *options, "--export", str(tmp_path / "out.pcapng"), *captures)
    assert status == 0 and out
    secrets = [line.split()[2] for line in keylog.read_text().splitlines() if line and line[0] != "#"]
    secrets += [line for line in key.read_text().splitlines() if "-----" not in line]
    assert len(secrets) > 20
    assert not [secret for secret in secrets if secret in out + err]


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--version")
    assert (status, out) == (0, f"analyze-pcap {msra.__version__}\n")
    status, out, _ = run(capsys, "--help")
    assert status == 0 and "examples:" in out and "exit status:" in out


def command(
    *arguments: str, stdin: bytes | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "import sys; from msra.cli import main; sys.exit(main())", EMBEDDED, *arguments],
        input=stdin, capture_output=True, timeout=60, env=environment,
    )  # fmt: skip


def test_standard_input() -> None:
    done = command("-f", "json", "-", stdin=Path(GOOD).read_bytes())
    assert done.returncode == 0 and done.stderr == b""
    (capture,) = json.loads(done.stdout)["captures"]
    assert (capture["path"], capture["sessions"][0]["result"]) == ("-", 61)
    assert command("-", stdin=b"").returncode == 3


def test_processes_give_the_same_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """In the order of the command line, with the same errors; standard input is read by the command itself."""
    captures = [GOOD, str(tmp_path / "missing"), ESTABLISHED, str(PCAPS / "README.md"), str(PCAPS / "v1_*")]
    assert run(capsys, "-j", "2", "-f", "json", *captures) == run(capsys, "-f", "json", *captures)
    assert run(capsys, "-j", "0", *captures)[0] == 3
    done = command("-j", "2", "-f", "json", ESTABLISHED, "-", GOOD, stdin=Path(GOOD).read_bytes())
    assert [capture["path"] for capture in json.loads(done.stdout)["captures"]] == [ESTABLISHED, "-", GOOD]
    assert [capture["sessions"][0]["result"] for capture in json.loads(done.stdout)["captures"]] == [0, 61, 61]


@needs_cluster
def test_a_url(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = run(capsys, "--export", str(tmp_path / "x"), f"file://{GOOD}")
    assert status == 0 and f"file://{GOOD}\n  102 packets" in out and "4 messages written" in err


def test_a_reader_that_has_seen_enough() -> None:
    """`analyze-pcap ... | head -1` ends without an error message."""
    script = f"import sys; from msra.cli import main; sys.exit(main(['{EMBEDDED}', *sys.argv[1:]]))"
    many = [str(PCAPS / "v2_all48_codes.pcapng")] * 3
    with subprocess.Popen(
        [sys.executable, "-c", script, *many], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stderr
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


def test_a_terminal_that_lacks_characters() -> None:
    done = command(str(PCAPS / "rich_all_types.pcapng"), environment={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0 and b"B\\xf6b" in done.stdout


def test_a_small_capture_is_quick() -> None:
    """Only what is needed is imported: no scapy.all, no pyshark with the embedded engine."""
    done = subprocess.run(
        [sys.executable, "-c",
         f"import sys; from msra.cli import main; main({[EMBEDDED, '-fjson', GOOD]}); print(sorted(sys.modules))"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    modules = done.stdout.splitlines()[-1]
    for heavy in (
        "scapy.all", "scapy.layers", "pyshark", "asyncio", "lxml", "numpy", "rich", "multiprocessing", "fsspec",
        "distributed",
    ):  # fmt: skip
        assert f"'{heavy}'" not in modules
    assert "'scapy.packet'" in modules


REAL = {"PASSWORD": "Password1", "STUB": "RT=0PvIndan52*", "ID": "rb+v0oPmEISmi8N2zK/vuhgul/ABqlDt6wW0VxMyxK8="}
"""The invitation that the captures were made with: pcaps/README.md."""


def invitation(folder: Path, port: int = 49152, start: int = 1795379000) -> str:
    """Its file, made anew; it was open for an hour in November 2026."""
    text = f'<E><A KH="{KH}" ID="{REAL["ID"]}"/><C><T ID="1" SID="0"><L P="{port}" N="127.0.0.1"/></T></C></E>'
    path = folder / "help.msrcIncident"
    ticket = lh_ticket(text, REAL["PASSWORD"])
    made = xml(LHTICKET=ticket, RCTICKET=None, PassStub=REAL["STUB"], DtStart=start, DtLength=60)
    path.write_text(made, encoding="utf-16")
    return str(path)


def password_file(folder: Path, password: str) -> str:
    path = folder / "password"
    path.write_text(password + "\n")
    return str(path)


def checks_of(out: str) -> dict[str, str]:
    (session,) = json.loads(out)["captures"][0]["sessions"]
    return {check["id"]: check["status"] for check in session["checks"]}


def test_the_invitation_of_the_session(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = ("--invitation", invitation(tmp_path), "--password-file", password_file(tmp_path, REAL["PASSWORD"]))
    status, out, _ = run(capsys, *given, "-f", "json", GOOD)
    assert status == 0
    assert checks_of(out) == {
        "ticket": "passed", "expiry": "passed", "address": "passed", "port": "passed", "session_id": "passed",
        "expert_password": "passed", "server_key": "not_checkable", "connection_string": "not_checkable",
        "token": "not_checkable",
    }  # fmt: skip
    summary = json.loads(out)["captures"][0]["sessions"][0]["summary"]
    assert summary.endswith("that of another one."), "the novice said 61 all the same: the capture was provoked"
    status, out, _ = run(capsys, *given, GOOD)
    assert "  Check     passed: " in out and REAL["PASSWORD"] not in out and REAL["STUB"] not in out


@pytest.mark.parametrize("form", FORMATS)
def test_the_password_stays_out_of_every_format(capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str) -> None:
    given = ("--invitation", invitation(tmp_path), "--password-file", password_file(tmp_path, REAL["PASSWORD"]))
    status, out, err = run(capsys, *given, "-f", form, "--show-secrets", GOOD)
    assert status == 0 and out
    assert REAL["PASSWORD"] not in out + err and REAL["STUB"] not in out + err


def test_another_password(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """[MS-RAI] 6: another invitation's PassStub is not what the expert sent."""
    monkeypatch.setenv("MSRA_PASSWORD", "another")
    status, out, _ = run(capsys, "--invitation", invitation(tmp_path), "-f", "json", GOOD)
    assert status == 0
    assert checks_of(out)["ticket"] == "failed"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--password-file", "x"], "none is given"),
        (["--invitation", "missing"], "missing: it cannot be read: No such file or directory"),
        (["--invitation", GOOD], "v2_err61_passwords_dont_match.pcapng: "),
    ],
)
def test_wrong_use_of_invitations(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    status, out, err = run(capsys, *arguments, GOOD)
    assert (status, out) == (2, "") and said in err and "Traceback" not in err


def test_extract(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "files"
    status, _, err = run(capsys, "--extract", str(folder), str(PCAPS / "rich_all_types.pcapng"))
    assert status == 0
    assert sorted((path.name, path.stat().st_size) for path in folder.iterdir()) == [
        ("rich_all_types - session 1, file 1 - notes.bin", 4137),
        ("rich_all_types - session 1, file 3 - big.log", 5000),
    ]
    assert f"analyze-pcap: 2 files saved in {folder}\n" in err


def test_extract_where_nothing_can_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "a file"
    target.touch()
    status, _, err = run(capsys, "--extract", str(target), str(PCAPS / "rich_all_types.pcapng"))
    assert status == 2 and f"analyze-pcap: {target}: it cannot be written: File exists" in err


def test_filters_apply_to_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    """And what they leave out is said on standard error, where it disturbs no data."""
    both = (GOOD, ESTABLISHED)
    status, out, err = run(capsys, "-f", "json", "--only", "failed", *both)
    assert (status, err) == (0, "analyze-pcap: 1 of 2 sessions is left out by the filters\n")
    assert [capture["path"] for capture in json.loads(out)["captures"]] == [GOOD]
    assert len(run(capsys, "-f", "jsonl", "--code", "0", *both)[1].splitlines()) == 4
    assert GOOD not in run(capsys, "--address", "127.0.0.1:3389", *both)[1]
    assert run(capsys, "--until", "2026-11-22 00:00", *both) == (
        0, "", "analyze-pcap: 2 of 2 sessions are left out by the filters\n"
    )  # fmt: skip
    assert run(capsys, "--fail-on=failure", "--only=established", *both)[0] == 0


def test_as_much_as_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    quiet, normal, verbose = (run(capsys, *option, GOOD)[1] for option in (("-q",), (), ("-v",)))
    assert len(quiet.splitlines()) < 12 < len(normal.splitlines()) < 40 < len(verbose.splitlines())
    assert all("61 PASSWORDS_DONT_MATCH" in text for text in (quiet, normal, verbose))
    (_, line, _, total) = run(capsys, "--summary", GOOD)[1].splitlines()
    assert line.split()[:2] == [GOOD, "1"] and line.split()[3:6] == ["failed", "61", "PASSWORDS_DONT_MATCH"]
    assert total == "1 session in 1 capture: 1 failed"


def test_colours_are_for_terminals(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Pipes get none, unless they are asked for; files never do."""
    clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    piped = command(GOOD, environment={**clean, "TERM": "xterm", "COLUMNS": "50"}).stdout
    assert piped.decode() == run(capsys, GOOD)[1] and b"\x1b" not in piped
    forced = {**clean, "TERM": "xterm", "FORCE_COLOR": "1"}
    assert b"\x1b[1;31mFAILED" in command(GOOD, environment=forced).stdout
    assert command(GOOD, environment={**forced, "NO_COLOR": "1"}).stdout == piped
    command("-o", str(tmp_path / "report"), GOOD, environment=forced)
    assert (tmp_path / "report").read_bytes() == piped


def test_data_does_without_rich() -> None:
    script = f"import sys; from msra.cli import main; main(['{EMBEDDED}', '-f', 'json', {GOOD!r}]); "
    done = subprocess.run(
        [sys.executable, "-c", script + "print('rich' in sys.modules)"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.endswith("False\n")
