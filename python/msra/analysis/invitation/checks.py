"""The checks of a session against its invitation, by the ids that reports and the verdict use.

What a failed check means:

    ticket              the password given is not that of the invitation, or the file was damaged on its way
    expiry              the expert came too late (or too early: then a clock is wrong, or it is another invitation)
    address, port       the novice was reached elsewhere than the invitation says: NAT, or the novice has moved on; no
                        proof of another invitation by itself
    session_id          the expert used another invitation
    expert_password     the expert typed another password, or used another invitation: the text says which, where
                        session_id or the PassStub tells. With a result 26 or 61 it is the reason for that result
    server_key          another computer answered than the one that made the invitation, or somebody is in the middle
    connection_string   the expert (version 1) sent another connection string than the invitation's: the reason for a
                        result 24, 25 or 26
    token               (version 3) the side that it names used another password or another invitation

If ticket fails and expert_password passes, the expert typed the password given, and that is the wrong one.
Without the password ticket, expert_password and token are not checkable; the others make do with RCTICKET.
"""

from __future__ import annotations

from collections.abc import Mapping

from msra.analysis.evidence import Evidence
from msra.analysis.invitation.case import Case, Find
from msra.analysis.invitation.file import Invitation
from msra.analysis.invitation.identity import connection_string, named_session, server_key
from msra.analysis.invitation.place import expiry, novice_address, port
from msra.analysis.invitation.proofs import expert_password, ticket, tokens
from msra.analysis.model import Check
from msra.events import Endpoint

CHECKS: Mapping[str, Find] = {
    "ticket": ticket,
    "expiry": expiry,
    "address": novice_address,
    "port": port,
    "session_id": named_session,
    "expert_password": expert_password,
    "server_key": server_key,
    "connection_string": connection_string,
    "token": tokens,
}


def check(
    invitation: Invitation,
    password: str | None,
    evidence: Evidence,
    expert: Endpoint,
    novice: Endpoint,
    start: int,
    end: int,
) -> list[Check]:
    """All checks in the order of the table. `start` and `end` of the session are nanoseconds since 1970, UTC.

    Texts show neither passwords nor PassStubs, connection strings, session ids and tokens. Nothing raises.
    """
    case = Case(invitation, password, evidence, expert, novice, start, end)
    return [Check(check_id, *find(case)) for check_id, find in CHECKS.items()]
