"""tshark that is missing, too old, cannot be run, dies or hangs; processes that cannot be started."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.command import CODE, GOOD, MANY, VERDICT, analyze_pcap, environment
from tests.jobs.captures import descendants, gone, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="shell scripts as programs, and /proc")
REAL = shutil.which("tshark")
AS_OF = 'case "$*" in *--version*) echo "TShark (Wireshark) {}.0."; exit 0;; esac'
HALF = "tshark ended in the middle of its output: it gave no reason"
MADE = {
    "ends at once": ("exit 0", HALF),
    "stops in the middle": (f'{REAL} "$@" | head -c 30000', HALF),
    "is killed": (f'{REAL} "$@" | head -c 30000; kill -9 $$', "tshark ended with signal 9: it gave no reason"),
    "dies at the start": ("echo out of luck >&2; exit 9", "tshark ended with status 9: out of luck"),
    "says nonsense": ("echo nonsense", HALF),
}


def program(folder: Path, text: str, name: str = "tshark") -> dict[str, str]:
    """Variables with which this is found instead of the real program."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return {"PATH": f"{path.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(("script", "sentence"), MADE.values(), ids=MADE)
def test_a_tshark_that_ends_too_early(tmp_path: Path, script: str, sentence: str) -> None:
    """It is this capture's error, and never a report on fewer sessions than there are that looks like a whole one."""
    variables = program(tmp_path, f"#!/bin/sh\n{AS_OF.format('4.0')}\n{script}\n")
    done = analyze_pcap(tmp_path, "--engine=tshark", MANY, variables=variables)
    assert (done.returncode, done.stderr) == (3, f"analyze-pcap: {MANY}: {sentence}\n")
    assert f"could not be read: {sentence}" in done.stdout


@pytest.mark.parametrize(
    ("text", "reason"),
    [("#!/nowhere/sh\n", "No such file or directory"), ("\x7fELF nonsense", "Exec format error")],
    ids=["no interpreter", "no program"],
)
def test_a_tshark_that_cannot_be_run(tmp_path: Path, text: str, reason: str) -> None:
    """auto does without it."""
    variables = program(tmp_path, text)
    sentence = f"{tmp_path}/bin/tshark cannot be run: {reason}"
    for capture in (str(GOOD), "-"):
        done = analyze_pcap(tmp_path, "--engine=tshark", capture, redirected=f"<{GOOD}", variables=variables)
        assert (done.returncode, done.stderr) == (3, f"analyze-pcap: {capture}: {sentence}\n")
    done = analyze_pcap(tmp_path, "-q", GOOD, variables=variables)
    assert (done.returncode, done.stderr) == (0, "") and VERDICT in done.stdout


def test_no_tshark(tmp_path: Path) -> None:
    done = analyze_pcap(tmp_path, "--engine=tshark", GOOD, before="PATH=/nowhere")
    sentence = "tshark is not installed; install Wireshark, or use --engine embedded"
    assert (done.returncode, done.stderr) == (3, f"analyze-pcap: {GOOD}: {sentence}\n")
    done = analyze_pcap(tmp_path, "-q", GOOD, before="PATH=/nowhere")
    assert (done.returncode, done.stderr) == (0, "") and VERDICT in done.stdout


def test_an_old_tshark(tmp_path: Path) -> None:
    """auto does without it, and does not even start it."""
    variables = program(tmp_path, f"#!/bin/sh\n{AS_OF.format('3.6')}\necho started >&2; exit 1\n")
    done = analyze_pcap(tmp_path, "-f", "json", GOOD, variables=variables)
    assert (done.returncode, done.stderr) == (0, "") and '"engine": "embedded"' in done.stdout


@pytest.mark.parametrize("options", [(), ("-j", "2")], ids=str)
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_tshark_that_hangs(tmp_path: Path, options: tuple[str, ...], number: int, status: int) -> None:
    """It is ended with the command, however that is ended; no temporary files are left."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    large = tmp_path / "large"
    large.write_bytes(MANY.read_bytes() * 5)
    variables = program(tmp_path, f"#!/bin/sh\n{AS_OF.format('4.0')}\necho $$ > {tmp_path}/pid.$$; exec sleep 1000\n")
    with subprocess.Popen(
        [sys.executable, "-c", CODE, "--engine=tshark", *options, *[str(large)] * 2],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=environment(tmp_path, TMPDIR=str(folder), **variables),
    ) as process:  # fmt: skip
        expected = 2 if options else 1
        until(lambda: sum(bool(path.read_text()) for path in tmp_path.glob("pid.*")) == expected)
        family = [process.pid, *descendants(process.pid)]
        assert len(list(folder.glob("analyze-pcap-*"))) == expected
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    said = "analyze-pcap: interrupted\n" if number == signal.SIGINT else ""
    assert (process.returncode, out, err) == (status, "", said)
    until(lambda: all(map(gone, family)))
    assert list(folder.iterdir()) == []


def test_few_open_files(tmp_path: Path) -> None:
    """20 are enough for one capture after the other; where they are not enough for processes, that is said."""
    for engine in ("embedded", "tshark"):
        done = analyze_pcap(tmp_path, f"--engine={engine}", "-q", GOOD, GOOD, before="ulimit -n 20")
        assert (done.returncode, done.stderr) == (0, "") and done.stdout.count(VERDICT) == 2
    done = analyze_pcap(tmp_path, "-j", "2", "-q", GOOD, GOOD, before="ulimit -n 12")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "analyze-pcap: error: -j: no process can be started: Too many open files"
