"""Shell completion, made from the parsers of the commands by shtab."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from msra.output import write_text

SHELLS = ("bash", "zsh", "fish")
_PATHS = {"FILE": "FILE", "CAPTURE": "FILE", "DIR": "DIRECTORY"}
"""What shtab completes an argument of this metavar with."""


class PrintCompletion(argparse.Action):
    """Print the script for a shell, and end the command."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(
            option_strings,
            dest,
            choices=SHELLS,
            default=argparse.SUPPRESS,
            help="print the completion script for this shell",
        )

    def __call__(
        self, parser: argparse.ArgumentParser, _namespace: object, shell: object, _option: object = None
    ) -> None:
        """`shell` is one of SHELLS."""
        write_text(script(parser, str(shell)), None)
        parser.exit()


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The completion script of a command for one of SHELLS."""
    import shtab  # only here: it is needed once

    for action in parser._actions:
        kind = _PATHS.get(str(action.metavar))
        if kind:
            action.complete = getattr(shtab, kind)  # type: ignore[attr-defined]
    return f"{shtab.complete(parser, shell)}\n"
