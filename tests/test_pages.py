"""The README and docs/ are true: commands run, outputs are what is printed, Python runs, links lead somewhere."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scapy.packet import ls, raw
from scapy.sendrecv import sniff
from scapy.utils import rdpcap

from msra import cli, saferror
from msra.analyzer import analyze
from msra.novice import __main__ as novice
from tests.conformance.expected import PCAPS
from tests.pages import PAGES, ROOT, blocks, commands, indented, inline_commands
from tests.test_cli import REAL, invitation, password_file

STAND_INS = {
    # what the pages call it: what it is here
    "capture.pcapng": "v2_err61_passwords_dont_match.pcapng",
    "expert-side.pcapng": "v2_err41_helpeesaidno.pcapng",
    "novice-side.pcapng": "v2_err41_helpeesaidno.pcapng",
    "captures/one.pcapng": "v2_ok_3389.pcapng",
    "captures/two.pcapng": "v2_err41_helpeesaidno.pcapng",
    "night/one.pcapng": "v2_err61_passwords_dont_match.pcapng",
    "tls.pcapng": "v2_tls13.pcapng",
    "keys.txt": "v2_tls13.keys.txt",
    "tls-rsa.pcapng": "v2_tls12_rsa_kex.pcapng",
    "shadow.key": "v2_tls12_rsa_kex.server.key.pem",
    "certificate.key.pem": "v2_tls12_rsa_kex.server.key.pem",
    "rc4.pcapng": "v2_rc4_128.pcapng",
    "rc4.key.pem": "v2_rc4_128.server.key.pem",
}
NOT_RUN = 12
"""Blocks that are not run: `make`, `pip`, Windows (2), live captures (5), URLs, a novice, and what needs one."""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything that the pages name is there, and the commands are on PATH."""
    folder = tmp_path_factory.mktemp("workshop")
    for name, capture in STAND_INS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(PCAPS / capture, folder / name)
    shutil.copy(ROOT / "tests" / "data" / "rdp_security_rsakeys.ini", folder / "rsakeys.ini")
    invitation(folder)
    Path(password_file(folder, REAL["PASSWORD"])).rename(folder / "password.txt")
    for name in ("pcaps", "dissector"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "bin").mkdir()
    for name, module in (("analyze-pcap", "cli"), ("saferror", "saferror")):
        program = folder / "bin" / name
        code = f"import sys; from msra.{module} import main; sys.exit(main())"
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{code}" "$@"\n')
        program.chmod(0o755)
    return folder


def run(workshop: Path, command: str) -> subprocess.CompletedProcess[str]:
    """A line of a page, in a shell, as a user would run it."""
    environment = {**os.environ, "PATH": f"{workshop / 'bin'}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    environment.pop("FORCE_COLOR", None)
    return subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=workshop,
        env=environment,
        timeout=120,
    )


@pytest.mark.parametrize(("page", "command"), commands())
def test_commands(workshop: Path, page: str, command: str) -> None:
    """Each ends with status 0 and has something to say, or to write."""
    done = run(workshop, command)
    assert done.returncode == 0, (page, done.stderr)
    assert "Traceback" not in done.stderr and "UNREADABLE" not in done.stdout
    written = re.search(r"(?:-o|>|--export|--extract) (\S+)", command)
    target = workshop / written.group(1) if written else None
    assert done.stdout or "inject-secrets" in command or (target and target.exists())


@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_outputs(workshop: Path, block: object) -> None:
    text = getattr(block, "text", "")
    command, _, output = text.removeprefix("$ ").partition("\n")
    assert run(workshop, command).stdout == output


def test_what_is_not_run_is_counted() -> None:
    """A mark is no way out: it needs a reason that is one."""
    marked = [block for block in blocks() if block.why_not]
    assert len(marked) == NOT_RUN
    for block in marked:
        assert block.why_not.startswith(("captures until", "needs ", "it sets up", "it installs")), block
        for line in block.text.splitlines():
            words = shlex.split(line.partition("|")[0].replace("\\", "/"), comments=True)
            if words and words[0] == "analyze-pcap":
                cli.make_parser().parse_args(words[1:])


