"""The tests of the layers and the session in the form of Scapy's own: a campaign for UTScapy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msra.layers

ROOT = Path(__file__).parent.parent.parent
CAMPAIGN = Path(__file__).with_name("msra.uts")


def run(campaign: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scapy.tools.UTscapy", "-f", "text", "-t", str(campaign)],
        capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


def count(campaign: Path) -> int:
    return sum(line.startswith("= ") for line in campaign.read_text("utf-8").splitlines())


def test_the_campaign() -> None:
    done = run(CAMPAIGN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"PASSED={count(CAMPAIGN)} FAILED=0" in done.stderr + done.stdout


def test_a_test_that_fails_is_seen(tmp_path: Path) -> None:
    """With Python 3.13 UTScapy of Scapy 2.8 then ends with a traceback of its own."""
    campaign = tmp_path / "fails.uts"
    failing = "\n= It fails\n\nassert MSRA_Result(result=61).result == 41\n"
    campaign.write_text(CAMPAIGN.read_text("utf-8") + failing, "utf-8")
    done = run(campaign)
    assert done.returncode != 0
    assert "FAILED=0" not in done.stderr + done.stdout


def test_every_layer_of_ms_ra_is_in_the_campaign() -> None:
    text = CAMPAIGN.read_text("utf-8")
    assert [name for name in msra.layers.__all__ if name.startswith("MSRA_") and name not in text] == []
