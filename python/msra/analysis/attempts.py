"""TCP connects that led to nothing, and what is usually behind them (RFC 9293 3.10.7)."""

from __future__ import annotations

from collections.abc import Mapping

from msra.analysis.model import Attempt
from msra.events import ConnectFailed, ConnectFailure

_TEXTS: Mapping[ConnectFailure, str] = {
    "refused": "The connection was refused: nothing listens on this port any more. The invitation's window was closed, "
    "the invitation is of another day (the port is a new one each time), or a firewall rejects the connection.",
    "timed_out": "Nothing answered: the computer is off or elsewhere, or a firewall or router in between drops the "
    "packets. Behind NAT the addresses of an invitation cannot be reached from outside.",
    "closed": "The connection was made and closed again before either side sent a byte: a port check, or a program "
    "that gave up.",
}


def attempt(event: ConnectFailed) -> Attempt:
    """The connect with its explanation."""
    return Attempt(event.expert, event.novice, event.how, event.time, event.frames, _TEXTS[event.how])
