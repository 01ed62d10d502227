"""The command as the shell runs it, with something wrong around it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.expected import PCAPS

GOOD = PCAPS / "v2_err61_passwords_dont_match.pcapng"
MANY = PCAPS / "v2_all48_codes.pcapng"
VERDICT = "61 PASSWORDS_DONT_MATCH"
CODE = "import sys; sys.argv[0] = 'analyze-pcap'; from msra.commands import analyze_pcap; sys.exit(analyze_pcap())"
LARGE = 4 << 20
"""Bytes beyond which a capture is read in two passes."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """One that finds the package under test, but nothing of the user's."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        **more,
    }


def analyze_pcap(
    home: Path,
    *arguments: str | Path,
    before: str = "",
    redirected: str = "",
    interpreter: str = "",
    variables: Mapping[str, str] | None = None,
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """Run it in a shell: `before` is what is set up there, `redirected` where the streams go."""
    script = f'{before}\nexec "$0" {interpreter} -c "$CODE" "$@" {redirected}'
    return subprocess.run(
        ["sh", "-c", script, sys.executable, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        env=environment(home, **{"CODE": CODE, **(variables or {})}),
        **options,
    )


def namespace(*flags: str) -> list[str]:
    """How to run something in namespaces of its own, where it may mount; skips where this user may not."""
    program = shutil.which("unshare")
    command = [program or "unshare", "--mount", *flags, *(() if os.geteuid() == 0 else ("--map-root-user",))]
    if (
        program is None
        or subprocess.run([*command, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode
    ):
        reason = "NOT TESTED: this user may not make namespaces"
        (pytest.fail if os.environ.get("CI") and os.geteuid() == 0 else pytest.skip)(reason)
    return command
