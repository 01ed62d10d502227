"""The command: what it writes, and how it fails."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from msra.analysis.invitation import parse_invitation
from msra.build import script
from msra.layers.connection_string import Address, ConnectionString1
from msra.novice.__main__ import main
from tests.novice.expert import saying, visit

NOVICE = [sys.executable, "-m", "msra.novice", "--port", "0"]


def test_a_session(tmp_path: Path) -> None:
    """From the options to the log, the invitation and the capture."""
    options = ["--result", "helpeesaidno", "--sessions", "1", "--disconnect-after", "0", "--chat", "Sorry"]
    options += ["--write-invitation", str(tmp_path / "i.msrcIncident"), "--write-capture", str(tmp_path / "c.pcap")]

    with subprocess.Popen([*NOVICE, *options], stdout=subprocess.PIPE, text=True) as novice:
        assert novice.stdout is not None
        first = novice.stdout.readline()
        match = re.fullmatch(r"listening on 127\.0\.0\.1 port ([0-9]+)\n", first)
        assert match, first
        port = int(match[1])
        asyncio.run(asyncio.wait_for(visit(port, *saying(script.version_2())), 30))
        log = novice.stdout.read()
    assert novice.returncode == 0
    assert "novice REMOTEDESKTOP_CTL_RESULT result=41" in log and "novice CHAT text='Sorry'" in log
    ticket = parse_invitation((tmp_path / "i.msrcIncident").read_bytes()).rc_ticket
    assert isinstance(ticket, ConnectionString1) and ticket.machine_address_list == (Address("127.0.0.1", port),)
    assert (tmp_path / "c.pcap").stat().st_size > 1000


@pytest.mark.parametrize(
    "options",
    [["--result", "nonsense"], ["--version", "3"], ["--delay", "-1"], ["--delay", "nan"], ["--write-capture", "a.txt"]],
)
def test_wrong_usage(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(options)
    assert stopped.value.code == 2 and options[0] in capsys.readouterr().err


def test_a_port_or_file_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "0", "--write-invitation", str(tmp_path / "missing" / "file")]) == 1
    assert main(["--port", "0", "--host", "192.0.2.1"]) == 1
    assert capsys.readouterr().err.count("novice: ") == 2


def test_help_and_documentation_name_the_command_line_of_a_real_expert() -> None:
    """It is the one of the tests with FreeRDP."""
    done = subprocess.run([*NOVICE, "--help"], capture_output=True, text=True, check=True)
    command = 'xfreerdp help.msrcIncident /assistance:Password1 /v:127.0.0.1:3389 /sec:rdp /d: "/p:*" /log-level:DEBUG'
    assert command in done.stdout
    assert command in Path(__file__).parents[2].joinpath("docs", "building.md").read_text("utf-8")
