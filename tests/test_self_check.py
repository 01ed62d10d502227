"""--self-check sees what is there, and is right about what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import msra
from msra import plugin, self_check
from msra.analysis.model import CaptureReport
from msra.cli import main
from msra.engines import tshark
from tests.conformance.expected import PCAPS

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[plugin.Folders]:
    """Wireshark's folders, without what this machine has installed."""
    folders = plugin.Folders(tmp_path / "plugins", tmp_path / "configuration")
    monkeypatch.setattr(plugin, "personal_folders", lambda: folders)
    yield folders


def lines() -> tuple[bool, dict[str, str]]:
    good, text = self_check.self_check()
    found: dict[str, str] = {}
    for line in text.splitlines()[:-2]:
        found.setdefault(line[:12].strip(), line[13:])
    assert text.splitlines()[-1].startswith("Everything" if good else "Something is wrong")
    return good, found


def test_what_is_here() -> None:
    """Versions and places of everything, and both engines say the same of the bundled capture."""
    good, found = lines()
    assert good, found
    assert re.match(r"ok +\d+\.\d+\.\d+, .*tshark", found["tshark"])
    assert re.match(r"ok +5\.\d", found["Lua"])
    assert msra.__version__ in found["package"] and str(plugin.script()) in found["plugin"]
    assert all(found[name].startswith("ok") for name in self_check.LIBRARIES)
    assert found["embedded"].startswith("ok") and found["engines"] == "ok       both say the same"


def test_every_dependency_is_looked_at() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    dependencies = re.search(r"\ndependencies = \[(.*?)\]", project, re.DOTALL)
    assert dependencies
    assert {*re.findall(r'"([a-z0-9]+)>=', dependencies.group(1))} - {"tomli"} == {*self_check.LIBRARIES}


def test_the_bundled_capture_travels_in_the_wheel() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    named = re.search(r'"pcaps/(.+)" = "msra/data/self_check.pcapng"', project)
    assert named and self_check.sample().read_bytes() == (PCAPS / named[1]).read_bytes()


def test_the_command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["--self-check"]) == 0 and "both say the same" in capsys.readouterr().out
    monkeypatch.setattr(self_check, "LIBRARIES", ("no-such-library",))
    assert main(["--self-check"]) == 1 and "no-such-library WRONG" in capsys.readouterr().out


def test_without_wireshark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrong then: the embedded engine needs nothing."""
    monkeypatch.setattr(self_check, "find_tshark", lambda: None)
    monkeypatch.setattr(self_check, "find_dumpcap", lambda: None)
    good, found = lines()
    assert good and "not installed" in found["tshark"] and "not installed" in found["dumpcap"]
    assert found["embedded"].startswith("ok") and "engines" not in found


def test_a_tshark_that_runs_no_plugins_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tshark, "runs_plugins", lambda _program: False)
    good, found = lines()
    assert good and found["plugin"].startswith("-") and "engines" not in found


def test_a_tshark_that_cannot_be_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(self_check, "find_tshark", lambda: str(tmp_path))
    monkeypatch.setattr(tshark, "runs_plugins", lambda _program: False)
    good, found = lines()
    assert not good and found["tshark"].startswith("WRONG") and found["Lua"].startswith("WRONG")


def test_the_installed_plugin(folders: plugin.Folders) -> None:
    """A stale one is named, with what to do: Wireshark would use it."""
    _, found = lines()
    assert found["in Wireshark"].startswith("-")
    plugin.install(folders)
    good, found = lines()
    assert good and found["in Wireshark"].startswith(f"ok       {msra.__version__}, ")
    (folders.plugin.folder / "msra.lua").write_text("-- old")
    good, found = lines()
    assert (
        not good and "msra.lua: not those of" in found["in Wireshark"] and "--install-plugin" in found["in Wireshark"]
    )


def test_a_plugin_that_somebody_else_put_there(folders: plugin.Folders) -> None:
    folders.plugin.folder.mkdir(parents=True)
    (folders.plugin.folder / "msra.lua").write_text("-- theirs")
    good, found = lines()
    assert not good and "unknown version" in found["in Wireshark"]


def test_engines_that_do_not_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    real = self_check.analyze_capture

    def tampered(*given: object) -> CaptureReport:
        report = real(*given)  # type: ignore[arg-type]
        if report.engine == "tshark":
            report.sessions[0].messages.pop()
        return report

    monkeypatch.setattr(self_check, "analyze_capture", tampered)
    good, found = lines()
    assert not good and found["engines"] == "WRONG    they do not agree"


def test_a_capture_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(self_check, "sample", lambda: tmp_path / "none")
    good, found = lines()
    assert not good and "missing" in found["engines"]
