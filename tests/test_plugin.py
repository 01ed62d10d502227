"""Installing the plugin: it never touches a file that it did not write."""

from __future__ import annotations

from pathlib import Path

import pytest

import msra
from msra import plugin


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_install_and_uninstall(tmp_path: Path) -> None:
    said = plugin.install(tmp_path)
    installed = names(tmp_path / "msra")
    assert {"msra.lua", "msra_codes.lua"} < installed
    assert {path.name for path in plugin.source_folder().glob("*.lua")} < installed
    assert msra.__version__ in said and str(tmp_path) in said
    plugin.install(tmp_path)
    plugin.uninstall(tmp_path)
    assert names(tmp_path) == set()


def test_foreign_files_are_never_overwritten(tmp_path: Path) -> None:
    foreign = tmp_path / "msra" / "msra.lua"
    foreign.parent.mkdir()
    foreign.write_text("-- mine")
    with pytest.raises(plugin.PluginError, match=r"msra\.lua"):
        plugin.install(tmp_path)
    assert foreign.read_text() == "-- mine" and names(foreign.parent) == {"msra.lua"}


def test_files_changed_since_are_kept(tmp_path: Path) -> None:
    plugin.install(tmp_path)
    changed = tmp_path / "msra" / "msra.lua"
    changed.write_text("-- mine")
    with pytest.raises(plugin.PluginError, match=r"msra\.lua"):
        plugin.install(tmp_path)
    assert "msra.lua" in plugin.uninstall(tmp_path)
    assert names(tmp_path / "msra") == {"msra.lua"}


def test_files_of_an_older_version_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for name in ("msra.lua", "msra_gone.lua"):
        (old / name).write_text("-- old")
    with monkeypatch.context() as patch:
        patch.setattr(plugin, "source_folder", lambda: old)
        plugin.install(tmp_path)
    plugin.install(tmp_path)
    assert "msra_gone.lua" not in names(tmp_path / "msra")


def test_nothing_to_uninstall(tmp_path: Path) -> None:
    with pytest.raises(plugin.PluginError, match="no plugin"):
        plugin.uninstall(tmp_path)


def test_a_damaged_manifest_is_no_licence_to_delete(tmp_path: Path) -> None:
    plugin.install(tmp_path)
    manifest = next(path for path in (tmp_path / "msra").iterdir() if path.suffix == ".json")
    victim = tmp_path / "victim"
    victim.write_text("x")
    manifest.write_text('{"files": {"../victim": "0"}}')
    with pytest.raises(plugin.PluginError):
        plugin.uninstall(tmp_path)
    assert victim.exists()
    manifest.write_text("broken")
    with pytest.raises(plugin.PluginError):
        plugin.install(tmp_path)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(plugin.PluginError, match="cannot be written"):
        plugin.install(tmp_path / "file")


def test_the_personal_folder_is_wiresharks() -> None:
    assert plugin.personal_folder().name == "plugins"
