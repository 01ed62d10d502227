"""The page as a whole: its structure, that text stays text, that nothing is fetched, and that secrets stay secret."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from msra.analysis.model import Attempt, CaptureReport, Report
from msra.analyzer import analyze_together, together
from msra.events import Gap
from msra.report.data import to_json
from msra.report.html import to_html
from msra.report.html.overview import MOST_ATTEMPTS
from tests.analysis import sightings
from tests.analysis.builders import EXPERT, NOVICE, Story
from tests.report.builders import SECRETS, report
from tests.report.html import hostile
from tests.report.html.hostile import PAYLOADS, Structure

ROOT = Path(__file__).parents[3]


def test_the_answer_stands_in_the_page_itself() -> None:
    page = to_html(report())
    for text in ("Failed", "61 PASSWORDS_DONT_MATCH", "Likely causes", "Next steps", "10.0.0.1:50000", "a note"):
        assert text in page
    assert "b.pcap: this is no pcap or pcapng file" in page


def test_a_retry_is_linked_to_the_session_before_it() -> None:
    first, second = (Story().version2().result(61).session() for _ in range(2))
    second.id, second.reconnects = 2, 1
    other = CaptureReport("b", "", sessions=[Story().version2().session()])
    page = to_html(Report([other, CaptureReport("a", "", sessions=[first, second])]))
    assert '<dt>Follows</dt><dd><a href="#s2">session 2</a>' in page


def test_structure() -> None:
    page = Structure(to_html(together([report().captures[0], report().captures[0]])))
    assert page.open == []
    ids = [value for _, name, value in page.values if name == "id"]
    assert len(ids) == len(set(ids))
    anchors = {value[1:] for _, name, value in page.values if name == "href"}
    assert {anchor.partition("-f")[0] for anchor in anchors} <= set(ids)
    assert {value for _, name, value in page.values if name == "aria-labelledby"} <= set(ids)
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == names.count("main") == names.count("header") == names.count("footer") == 1
    assert ("html", "lang", "en") in page.values


@pytest.mark.parametrize("text", PAYLOADS)
def test_hostile_text_stays_text(text: str) -> None:
    page, plain = (Structure(to_html(hostile.report(one))) for one in (text, "harmless"))
    assert page.tags == plain.tags
    assert page.blocks["script"] == plain.blocks["script"] and page.blocks["style"] == plain.blocks["style"]
    assert [json.loads(block)["rows"] for block in page.blocks["json"]]
    assert not [value for value in page.values if value[1] == "href" and not re.fullmatch(r"#[\w-]*", value[2])]


def test_nothing_comes_from_outside() -> None:
    page = to_html(hostile.report("harmless"))
    structure = Structure(page)
    assert not {name for _, names in structure.tags for name in names} & {"src", "srcset", "action", "style", "data"}
    assert not [name for _, names in structure.tags for name in names if name.startswith("on")]
    assert not {tag for tag, _ in structure.tags} & {"link", "img", "iframe", "object", "embed", "base", "image", "use"}
    assert set(re.findall(r"\w+://[^\s\"'`<]*", page)) == {"http://www.w3.org/2000/svg"}  # a name, not an address


def test_the_policy_stands_before_all_else_and_names_what_is_there() -> None:
    page = to_html(report())
    structure = Structure(page)
    (policy,) = [value for tag, name, value in structure.values if tag == "meta" and "default-src" in value]
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<script>")
    assert "default-src 'none'" in policy
    for directive, blocks in (("style-src", structure.blocks["style"]), ("script-src", structure.blocks["script"])):
        (block,) = blocks
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_masked_as_in_the_other_formats(secret: str) -> None:
    for show in (False, True):
        assert (secret in to_html(report(), show)) == (secret in to_json(report(), show)) == show


def test_what_other_formats_mask_is_masked_here() -> None:
    """On real captures: what only the unmasked data has is in no page, and what both have is not lost."""
    captures = [str(path) for path in sorted((ROOT / "pcaps").glob("*.pcap*"))]
    made = analyze_together(*captures, engine="embedded")
    clear, masked = (set(_texts(made.to_dict(show))) for show in (True, False))
    secrets = {text for text in clear - masked if len(text) > 3}
    assert len(secrets) >= 5
    blocks = Structure(to_html(made, show_secrets=True)).blocks["json"]
    assert secrets <= set(_texts([json.loads(block) for block in blocks]))
    page = html.unescape(to_html(made))
    assert not [secret for secret in secrets if secret in page]


def _texts(value: object) -> Iterator[str]:
    """All texts in JSON data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts(list(value.values()))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def test_a_page_with_secrets_says_so() -> None:
    assert "This report shows secrets" in to_html(report(), show_secrets=True)
    assert "This report shows secrets" not in to_html(report())
    assert "are masked" in to_html(report()) and "are masked" not in to_html(report(), show_secrets=True)


def test_empty_reports() -> None:
    for made in (Report(), Report([CaptureReport("a", "embedded")]), Report([CaptureReport("a", "", error="none")])):
        assert Structure(to_html(made)).open == []


def test_long_lists_are_cut_and_say_so() -> None:
    attempt = Attempt(EXPERT, NOVICE, "refused", 5, (1, 2), "Nothing listens.")
    page = to_html(Report([CaptureReport("a", "", attempts=[attempt] * (MOST_ATTEMPTS + 7))]))
    assert page.count("Nothing listens.") == MOST_ATTEMPTS and "7 more are in the JSON report" in page
    session = Story().version2().session()
    session.gaps = [Gap(1, frame, frame, "novice", "encrypted", 5) for frame in range(10, 35)]
    page = to_html(Report([CaptureReport("a", "", sessions=[session])]))
    assert page.count("<b>Gap</b>") == 21 and "5 more are in the ladder" in page


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sightings.captures())
def test_any_report_is_a_page(captures: list[CaptureReport]) -> None:
    assert Structure(to_html(together(captures))).open == []


def test_a_session_is_small() -> None:
    """A hundred sessions more make no page that a browser would be slow with."""
    sessions = [Story().version2().result(61).session() for _ in range(100)]
    one, many = (len(to_html(Report([CaptureReport("a", "", sessions=some)]))) for some in (sessions[:1], sessions))
    assert (many - one) / 99 < 7000


def test_the_picture_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    picture = ROOT / "docs" / "report.png"
    assert f"({picture.relative_to(ROOT).as_posix()})" in readme.partition("## ")[0]
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size < 200_000


def test_the_wheel_holds_templates_and_static_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    folder = ROOT / "python" / "msra" / "report" / "html"
    wanted = {f"msra/report/html/{file.relative_to(folder).as_posix()}" for file in folder.glob("*/*.*")}
    wanted = {name for name in wanted if "__pycache__" not in name}
    assert len(wanted) >= 15 and wanted <= set(zipfile.ZipFile(wheel).namelist())
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    script = (
        "from msra.report import html; from msra.analysis.model import *; print(html.__file__, html.to_html(Report()))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert str(tmp_path / "installed") in done.stdout and "</html>" in done.stdout, done.stderr
