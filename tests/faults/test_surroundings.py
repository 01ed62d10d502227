"""Surroundings that are not as usual: locales, no home folder, key files that are none, no network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from msra.analyzer import analyze
from tests.conformance.expected import PCAPS
from tests.faults.command import CODE, GOOD, VERDICT, analyze_pcap, environment, namespace

RICH = PCAPS / "rich_all_types.pcapng"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")


PLAIN_C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    ("variables", "engine"),
    [(PLAIN_C, "tshark"), (PLAIN_C, "embedded"), ({"PYTHONIOENCODING": "cp437"}, "embedded")],
    ids=str,
)
def test_locales(tmp_path: Path, variables: dict[str, str], engine: str) -> None:
    """The same report; characters that the encoding lacks become escapes. Files are UTF-8 in any case."""
    usual = analyze(RICH, "embedded").to_dict()
    done = analyze_pcap(tmp_path, f"--engine={engine}", "-fjson", RICH, variables=variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["captures"][0]["sessions"] == usual["captures"][0]["sessions"]
    done = analyze_pcap(tmp_path, f"--engine={engine}", "-v", "-o", tmp_path / "report", RICH, variables=variables)
    assert (done.returncode, done.stderr) == (0, "") and "Böb" in (tmp_path / "report").read_text("utf-8")
    done = analyze_pcap(tmp_path, f"--engine={engine}", "-v", RICH, variables=variables)
    assert (done.returncode, done.stderr) == (0, "") and "Remote Assistance session" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="names there are characters, not bytes")
def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xfe.pcapng"
    Path(os.fsdecode(name)).write_bytes(GOOD.read_bytes())
    for form, engine in (("text", "tshark"), ("json", "embedded"), ("csv", "embedded"), ("html", "embedded")):
        done = analyze_pcap(tmp_path, f"--engine={engine}", "-f", form, os.fsdecode(name))
        assert (done.returncode, done.stderr) == (0, "") and "PASSWORDS_DONT_MATCH" in done.stdout


@pytest.mark.parametrize("interpreter", ["-O", "-I", "-bb -W error::ResourceWarning"])
def test_ways_to_run_python(tmp_path: Path, interpreter: str) -> None:
    """Without assertions and docstrings, isolated, and strict."""
    code = CODE if interpreter != "-I" else f"import sys; sys.path[:0] = {sys.path!r}; {CODE}"
    for engine in ("embedded", "tshark"):
        done = analyze_pcap(
            tmp_path, f"--engine={engine}", "-q", GOOD, interpreter=interpreter, variables={"CODE": code}
        )
        assert (done.returncode, done.stderr) == (0, "") and VERDICT in done.stdout


def test_a_folder_as_key_file(tmp_path: Path) -> None:
    for option in ("--keylog", "--rdp-key", "--invitation"):
        done = analyze_pcap(tmp_path, option, tmp_path, GOOD)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"{tmp_path}: " in done.stderr and done.stderr.endswith("cannot be read: Is a directory\n")


@on_linux
def test_no_home(tmp_path: Path) -> None:
    """A user that no list knows, without HOME, as in containers. Python has everything before it becomes that user."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: only root can become a user that no list knows")
    become = (
        "import os, sys; import msra.cli, msra.engines.tshark, msra.self_check, msra.report.terminal; "
        "os.setgroups([]); os.setgid(54321); os.setuid(54321); os.chdir('/'); "
    )
    nobody = {"CODE": become + CODE}
    capture = tmp_path / "capture"
    capture.write_bytes(GOOD.read_bytes())
    done = analyze_pcap(
        tmp_path, "--engine=embedded", "-q", "-", redirected=f"<{capture}", before="unset HOME", variables=nobody
    )
    assert (done.returncode, done.stderr) == (0, "") and VERDICT in done.stdout
    done = analyze_pcap(tmp_path, "--install-plugin", before="unset HOME; PATH=/nowhere", variables=nobody)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "analyze-pcap: this user has no home folder, where Wireshark would look for plugins; set HOME\n"
    )


@on_linux
@pytest.mark.parametrize("engine", ["embedded", "tshark"])
def test_a_home_that_cannot_be_written(tmp_path: Path, engine: str) -> None:
    """Nor be found."""
    for home in ("/proc", str(tmp_path / "missing")):
        done = analyze_pcap(tmp_path, f"--engine={engine}", "-q", GOOD, variables={"HOME": home})
        assert (done.returncode, done.stderr) == (0, "") and VERDICT in done.stdout
    done = analyze_pcap(tmp_path, "--install-plugin", variables={"HOME": "/proc"})
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "it cannot be written: " in done.stderr


@on_linux
@pytest.mark.parametrize("arguments", [("-q", "-j", "2"), ("-fhtml",)], ids=str)
def test_no_network(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Neither the command nor tshark uses any: with no interface at all, not even a loopback, nothing is different.

    And nobody tries: a socket of any network family would end the program.
    """
    guard = (
        "import socket, sys; sys.addaudithook(lambda event, args: event in ('socket.connect', 'socket.bind', "
        "'socket.getaddrinfo', 'socket.gethostbyname', 'socket.sendto') and sys.exit(f'network: {event} {args}')); "
    )
    captures = [GOOD, PCAPS / "v2_tls13.pcapng"]
    keys = ("--keylog", PCAPS / "v2_tls13.keys.txt")
    usual = analyze_pcap(tmp_path, *arguments, *keys, *captures)
    done = subprocess.run(
        [*namespace("--net"), sys.executable, "-c", guard + CODE, *map(str, (*arguments, *keys, *captures))],
        capture_output=True, encoding="utf-8", timeout=120, env=environment(tmp_path),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == usual.stdout and "PASSWORDS_DONT_MATCH" in done.stdout
