"""What the novice says, and when: the handshakes of versions 1 and 2 with the answers it was told to give.

    on its own      SERVER_ANNOUNCE, VERSIONINFO                                            [MS-RA] 3.4.5, 3.6.5
    version 1       AUTHENTICATE: RESULT 0, or 26 or 47; REMOTE_CONTROL_DESKTOP: the result
    version 2       VERIFY_PASSWORD: the result
    then            lines of chat and the like, DISCONNECT

Which version it is, the expert decides by its messages; FreeRDP follows the minor number in VERSIONINFO.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from msra.build import script
from msra.build.script import Script

AUTHENTICATE = "REMOTEDESKTOP_CTL_AUTHENTICATE"
REMOTE_CONTROL_DESKTOP = "REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP"
VERIFY_PASSWORD = "REMOTEDESKTOP_CTL_VERIFY_PASSWORD"  # noqa: S105 - a message


@dataclass(frozen=True)
class Conduct:
    """How the novice behaves; times are in seconds.

    `version_minor` of VERSIONINFO is `version` if it is None. `delay` passes before the result; `after` is what the
    novice says behind it. `disconnect_after` the last message the novice ends the session; None: the expert has to.
    """

    result: int = 0
    version: Literal[1, 2] = 2
    version_minor: int | None = None
    announce: bool = True
    delay: float = 0.0
    after: Script = ()
    disconnect_after: float | None = None


@dataclass(frozen=True)
class Speech:
    """What the novice says next; `is_last`: then it hangs up."""

    steps: Script = ()
    is_last: bool = False


class Novice:
    """One session: the expert's messages in, speeches out."""

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self._answered = False

    def begin(self) -> Speech:
        """What the novice says as soon as the channel is there."""
        conduct = self._conduct
        announced = script.announce(conduct.version if conduct.version_minor is None else conduct.version_minor)
        return Speech(announced if conduct.announce else announced[1:])

    def hear(self, message_type: str) -> Speech:
        """The answer to a message of the expert, by its type; most get none, and only one gets the result."""
        if self._answered:
            return Speech()
        if message_type == AUTHENTICATE and self._conduct.result not in script.FIRST_ANSWERS:
            return Speech(script.result(0))
        if message_type in (AUTHENTICATE, REMOTE_CONTROL_DESKTOP, VERIFY_PASSWORD):
            self._answered = True
            return self._result()
        return Speech()

    def _result(self) -> Speech:
        conduct = self._conduct
        steps = script.delayed(conduct.delay, script.result(conduct.result)) + conduct.after
        if conduct.disconnect_after is None:
            return Speech(steps)
        return Speech(steps + script.delayed(conduct.disconnect_after, script.disconnect("novice")), is_last=True)
