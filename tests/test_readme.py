"""The README's promises about the project itself. What holds for all pages is in test_pages.py."""

from __future__ import annotations

import re
from pathlib import Path

from tests.pages import ROOT, blocks

README = (ROOT / "README.md").read_text("utf-8")


def test_make_demo_is_the_demo() -> None:
    (demo,) = [block for block in blocks("console") if block.page == "README.md"]
    command = demo.text.partition("\n")[0].removeprefix("$ ")
    assert command in (ROOT / "Makefile").read_text("utf-8")


def test_the_picture_comes_first() -> None:
    """Before any command, so that whoever scrolls sees what they get."""
    assert 0 < README.index("docs/report.png") < README.index("```")


def test_every_folder_is_explained() -> None:
    text = Path(ROOT / "docs" / "how-it-works.md").read_text("utf-8")
    folders = re.findall(r"^    (\S+/) ", text, re.MULTILINE)
    assert len(folders) >= 9 and all((ROOT / folder).is_dir() for folder in folders)
