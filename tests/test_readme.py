"""The README is true: its output is what the commands print, and its Python runs."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
from pathlib import Path

import pytest
from scapy.packet import raw
from scapy.sendrecv import sniff

from msra.analyzer import analyze
from msra.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DEMO = re.compile(r"```\n\$ analyze-pcap (.+)\n((?s:.+?))```")
PYTHON = re.compile(r"```python\n((?s:.+?))```")
FILTER = re.compile(r"^    (msra\S*.*?)(?:  +|$)", re.MULTILINE)


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    arguments, output = DEMO.findall(README)[0]
    assert main(arguments.split()) == 0
    assert capsys.readouterr().out == output
    assert f"analyze-pcap {arguments}" in (ROOT / "Makefile").read_text("utf-8")


def test_python(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own: one script writes a capture."""
    (tmp_path / "pcaps").symlink_to(ROOT / "pcaps")
    monkeypatch.chdir(tmp_path)
    scripts = [block for block in PYTHON.findall(README) if ">>>" not in block]
    assert scripts
    for script in scripts:
        exec(compile(script, "README.md", "exec"), {})
    assert "failed The novice answered with an error" in capsys.readouterr().out
    made = analyze("training.pcapng").sessions
    assert [(session.version, session.verdict.result) for session in made] == [(2, 0), (1, 41)]


def test_scapy() -> None:
    sessions = [block for block in PYTHON.findall(README) if ">>>" in block]
    assert sessions
    for session in sessions:
        parsed = doctest.DocTestParser().get_doctest(session, {"raw": raw, "sniff": sniff}, "README.md", None, 0)
        assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(parsed).failed == 0


def test_wireshark_filters() -> None:
    filters = FILTER.findall(README[README.index("## In Wireshark") : README.index("## In Scapy")])
    assert len(filters) >= 5
    for display_filter in filters:
        done = subprocess.run(
            ["tshark", "-X", "lua_script:dissector/msra.lua", "-n", "-Y", display_filter,
             "-r", "pcaps/v2_err61_passwords_dont_match.pcapng"],
            capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, timeout=60,
        )  # fmt: skip
        assert "PASSWORDS_DONT_MATCH" in done.stdout, (display_filter, done.stderr)


def test_every_folder_is_explained() -> None:
    for folder in re.findall(r"^    ((?:python|dissector|pcaps)\S*/) ", README, re.MULTILINE):
        assert (ROOT / folder).is_dir()