def test_nothing_is_overlooked() -> None:
    """Every block has a language that some test runs, and no code hides in indented lines."""
    assert {block.language for block in blocks()} <= {"sh", "console", "python"}
    assert len(commands()) >= 30 and len(blocks("console")) >= 3
    for page in PAGES:
        kept = [line for line in indented(page) if not re.match(r"(python|dissector|pcaps|docs)/", line)]
        assert kept == [], page


@pytest.mark.parametrize(("page", "text"), inline_commands())
def test_commands_in_sentences(page: str, text: str) -> None:
    """Their options exist."""
    words = shlex.split(text)
    make = cli.make_parser if words[0] == "analyze-pcap" else saferror.make_parser
    try:
        make().parse_args(words[1:])
    except SystemExit as ended:
        assert ended.code == 0, page


def test_options_in_sentences() -> None:
    known = {
        option
        for make in (cli.make_parser, saferror.make_parser, novice._parser)
        for one in make()._actions
        for option in one.option_strings
    }
    for page in PAGES:
        for option in re.findall(r"`(--[a-z-]+)", page.read_text("utf-8")):
            assert option in known, (page.name, option)


def test_python(workshop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(workshop)
    scripts = [block for block in blocks("python") if ">>>" not in block.text]
    assert scripts
    for script in scripts:
        exec(compile(script.text, script.page, "exec"), {})
    assert "failed The novice answered with an error" in capsys.readouterr().out
    made = analyze("training.pcapng").sessions
    assert [(session.version, session.verdict.result) for session in made] == [(2, 0), (1, 41)]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if ">>> " in page.read_text("utf-8")], ids=lambda page: page.name
)
def test_python_prompts(workshop: Path, monkeypatch: pytest.MonkeyPatch, page: Path) -> None:
    """One page is one session: a block goes on where the one before it ended."""
    monkeypatch.chdir(workshop)
    text = "\n".join(block.text for block in blocks("python") if block.page == page.name and ">>>" in block.text)
    names = {"raw": raw, "sniff": sniff, "rdpcap": rdpcap, "ls": ls}
    parsed = doctest.DocTestParser().get_doctest(text, names, page.name, None, 0)
    assert len(parsed.examples) > 2
    assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(parsed).failed == 0


def filters() -> list[str]:
    text = (ROOT / "docs" / "filters.md").read_text("utf-8")
    return [cell.replace(r"\|", "|") for cell in re.findall(r"^\| `(msra.*?)` \|", text, re.MULTILINE)]


@pytest.mark.parametrize("display_filter", filters())
def test_filters(display_filter: str) -> None:
    """Each finds something in one of our captures."""
    for capture in (
        "v2_err61_passwords_dont_match",
        "rich_all_types",
        "v2_err41_helpeesaidno",
        "v2_err_80004005_efail",
        "v2_rc4_128",
    ):
        done = subprocess.run(
            ["tshark", "-X", "lua_script:dissector/msra.lua", "-n", "-2", "-Y", display_filter,
             "-r", f"pcaps/{capture}.pcapng"],
            capture_output=True, text=True, timeout=60, cwd=ROOT, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        if done.stdout:
            return
    pytest.fail("it finds nothing")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    """Files exist, and so do the headings that are linked to."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}, target


def test_every_page_is_linked_from_the_readme() -> None:
    text = PAGES[0].read_text("utf-8")
    assert [page.name for page in PAGES[1:] if f"({page.relative_to(ROOT).as_posix()})" not in text] == []


def test_generated_pages_are_up_to_date(tmp_path: Path) -> None:
    script = ROOT / "docs" / "make_reference.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for name in ("docs", "python/msra/data"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "python/msra/data/msra-report-1.schema.json", tmp_path / "python/msra/data")
    page = (ROOT / "docs" / "limits.md").read_text("utf-8")
    (tmp_path / "docs" / "limits.md").write_text(page.replace("| 50,000 |", "| 49,999 |"), "utf-8")
    copy = shutil.copy(script, tmp_path / "docs")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, copy, "--check"], capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == 1 and done.stderr.count("stale") == 3


def test_every_key_of_the_schema_is_explained() -> None:
    page = (ROOT / "docs" / "json.md").read_text("utf-8")
    rows = re.findall(r"^\| `[\w.]+` \| (.*) \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) > 90 and all(kind.strip() and meaning.strip() for kind, meaning in rows)
