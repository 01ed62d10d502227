"""Ctrl-C once is enough, and more often is no different."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from msra.jobs.interrupt import once_interrupted
from tests.conformance.expected import PCAPS
from tests.jobs.captures import descendants, gone, opened_by, until


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_only_the_first_one_counts() -> None:
    cleaned = False
    with pytest.raises(KeyboardInterrupt), once_interrupted():
        try:
            press()
        finally:
            press()
            cleaned = True
    assert cleaned
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_ignored_signal_stays_ignored() -> None:
    """As nohup and shells do for commands in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with once_interrupted():
            press()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture that takes long enough: pcapng files may follow one another."""
    path = tmp_path_factory.mktemp("captures") / "large.pcapng"
    path.write_bytes((PCAPS / "v2_all48_codes.pcapng").read_bytes() * 60)
    return path


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks into /proc")
@pytest.mark.parametrize(
    "options", [[], ["-j", "2"], ["--engine", "tshark"], ["-j", "2", "--engine", "tshark"]], ids=str
)
def test_the_command(large: Path, options: list[str]) -> None:
    """As a terminal does it: the signal goes to all processes of the group, and more than once."""
    code = "import sys; from msra.cli import main; sys.exit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", code, "--engine", "embedded", *options, *[str(large)] * 3],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        everybody = lambda: [process.pid, *descendants(process.pid)]  # noqa: E731
        until(lambda: sum(large in opened_by(pid) for pid in everybody()) == (2 if "-j" in options else 1))
        family, began = everybody(), time.monotonic()
        for _ in range(3):
            os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert time.monotonic() - began < 2
    assert (process.returncode, out, err) == (130, "", "analyze-pcap: interrupted\n")
    until(lambda: all(map(gone, family)))
