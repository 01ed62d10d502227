"""Where live traffic comes from: signals end the stream and not the program, and everything is as before afterwards."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading

import pytest

from msra import source as module
from msra.source import source


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_the_end_of_the_stream(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    output, target = os.pipe()
    os.write(target, b"data")
    with os.fdopen(output, "rb") as stdin:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stdin))
        before = signal.getsignal(number)
        with source(None) as stream:
            assert stream.read(100) == b"data"
            os.write(target, b"more")
            threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
            assert b"".join(iter(lambda: stream.read(100), b"")) == b"more"
        assert signal.getsignal(number) is before
        os.close(target)


def test_outside_the_main_thread_signals_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"data")))
    found: list[bytes] = []

    def read() -> None:
        with source(None) as stream:
            found.append(stream.read(100))

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == [b"data"]


def test_an_interface_is_closed_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    class Fake:
        def __init__(self, interface: str, _on_start: object) -> None:
            done.append(interface)

        def stop(self) -> None:
            raise NotImplementedError

        def close(self) -> None:
            done.append("closed")

    monkeypatch.setattr(module, "Dumpcap", Fake)
    with pytest.raises(KeyError), source("eth0"):
        raise KeyError
    assert done == ["eth0", "closed"]
