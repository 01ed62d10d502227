"""Which RESULT decides a session ([MS-RA] 2.2.6, 3.3.5, 3.5.5)."""

from __future__ import annotations

from msra import codes
from msra.analysis.evidence import Evidence
from msra.events import Message


def deciding_result(evidence: Evidence) -> Message | None:
    """The RESULT that decided the session, or None.

    In version 1 a RESULT without error before REMOTE_CONTROL_DESKTOP only accepts the password ([MS-RA] 3.3.5); in
    version 2 an accepted password may still be followed by a refusal (3.5.5). Codes that tell how a running
    session ended do not undo that it was established.
    """
    decided: Message | None = None
    asked = evidence.version != 1
    results = {id(message) for message in evidence.results}
    for message in evidence.messages:
        asked = asked or message.type == "REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP"
        if id(message) not in results:
            continue
        code = codes.lookup(int(message.fields["result"]))
        established = decided is not None and decided.fields["result"] == 0
        if not (established and (code.value == 0 or code.ends_session)) and (code.value != 0 or asked):
            decided = message
    return decided
