"""What the tests of captures share: the sample captures, and tshark as the other opinion about them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

PCAPS = Path(__file__).parents[2] / "pcaps"


@pytest.fixture(scope="session")
def pcaps() -> list[Path]:
    """All sample captures."""
    files = sorted(path for path in PCAPS.iterdir() if ".pcap" in path.name)
    assert len(files) > 30
    return files


@pytest.fixture(scope="session")
def tshark(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """Runs tshark with factory settings on a capture; returns the lines it prints."""
    program = shutil.which("tshark")
    assert program, "these tests need tshark (Debian: apt-get install tshark)"
    home = str(tmp_path_factory.mktemp("home"))
    environment = {"PATH": os.environ["PATH"], "HOME": home, "WIRESHARK_CONFIG_DIR": home, "TZ": "UTC", "LC_ALL": "C"}

    def run(path: Path, *options: str, exit_status: int = 0) -> list[str]:
        command = [program, "-n", "-r", str(path), *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
        assert done.returncode == exit_status, done.stderr
        return done.stdout.splitlines()

    return run
