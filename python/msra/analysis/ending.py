"""How a connection ended: who closed it first, on which layer, and what reason it gave.

    [MS-RA] 2.2.1.5          REMOTEDESKTOP_CTL_DISCONNECT
    [MS-RDPBCGR] 2.2.2.3     MCS Disconnect Provider Ultimatum
    RFC 8446 6.1             TLS alerts close_notify and user_canceled
    RFC 9293 3.6             FIN or RST

The layers close one after the other, so the earliest frame tells who began.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msra.analysis.evidence import Evidence
from msra.events import Role

_CLOSING_ALERTS = (0, 90)


class Ending(NamedTuple):
    """Who ended the connection; `sender` and `frame` are None if the capture shows no end.

    `how` is disconnect (of Remote Assistance), mcs, tls, fin, rst or open.
    """

    how: str
    sender: Role | None = None
    frame: int | None = None
    time: int | None = None

    @property
    def text(self) -> str:
        """A clause that goes on after "The session ended when " or stands as a sentence."""
        return _TEXTS[self.how].format(sender=self.sender)


_TEXTS: Mapping[str, str] = {
    "disconnect": "the {sender} disconnected",
    "mcs": "the {sender} closed the RDP connection",
    "tls": "the {sender} closed the TLS connection",
    "fin": "the {sender} closed the TCP connection",
    "rst": "the {sender} reset the TCP connection",
    "open": "the capture ends",
}


def ending(evidence: Evidence) -> Ending:
    """The first of all signs of an end."""
    return min(_signs(evidence), key=lambda sign: sign.frame or 0, default=Ending("open"))


def _signs(evidence: Evidence) -> Iterator[Ending]:
    for message in evidence.messages:
        if message.type == "REMOTEDESKTOP_CTL_DISCONNECT":
            yield Ending("disconnect", message.sender, message.frame, message.time)
    for fact in evidence.story:
        how = "mcs" if fact.name == "disconnect" else None
        if fact.name == "tls_alert" and fact.data.get("description") in _CLOSING_ALERTS:
            how = "tls"
        elif fact.name == "tcp_close" and fact.data.get("how") in ("fin", "rst"):
            how = str(fact.data["how"])
        if how:
            yield Ending(how, fact.sender, fact.frame, fact.time)
