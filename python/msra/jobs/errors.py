"""Errors that end the command before it has begun, and how the extra that is missing is named."""

from __future__ import annotations


class JobsError(Exception):
    """The captures cannot be worked on in the way that was asked for; the text is one clear sentence."""


def missing_extra(what: str) -> JobsError:
    """What the user wanted needs packages that are not installed by default."""
    return JobsError(f"{what} needs more packages: pip install wireshark-msra[cluster]")
