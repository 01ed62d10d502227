"""What is shown of the progress: the truth, only on terminals, and only if it takes long enough."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from msra.analysis.model import CaptureReport
from msra.analyzer import Progress
from msra.jobs import progress as module
from msra.jobs.progress import Display, shown_progress
from msra.jobs.sources import Source
from tests.conformance.expected import PCAPS

SOURCES = [Source("a", size=1000), Source("b", size=2000)]


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def test_state() -> None:
    display = Display(SOURCES, Terminal())
    assert (display.total, display.state()) == (3000, ("0/2", 0, "0 sessions, 0 RDP"))
    display.update(1, Progress(500, 3, 1))
    display.update(0, Progress(900, 1, 0))
    assert display.state() == ("0/2", 1400, "1 session, 4 RDP")
    display.update(1, Progress(100, 0, 0))
    assert display.state() == ("0/2", 1000, "0 sessions, 1 RDP"), "a lost worker's capture begins again"


def test_a_finished_capture_is_whole_and_stays_so() -> None:
    display = Display(SOURCES, Terminal())
    display.done(0, CaptureReport("a", "embedded", rdp_connections=2))
    display.update(0, Progress(10, 1, 1))
    assert display.state() == ("1/2", 1000, "0 sessions, 2 RDP")


def test_an_unknown_size() -> None:
    display = Display([*SOURCES, Source("-")], Terminal())
    display.update(2, Progress(77))
    display.done(2, CaptureReport("-", "embedded"))
    assert (display.total, display.state()[1]) == (None, 77)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DELAY", 0.01)
    monkeypatch.setattr(module, "INTERVAL", 0.01)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("size", [2_000_000, None])
def test_what_is_drawn(size: int | None) -> None:
    drawn = threading.Event()

    class Watched(Terminal):
        def write(self, text: str) -> int:
            if "3 sessions" in text:
                drawn.set()
            return super().write(text)

    stream = Watched()
    with shown_progress([Source("a", size=size), Source("b", size=0)], stream) as display:
        assert display
        display.update(0, Progress(500_000, 4, 3))
        assert drawn.wait(20)
    text = stream.getvalue()
    assert "0/2" in text and "3 sessions, 4 RDP" in text
    assert ("0.5/2.0 MB" if size else "500.0/? kB") in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1, "the cursor is shown again"
    assert "progress" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.usefixtures("soon")
def test_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, term in ((io.StringIO(), "xterm"), (Terminal(), "dumb")):
        monkeypatch.setenv("TERM", term)
        with shown_progress(SOURCES, stream) as display:
            assert display is None
        assert stream.getvalue() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals")
@pytest.mark.parametrize(("delay", "options"), [(0.01, []), (0.01, ["-j2"]), (600, [])])
def test_the_command_on_a_terminal(tmp_path: Path, delay: float, options: list[str]) -> None:
    """Captures that take longer than the delay, and some that do not; the report is the same as ever."""
    import pty

    capture = tmp_path / "a.pcapng"
    capture.write_bytes((PCAPS / "tcp_tiny_v2.pcapng").read_bytes() * 150)
    ours, theirs = pty.openpty()
    code = f"""if True:
        import sys
        from msra.cli import main
        from msra.jobs import progress

        progress.DELAY, progress.INTERVAL = {delay}, 0.02
        sys.exit(main())
    """
    arguments = ["--engine", "embedded", "-f", "json", *options, str(capture), str(capture)]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE, stderr=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    ) as process:  # fmt: skip
        os.close(theirs)
        reader = threading.Thread(target=lambda: said.append(_all(ours)))
        said: list[str] = []
        reader.start()
        out, _ = process.communicate(timeout=60)
        reader.join(10)
    os.close(ours)
    assert process.returncode == 0 and out.startswith(b"{")
    if delay < 1:
        # Two processes may be ready at the same moment, so that nothing is shown between none and both.
        assert "sessions" in said[0] and said[0].count("\x1b[?25h") == 1
        assert ("0/2" if options else "1/2") in said[0]
    else:
        assert said == [""]


def _all(terminal: int) -> str:
    text = b""
    try:
        while piece := os.read(terminal, 4096):
            text += piece
    except OSError:  # Linux says so when the other side is closed
        pass
    return text.decode("utf-8", "replace")
