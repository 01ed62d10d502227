"""Event streams for tests of the analysis, written by hand."""

from __future__ import annotations

from typing import Any

from msra.analysis.model import Session
from msra.analysis.session import Sessions
from msra.events import ConnectionOpened, Endpoint, Event, Fact, Gap, Message, Role, Value

EXPERT, NOVICE = Endpoint("10.0.0.1", 50000), Endpoint("10.0.0.2", 49230)
SECOND = 1_000_000_000


class Story:
    """Events of one connection, a second apart."""

    def __init__(self, connection: int = 1) -> None:
        self.connection = connection
        self.events: list[Event] = [ConnectionOpened(connection, 1, SECOND, EXPERT, NOVICE)]

    def _next(self) -> tuple[int, int, int]:
        number = len(self.events) + 1
        return self.connection, number, number * SECOND

    def say(self, sender: Role, kind: str, channel: str = "RC_CTL", **fields: Value) -> Story:
        name = kind if kind in ("CHAT", "RCCOMMAND") else f"REMOTEDESKTOP_{kind}"
        self.events.append(Message(*self._next(), sender, channel, name, fields))
        return self

    def result(self, code: int, sender: Role = "novice") -> Story:
        return self.say(sender, "CTL_RESULT", result=code)

    def fact(self, name: str, sender: Role = "novice", **data: Any) -> Story:
        self.events.append(Fact(*self._next(), sender, name, data))
        return self

    def gap(self, kind: str, size: int = 10, sender: Role = "novice") -> Story:
        self.events.append(Gap(*self._next(), sender, kind, size))
        return self

    def version1(self) -> Story:
        self.say("expert", "CTL_VERSIONINFO", version_major=1, version_minor=2)
        return self.say("expert", "CTL_AUTHENTICATE")

    def version2(self) -> Story:
        return self.say("expert", "EXPERT_ON_VISTA").say("expert", "CTL_VERIFY_PASSWORD")

    def session(self) -> Session:
        (session,) = sessions(self)
        return session


def sessions(*stories: Story) -> list[Session]:
    collected = Sessions()
    for story in stories:
        for event in story.events:
            collected.add(event)
    return collected.finish()
