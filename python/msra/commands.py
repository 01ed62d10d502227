"""Where the commands begin.

Loading what they need takes a third of a second, in which Ctrl-C must end them as quietly as later. So this module
imports next to nothing, and the rest when it is prepared for that.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable

_GARBAGE_COLLECTION = 50_000, 20, 1000  # see gc.set_threshold
_FROM_THE_HEAP = 31 << 20  # bytes; glibc takes no more than 32 MiB

_INTERRUPTED, _NOT_WRITTEN = 130, 2  # as in console.py
_STREAMS = (("stdin", "r", os.O_WRONLY), ("stdout", "w", os.O_RDONLY), ("stderr", "w", os.O_WRONLY))


def analyze_pcap() -> int:
    """Run `analyze-pcap`; returns the exit status."""
    return _run("analyze-pcap", "msra.cli")


def saferror() -> int:
    """Run `saferror`; returns the exit status."""
    return _run("saferror", "msra.saferror")


def suit_process() -> None:
    """Suit Python to what it does for us, in a process that is ours; before NumPy is loaded.

    Modules and what is read of captures are kept to the end, so that looking through them as often as Python does finds
    nothing, and takes a tenth of the time. And glibc gets blocks of 128 KiB and more from the system, and returns them,
    each time: a third of the time of many small captures. Once a larger one has come and gone, it keeps those up to its
    size (mallopt(3), M_MMAP_THRESHOLD). And the threads that NumPy's matrices would have, which nobody needs here, keep
    the other processors busy for a tenth of a second as they start.
    """
    gc.set_threshold(*_GARBAGE_COLLECTION)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    bytes(_FROM_THE_HEAP)


def _run(name: str, module: str) -> int:
    def leave(_signal: object = None, _frame: object = None) -> None:
        """At once: there is nothing yet, or no longer, that would have to be put in order."""
        os.write(2, f"{name}: interrupted\n".encode())
        os._exit(_INTERRUPTED)

    suit_process()
    _open_closed_streams()
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # nohup ignores it
    if interruptible:
        signal.signal(signal.SIGINT, leave)
    from importlib import import_module

    main = import_module(module).main
    try:
        if interruptible:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        status = _status_of(main)
        if interruptible:
            signal.signal(signal.SIGINT, leave)
    except KeyboardInterrupt:
        leave()
    gc.freeze()  # the interpreter's last looks through all there is find nothing to do: 50 ms
    return _emptied(name) or status


def _status_of(main: Callable[[], int]) -> int:
    """argparse leaves with the status of --help and of wrong usage."""
    try:
        return main()
    except SystemExit as left:
        return int(left.code or 0)


def _open_closed_streams() -> None:
    """A stream that the shell closed (`>&-`) is one whose every use fails, and standard error swallows everything.

    Its number is taken: it must not go to a file that is opened later.
    """
    for number, (name, mode, failing) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, failing)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - until the end


def _emptied(name: str) -> int:
    """Write what is left in the streams, and say it if that fails: the interpreter would do so in its own way."""
    status = 0
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if stream is sys.stdout and not isinstance(error, BrokenPipeError):
                sys.stderr.write(f"{name}: standard output: it cannot be written: {error.strerror}\n")
                status = _NOT_WRITTEN
    return status
