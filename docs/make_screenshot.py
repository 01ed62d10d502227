"""Make docs/report.png, the README's picture: the HTML report on a real session, with one message chosen.

`make screenshot` runs it. It needs Pillow besides what the tests need.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from msra.analyzer import analyze_together  # noqa: E402
from msra.report.html import to_html  # noqa: E402
from tests.report.html.browser import browser  # noqa: E402

CAPTURE = ROOT / "pcaps" / "rich_all_types.pcapng"
TARGET = ROOT / "docs" / "report.png"
WIDTH, HEIGHT = 1280, 1680
CHOOSE = """
document.querySelector(".toolbar input[type=checkbox]").click();  // the messages alone: there is more to see of them
const row = [...document.querySelectorAll(".row")].find((row) => row.getAttribute("aria-label").includes("CTL_RESULT"));
row.dispatchEvent(new MouseEvent("click", { bubbles: true }));
"""


def main() -> None:
    """Draw the page, and save the picture with 256 colours: a third of the size, and nobody sees it."""
    with tempfile.TemporaryDirectory() as folder, browser() as window:
        page = Path(folder) / "report.html"
        page.write_text(to_html(analyze_together(CAPTURE, engine="embedded")), "utf-8", newline="\n")
        window.open(page, WIDTH, HEIGHT)
        window.run(CHOOSE)
        window.picture(TARGET)
    with Image.open(TARGET) as picture:
        small = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(TARGET, optimize=True)


if __name__ == "__main__":
    main()
