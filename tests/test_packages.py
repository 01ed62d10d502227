"""What is built of a checkout: the same bytes wherever and whenever, with no network; what is in it; that it runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

import msra
from tests.faults.command import GOOD, VERDICT, environment, namespace
from tests.pages import ROOT

NOT_COPIED = (".venv", ".git", ".build", "dist", "*_cache", ".hypothesis", "__pycache__")
LITTER = ("python/msra/__pycache__/cli.cpython-311.pyc", ".hypothesis/x", "tests/__pycache__/x.pyc", ".venv/bin/python")
VERSION = msra.__version__
IN_THE_WHEEL = (
    r"msra/([a-z_]+/)*[a-z0-9_]+\.py",
    r"msra/py\.typed",
    r"msra/data/(codes|hresults|rdp_codes)\.toml",
    r"msra/data/msra-report-1\.schema\.json",
    r"msra/data/self_check\.pcapng",
    r"msra/report/html/static/[a-z]+\.(css|js)",
    r"msra/report/html/templates/[a-z]+\.html",
    r"msra/dissector/msra[a-z_]*\.lua",
    r"msra/dissector/profile/(colorfilters|dfilter_buttons|preferences)",
    rf"wireshark_msra-{VERSION}\.data/data/share/man/man1/(analyze-pcap|saferror)\.1",
    rf"wireshark_msra-{VERSION}\.dist-info/(METADATA|WHEEL|RECORD|(entry_points|top_level)\.txt|licenses/LICENSE)",
)
IN_THE_SDIST = (
    r"(README|CHANGELOG|SECURITY)\.md",
    r"LICENSE|Makefile|PKG-INFO|pyproject\.toml|hatch_build\.py|\.gitignore",
    r"python/msra/.+\.(py|toml|json|css|js|html|typed|txt)",
    r"dissector/(profile/)?[\w.]+",
    r"docs/[\w-]+\.(md|py|1|png)",
    r"pcaps/[\w.]+\.(pcap|pcapng|gz|json|md|txt|pem)",
    r"tests/(\w+/)*[\w-]+\.(py|lua|json|txt|pem|pcap|ini|md|uts)",
    r"tests/(conformance|dissector)/golden/[\w .-]+\.txt",
    r"tests/(dissector/)?[a-z-]+",
    r"tests/data/.+",
    r"tests/regressions/\w+-[0-9a-f]+",
)


@dataclass(frozen=True)
class Built:
    """What one build made."""

    wheel: Path
    sdist: Path


def build(source: Path, umask: int, **variables: str) -> Built:
    """With the installed builder, as `python -m build --no-isolation` does it, and with no network where that goes."""
    alone = namespace("--net") if sys.platform == "linux" else []
    target = source.parent / "built"
    done = subprocess.run(
        [*alone, sys.executable, "-m", "hatchling", "build", "-d", str(target)],
        capture_output=True, text=True, timeout=120, cwd=source, umask=umask,
        env=environment(source.parent, PYTHONPATH="", **variables),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


@pytest.fixture(scope="module")
def built(folder: Path) -> Built:
    copy = folder / "one" / "checkout"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    return build(copy, 0o022)


def test_the_same_bytes_wherever_and_whenever(folder: Path, built: Built) -> None:
    """Another folder with litter, other times and permissions, another umask, locale and time zone."""
    copy = folder / "another" / "place"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for name in LITTER:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).touch()
    long_ago = time.time() - 1e8
    for path in copy.rglob("*"):
        os.utime(path, (long_ago, long_ago))
        if path.suffix == ".py":
            path.chmod(0o600)
    again = build(copy, 0o077, TZ="Asia/Tokyo", LC_ALL="C")
    assert again.wheel.read_bytes() == built.wheel.read_bytes()
    assert again.sdist.read_bytes() == built.sdist.read_bytes()


def test_the_wheel_of_the_sdist_is_the_same(folder: Path, built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(folder / "unpacked", **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    again = build(folder / "unpacked" / f"wireshark_msra-{VERSION}", 0o022)
    assert again.wheel.read_bytes() == built.wheel.read_bytes()


def strangers(names: Iterable[str], allowed: tuple[str, ...]) -> list[str]:
    return [name for name in names if not any(re.fullmatch(pattern, name) for pattern in allowed)]


def test_what_is_in_the_wheel(built: Built) -> None:
    """Each kind of file that belongs there, and nothing else; every module, and every file of the plugin."""
    names = zipfile.ZipFile(built.wheel).namelist()
    assert strangers(names, IN_THE_WHEEL) == []
    assert [pattern for pattern in IN_THE_WHEEL if not any(re.fullmatch(pattern, name) for name in names)] == []
    package = ROOT / "python" / "msra"
    assert {f"msra/{path.relative_to(package).as_posix()}" for path in package.rglob("*.py")} <= set(names)
    assert {f"msra/dissector/{path.name}" for path in (ROOT / "dissector").glob("*.lua")} <= set(names)
    content = zipfile.ZipFile(built.wheel)
    assert content.read("msra/data/self_check.pcapng") == GOOD.read_bytes()
    entries = content.read(f"wireshark_msra-{VERSION}.dist-info/entry_points.txt").decode().splitlines()
    assert "analyze-pcap = msra.commands:analyze_pcap" in entries and "saferror = msra.commands:saferror" in entries


def test_what_is_in_the_sdist(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
        owners = {(one.uid, one.gid, one.uname, one.gname) for one in archive}
    assert strangers(names, IN_THE_SDIST) == []
    assert [pattern for pattern in IN_THE_SDIST if not any(re.fullmatch(pattern, name) for name in names)] == []
    assert owners == {(0, 0, "", "")}, "who built it"


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_it_runs_where_nothing_can_be_written(folder: Path, built: Built) -> None:
    """The installed commands, plugin, man pages and self-check, in a folder that is read-only."""
    prefix = folder / "prefix"
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--ignore-installed",
         "--disable-pip-version-check", "--no-warn-script-location", "--prefix", str(prefix), str(built.wheel)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert installed.returncode == 0, installed.stderr
    (site,) = prefix.glob("lib/python*/site-packages")
    assert (prefix / "share" / "man" / "man1" / "analyze-pcap.1").is_file()
    script = (
        'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && ! touch "$0/x" 2>/dev/null && cd / && exec "$@"'
    )
    packages = [str(site), *(path for path in sys.path if path.endswith("site-packages"))]
    for words, expected in (
        (["analyze-pcap", "--engine=tshark", "-q", str(GOOD)], VERDICT),
        (["analyze-pcap", "-j", "2", "-fhtml", str(GOOD)], VERDICT),
        (["analyze-pcap", "--self-check"], f"{site}/msra\n"),
        (["saferror", "41"], "HELPEESAIDNO"),
    ):
        command = [str(prefix / "bin" / words[0]), *words[1:]]
        done = subprocess.run(
            [*namespace(), "sh", "-c", script, str(prefix), *command],
            capture_output=True, encoding="utf-8", timeout=120,
            env=environment(folder, PYTHONPATH=os.pathsep.join(packages)),
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "") and expected in done.stdout
    assert not list(prefix.rglob("*.part"))
