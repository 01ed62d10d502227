"""dissector/README.md is true: its fields, filters, preferences and commands exist and do what it says."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.dissector.tshark import PCAPS, SOURCE, Sandbox

README = (SOURCE / "README.md").read_text("utf-8")
ROW = re.compile(r"^\| `(msra.*?)` \| (.*)\|$", re.MULTILINE)
FILTERS = [cell.replace(r"\|", "|") for cell, _ in ROW.findall(README[: README.index("## Preferences")])]
PREFERENCES = [cell for cell, _ in ROW.findall(README[README.index("## Preferences") :])]
COMMANDS = re.findall(r"^    tshark ((?!-G).*)$", README, re.MULTILINE)


@pytest.mark.parametrize("display_filter", FILTERS)
def test_filters(sandbox: Sandbox, display_filter: str) -> None:
    """Wireshark knows every field in them."""
    sandbox.tshark(PCAPS / "v2_err41_helpeesaidno.pcapng", "-Y", display_filter)


def test_there_are_filters() -> None:
    assert len(FILTERS) == 12 and len(COMMANDS) == 4


def test_expert_ids(sandbox: Sandbox) -> None:
    """The ids that are named for msra.expert."""
    (row,) = [line for line in README.splitlines() if "msra.expert." in line]
    for name in re.findall(r"`(\w+)`", row):
        sandbox.tshark(PCAPS / "v2_err41_helpeesaidno.pcapng", "-Y", f"msra.expert.{name}")


def test_preferences() -> None:
    """All of them, and no others."""
    with Sandbox() as sandbox:
        sandbox.install()
        said, _ = sandbox.run(["-G", "currentprefs"])
    assert sorted(PREFERENCES) == sorted(re.findall(r"^#?(msra\.\w+):", said, re.MULTILINE))


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(sandbox: Sandbox, command: str) -> None:
    words = shlex.split(command)
    capture = words.pop(words.index("-r") + 1)
    words.remove("-r")
    said = sandbox.tshark(PCAPS.parent / capture, *words)
    assert "PASSWORDS_DONT_MATCH (61)\n" in said if "-Y" in words else "Remote Assistance" in said
