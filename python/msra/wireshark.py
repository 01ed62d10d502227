"""Where Wireshark's programs are on this system."""

from __future__ import annotations

import os
import shutil
import sys


def find_tshark() -> str | None:
    """The path of tshark: on PATH, or where Wireshark's installers put it on Windows and macOS."""
    found = shutil.which("tshark")
    if found:
        return found
    folders = {
        "win32": [os.environ.get(name, "") + r"\Wireshark" for name in ("ProgramFiles", "ProgramFiles(x86)")],
        "darwin": ["/Applications/Wireshark.app/Contents/MacOS"],
    }
    for folder in folders.get(sys.platform, []):
        candidate = shutil.which("tshark", path=folder)
        if candidate:
            return candidate
    return None
