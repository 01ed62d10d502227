"""Programs without an event loop: what they write is read and kept, and they never stay behind."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from msra.engines.program import MAX_ERROR_LINES, Program, Steps


def python(code: str, **pipes: int) -> Program:
    return Program([sys.executable, "-c", code], **pipes)


def read(program: Program, size: int = 1 << 16) -> bytes:
    return Steps().run_until_complete(program.stdout.read(size))


def everything(program: Program) -> bytes:
    return b"".join(iter(lambda: read(program), b""))


def test_output_errors_and_status() -> None:
    program = python("import sys; print('out'); print('one\\ntwo', file=sys.stderr, end=''); sys.exit(3)")
    assert everything(program).strip() == b"out" and program.at_end
    assert program.finish() == 3
    assert program.error_lines == ["one", "two"] and not program.stopped


def test_error_lines_are_bounded() -> None:
    program = python("import sys; sys.stderr.write('x\\n' * 5000)")
    everything(program)
    program.finish()
    assert len(program.error_lines) == MAX_ERROR_LINES


def test_output_comes_as_soon_as_it_was_written() -> None:
    program = python("import sys; print('a', flush=True); sys.stdin.read()", stdin=subprocess.PIPE)
    assert read(program).strip() == b"a" and not program.at_end
    program.stop()
    assert everything(program).strip() == b""


def test_one_that_never_ends_is_ended_from_another_thread() -> None:
    """Who waits for its output gets the end of it."""
    program = python("import time; print('a', flush=True); time.sleep(1000)")
    assert read(program).strip() == b"a"
    threading.Timer(0.1, program.stop).start()
    assert everything(program).strip() == b"" and program.stopped
    program.stop()


def test_the_garbage_collector_may_run_in_the_thread_that_listens() -> None:
    stopped = threading.Event()

    class Collected(Program):
        def _keep(self, lines: list[bytes]) -> None:
            super()._keep(lines)
            self.stop()
            stopped.set()

    program = Collected([sys.executable, "-c", "import sys, time; print('x', file=sys.stderr); time.sleep(1000)"])
    assert everything(program) == b"" and stopped.wait(20)
    program._listener.join()
    assert program.error_lines == ["x"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
def test_what_it_has_started_is_ended_with_it() -> None:
    code = (
        "import subprocess, sys, time;"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)']).pid, flush=True);"
        "time.sleep(1000)"
    )
    program = Program([sys.executable, "-c", code], own_session=True)
    child = int(b"".join(iter(lambda: read(program, 1), b"\n")))
    program.stop()
    # Whoever adopts it reaps it at some time; until then it is a zombie, and runs no more.
    state = Path(f"/proc/{child}/stat")
    deadline = time.monotonic() + 30
    while _runs(child, state):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid: int, state: Path) -> bool:
    try:
        os.kill(pid, 0)
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        Program(["/no/such/program"])


def test_steps_run_no_coroutine_that_waits() -> None:
    with pytest.raises(RuntimeError, match="event loop"):
        Steps().run_until_complete(asyncio.sleep(1))


def test_steps_work_inside_a_running_loop() -> None:
    async def inside() -> bytes:
        program = python("print(1)")
        return everything(program)

    assert asyncio.run(inside()).strip() == b"1"
