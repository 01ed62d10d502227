"""Remote Assistance ([MS-RA]) in packet captures: sessions, messages and the SAFERROR code they ended with.

`analyze(path)` gives a capture's report, `analyze_together(path, path)` that of several, `iter_events(path)` the events
of a capture, `lookup(value)` a result code. `open_capture(path)` and `open_live(interface)` are pyshark's captures with
the messages in them; the Scapy layers are in `msra.layers`. Importing this package loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msra.analyzer import analyze, analyze_together, iter_events
    from msra.codes import lookup
    from msra.pyshark_captures import open_capture, open_live

__version__ = "0.1.0"
__all__ = ["__version__", "analyze", "analyze_together", "iter_events", "lookup", "open_capture", "open_live"]

_HOMES = {
    "analyze": "msra.analyzer", "analyze_together": "msra.analyzer", "iter_events": "msra.analyzer",
    "lookup": "msra.codes", "open_capture": "msra.pyshark_captures", "open_live": "msra.pyshark_captures",
    "scapy_ext": "msra.scapy_contrib",  # Scapy looks for it here
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'msra' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
