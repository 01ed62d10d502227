"""The command `saferror`, as a person or a script uses it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from msra import __version__
from msra.codes import CODES, lookup
from msra.saferror import main

E_FAIL = 0x80004005


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_explains_a_code(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole text once, as it is the product."""
    monkeypatch.setenv("COLUMNS", "80")
    assert run(capsys, "41") == (
        0,
        """\
SAFERROR_HELPEESAIDNO  (41)
The remote user denied the remote control request.

Versions: 1, 2   Outcome: refused

Likely causes:
  1. The user clicked No when asked whether to let the expert connect.
  2. Often the prompt came unexpectedly, or showed a name that the user did not
     know.

What to try next:
  1. Nothing is broken: tell the user who will connect and when, and try again.
  2. If nobody clicked, look for software that answers or closes prompts on the
     novice's computer.
  3. With 'Customize warning messages' in Group Policy the prompt can say who
     the help desk is.
""",
        "",
    )


@pytest.mark.parametrize("columns", ["10", "80", "100", "400"])
def test_lines_fit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = run(capsys, *map(str, CODES), hex(E_FAIL), "0xA0000001", "1234")
    assert max(map(len, out.splitlines())) <= max(60, min(int(columns), 100))
    assert out.isascii()


def test_several_arguments_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "0x80004005", "HELPEESAIDNO", "-2147467259", "passwords_dont_match")
    assert (status, err) == (0, "")
    heads = [line for line in out.splitlines() if line.endswith(")") and "  (" in line and not line.startswith(" ")]
    assert heads == [
        "E_FAIL  (2147500037, 0x80004005, -2147467259)",
        "SAFERROR_HELPEESAIDNO  (41)",
        "E_FAIL  (2147500037, 0x80004005, -2147467259)",
        "PASSWORDS_DONT_MATCH  (61)",
    ]


def test_ending_codes_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Outcome: failed, ends a running session" in run(capsys, "301")[1]


def test_unknown_numbers_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "1234", "0x80071234")
    assert (status, err) == (0, "")
    assert "Not one of the result codes of [MS-RA] 2.2.6." in out and "FACILITY_WIN32" in out


def test_unknown_name_suggests_and_the_others_are_still_explained(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "HELPESAIDNO", "41")
    assert status == 2
    assert "SAFERROR_HELPEESAIDNO  (41)" in out
    assert "'HELPESAIDNO' is neither a number nor the name of a result code. Did you mean SAFERROR_HELPEESAIDNO" in err


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("4294967296", "'4294967296' does not fit into 32 bits."),
        ("zzzz", "'zzzz' is neither a number nor the name of a result code. Try saferror --list."),
        ("", "'' is neither a number nor the name of a result code. Try saferror --list."),
        ("8007000e", "'8007000e' is neither a number nor the name of a result code. Did you mean 0x8007000E?"),
        ("\x1b[2J", "'\\x1b[2J' is neither a number nor the name of a result code. Try saferror --list."),
    ],
)
def test_what_is_not_valid(capsys: pytest.CaptureFixture[str], argument: str, sentence: str) -> None:
    assert run(capsys, argument) == (2, "", f"saferror: {sentence}\n")


def test_forgotten_hexadecimal_prefix(capsys: pytest.CaptureFixture[str]) -> None:
    """Event logs write 80004005: taken as decimal it would be explained as an unknown number, and nobody the wiser."""
    status, _, err = run(capsys, "80004005")
    assert (status, err) == (
        0,
        "saferror: 80004005 was taken for a decimal number; write 0x80004005 for E_FAIL.\n",
    )


def test_list_has_a_line_for_each_code(capsys: pytest.CaptureFixture[str]) -> None:
    """Not a terminal: one line each, for grep."""
    status, out, _ = run(capsys, "--list")
    head, *lines = out.splitlines()
    assert status == 0 and len(lines) == 48
    starts = [head.index(title) for title in ("Versions", "Name", "Text")]
    for line, code in zip(lines, CODES.values(), strict=True):
        assert line[:4].strip() == str(code.value)
        assert line[starts[1] : starts[2]].rstrip() == code.name and line[starts[2] :] == code.text


def test_list_is_wrapped_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    _, out, _ = run(capsys, "--list")
    assert max(map(len, out.splitlines())) <= 80 and len(out.splitlines()) > 49


def test_list_takes_no_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--list", "41"])
    assert "--list prints all codes" in capsys.readouterr().err


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--json", "41", "0x80004005")
    refused, e_fail = json.loads(out)
    assert status == 0
    assert refused["name"] == "SAFERROR_HELPEESAIDNO" and refused["versions"] == [1, 2]
    assert e_fail["value"] == E_FAIL and e_fail["advice"] == lookup(E_FAIL).advice
    assert len(json.loads(run(capsys, "--json", "--list")[1])) == 48


def test_json_without_any_result_is_still_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "--json", "nonsense-name")
    assert (status, json.loads(out)) == (2, []) and err


def test_no_argument_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys)
    assert status == 0 and out.startswith("usage: saferror") and "exit status" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"saferror {__version__}\n"


def test_reader_that_leaves_early() -> None:
    """`saferror --list --json | head -c 0`: no traceback, no complaint."""
    command = [sys.executable, "-c", "import msra.saferror as m, sys; sys.exit(m.main(['--list', '--json']))"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0
