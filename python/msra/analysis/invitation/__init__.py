"""A session against the invitation that it was made with ([MS-RAI] 6): is it that one, and was the password right?

    >>> invitation = parse_invitation(Path("help.msrcIncident").read_bytes())
    >>> check(invitation, "48BJQ853X3B4", evidence, expert, novice, start, end)

Passwords, PassStubs, connection strings and tokens appear in no text, no exception and no repr().
"""

from msra.analysis.invitation.checks import CHECKS, check
from msra.analysis.invitation.file import Invitation, InvitationError, parse_invitation

__all__ = ["CHECKS", "Invitation", "InvitationError", "check", "parse_invitation"]
