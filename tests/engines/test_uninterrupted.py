"""A signal comes when the block is left, once, and to whom it would have come; programs notice nothing of it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading

import pytest

from msra.engines.uninterrupted import uninterrupted

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends the process")


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_comes_afterwards() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        press()
        press()
        done.append(True)
    assert done and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_ends_the_program_still_does() -> None:
    """Nobody would clean up after SIGTERM anyway, so it is not held back; an ignored signal stays ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with uninterrupted():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
            press()
    finally:
        signal.signal(signal.SIGINT, before)


def test_programs_can_be_interrupted() -> None:
    with uninterrupted(), subprocess.Popen(["sleep", "100"]) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == -signal.SIGINT


def test_in_another_thread() -> None:
    def run() -> None:
        with uninterrupted():
            done.append(True)

    done: list[bool] = []
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert done
