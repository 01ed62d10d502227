"""Where the commands begin: Ctrl-C is quiet at any moment, and streams that are closed or full are a sentence."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.command import CODE, GOOD, VERDICT, analyze_pcap, environment

needs_posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals, streams and devices")
NOT_WRITTEN = "analyze-pcap: standard output: it cannot be written: "
FULL, CLOSED = f"{NOT_WRITTEN}No space left on device\n", f"{NOT_WRITTEN}Bad file descriptor\n"


@needs_posix
@pytest.mark.parametrize("modules", [0, 1, 10, 60])
def test_ctrl_c_while_modules_are_loaded(tmp_path: Path, modules: int) -> None:
    """So many after the first one of ours; the capture is a pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-c", CODE, "--engine=embedded", str(tmp_path / "pipe")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1, env=environment(tmp_path),
    ) as process:  # fmt: skip
        assert process.stderr
        while not process.stderr.readline().rstrip().endswith(" msra.commands"):
            pass
        for _ in range(modules + 1):
            process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    said = [line for line in err.splitlines() if not line.startswith("import time:")]
    assert (process.returncode, out, said) == (130, "", ["analyze-pcap: interrupted"])


@needs_posix
def test_ctrl_c_when_everything_is_done(tmp_path: Path) -> None:
    press = f"(os.kill(os.getpid(), {int(signal.SIGINT)}), time.sleep(60))"
    late = f"import atexit, os, time; atexit.register(lambda: {press}); {CODE}"
    done = analyze_pcap(tmp_path, "--version", variables={"CODE": late})
    assert (done.returncode, done.stderr) == (130, "analyze-pcap: interrupted\n")


@needs_posix
def test_an_ignored_ctrl_c_stays_ignored(tmp_path: Path) -> None:
    pressed = f"import os; os.kill(os.getpid(), {int(signal.SIGINT)}); {CODE}"
    done = analyze_pcap(tmp_path, "-q", GOOD, before="trap '' INT", variables={"CODE": pressed})
    assert (done.returncode, done.stderr) == (0, "") and VERDICT in done.stdout


@needs_posix
@pytest.mark.parametrize(
    "arguments",
    [(GOOD,), ("-",), ("--version",), ("--help",), ("--self-check",), ("--print-completion", "bash")],
    ids=str,
)
@pytest.mark.parametrize(("target", "sentence"), [(">/dev/full", FULL), (">&-", CLOSED)], ids=["full", "closed"])
def test_standard_output_that_cannot_be_written(
    tmp_path: Path, arguments: tuple[str, ...], target: str, sentence: str
) -> None:
    done = analyze_pcap(tmp_path, "--engine=embedded", *arguments, redirected=f"<{GOOD} {target}")
    assert (done.returncode, done.stderr) == (2, sentence)


@needs_posix
@pytest.mark.parametrize("target", ["2>/dev/full", "2>&-"])
def test_standard_error_that_cannot_be_written(tmp_path: Path, target: str) -> None:
    """The exit status has to do, and the report is there all the same."""
    done = analyze_pcap(tmp_path, "--engine=embedded", "-q", GOOD, tmp_path / "missing", redirected=target)
    assert (done.returncode, done.stderr) == (3, "") and VERDICT in done.stdout


@needs_posix
def test_no_streams_at_all(tmp_path: Path) -> None:
    """What is opened then must not get their numbers: the report would be written into the middle of something else."""
    target = tmp_path / "report"
    done = analyze_pcap(tmp_path, "-j", "2", "-q", "-o", target, GOOD, "/missing", redirected="<&- >&- 2>&-")
    assert done.returncode == 3 and VERDICT in target.read_text()
    assert analyze_pcap(tmp_path, "-q", GOOD, redirected="<&- >&- 2>&-").returncode == 2


@needs_posix
def test_standard_input_that_is_closed(tmp_path: Path) -> None:
    for jobs in ((), ("-j", "2")):
        done = analyze_pcap(tmp_path, "--engine=embedded", *jobs, "-q", "-", GOOD, redirected="<&-")
        assert (done.returncode, done.stderr) == (3, "analyze-pcap: -: it cannot be read: Bad file descriptor\n")
        assert VERDICT in done.stdout
    done = analyze_pcap(tmp_path, "--engine=embedded", "-", redirected="<&-")
    assert (done.returncode, done.stderr) == (3, "analyze-pcap: -: it cannot be read: Bad file descriptor\n")


@needs_posix
def test_saferror(tmp_path: Path) -> None:
    code = {"CODE": CODE.replace("analyze_pcap", "saferror")}
    done = analyze_pcap(tmp_path, "41", variables=code)
    assert (done.returncode, done.stderr) == (0, "") and "HELPEESAIDNO" in done.stdout
    assert analyze_pcap(tmp_path, "nothing", variables=code).returncode == 2
    for arguments in (("41",), ("--list",), ("--help",), ("--print-completion", "zsh")):
        done = analyze_pcap(tmp_path, *arguments, redirected=">/dev/full", variables=code)
        assert (done.returncode, done.stderr) == (2, FULL.replace("analyze-pcap", "saferror"))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries manage memory otherwise")
def test_memory_that_was_used_is_kept_for_the_next_capture() -> None:
    code = """if True:
        import resource
        from msra.commands import suit_process

        def pages() -> int:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            for _ in range(50):
                blocks = [b"x" * 1_500_000 for _ in range(4)]
                del blocks
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

        first = pages()
        suit_process()
        print(first, pages())
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    first, then = map(int, done.stdout.split())
    assert then < first / 4
