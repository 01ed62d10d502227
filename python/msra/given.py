"""What the user gives beside captures: keys, an invitation and its password. It is tried before anything is read."""

from __future__ import annotations

import os
from pathlib import Path

from msra.analysis.invitation import InvitationError, parse_invitation
from msra.analysis.session import Given
from msra.engines.interface import EngineError, Options
from msra.engines.secrets import load_secrets

PASSWORD_VARIABLE = "MSRA_PASSWORD"  # noqa: S105 - a name


class GivenError(Exception):
    """It cannot be used; the text is one clear sentence, and shows nothing of a secret."""


def check_keys(options: Options) -> Options:
    """The options, if their key files can be used; else GivenError."""
    try:
        load_secrets(options)
    except EngineError as error:
        raise GivenError(str(error)) from error
    return options


def load_invitation(invitation: Path | None, password_file: Path | None) -> Given | None:
    """The invitation and its password. A password on the command line would be seen by every user of the machine."""
    if invitation is None:
        if password_file:
            raise GivenError("--password-file is the password of an --invitation, and none is given")
        return None
    password = os.environ.get(PASSWORD_VARIABLE)
    try:
        if password_file:
            password = password_file.read_text("utf-8-sig").rstrip("\r\n")
        return Given(parse_invitation(invitation.read_bytes()), password)
    except InvitationError as error:
        raise GivenError(f"{invitation}: {error}") from error
    except UnicodeDecodeError as error:
        raise GivenError(f"{password_file}: the password is not UTF-8 text") from error
    except OSError as error:
        raise GivenError(f"{error.filename}: it cannot be read: {error.strerror}") from error
