"""The man pages say what --help says, are up to date, and are good roff."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from msra import cli, saferror

ROOT = Path(__file__).parent.parent
PARSERS = {"analyze-pcap": cli.make_parser, "saferror": saferror.make_parser}


def plain(name: str) -> str:
    """The page as people read it."""
    groff = shutil.which("groff")
    assert groff, "tests/install-tools installs it"
    done = subprocess.run(
        [groff, "-man", "-Tutf8", "-ww", "-P-cbou", "-rLL=200n", str(ROOT / "docs" / f"{name}.1")],
        capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return " ".join(done.stdout.split())


def test_they_are_up_to_date(tmp_path: Path) -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_man_pages.py", "--check"], capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr
    (tmp_path / "docs").mkdir()
    copy = shutil.copy(ROOT / "docs" / "make_man_pages.py", tmp_path / "docs")
    stale = subprocess.run([sys.executable, copy, "--check"], capture_output=True, text=True)
    assert stale.returncode == 1 and stale.stderr.count("stale") == 2


@pytest.mark.parametrize("name", PARSERS)
def test_every_option_is_there(name: str) -> None:
    page, parser = plain(name), PARSERS[name]()
    for action in parser._actions:
        for option in action.option_strings:
            assert option in page
        assert " ".join((action.help or "").split()) in page
    assert " ".join((parser.description or "").split()) in page
    for line in (parser.epilog or "").splitlines()[1:]:
        assert " ".join(line.removeprefix("exit status:").split()) in page.replace("EXIT STATUS", "exit status:")


def test_nothing_in_it_is_a_command() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import make_man_pages
    finally:
        sys.path.pop(0)
    parser = argparse.ArgumentParser(
        "analyze-pcap", description="Do.\n", epilog="examples:\n.so /etc/passwd\n  a\\b -c"
    )
    parser.add_argument("-x", help=".TH of 'x'")
    page = make_man_pages.man_page(parser)
    assert "\n\\&.so /etc/passwd\n" in page and "a\\eb \\-c" in page and "\n\\&.TH of" in page
