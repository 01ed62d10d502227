"""What the plugin's own modules make of a piece of data, in a bare Lua interpreter."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from tests.dissector.tshark import ROOT, SOURCE

SCRIPT = ROOT / "tests" / "dissector" / "pieces.lua"


def take_apart(lua: str, kind: str, pieces: Sequence[bytes]) -> list[str]:
    """A line for each piece; fails if the interpreter does."""
    lines = "".join(f"{kind} {piece.hex()}\n" for piece in pieces)
    done = subprocess.run([lua, SCRIPT, SOURCE], input=lines, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def fields(words: Sequence[str]) -> list[tuple[str, int | str]]:
    """Names and values of the words "<name>=<form>:<value>"."""
    found: list[tuple[str, int | str]] = []
    for word in words:
        name, _, value = word.partition("=")
        form, _, value = value.partition(":")
        found.append((name, int(value) if form == "i" else value if form == "b" else bytes.fromhex(value).decode()))
    return found
