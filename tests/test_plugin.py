"""Installing the plugin and its profile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import msra
from msra import plugin


@pytest.fixture
def folders(tmp_path: Path) -> plugin.Folders:
    return plugin.Folders(tmp_path / "plugins", tmp_path / "configuration")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_install_and_uninstall(folders: plugin.Folders) -> None:
    """Everything of the source folder is there, what was done is said, and nothing is left behind."""
    for _ in range(2):
        said = plugin.install(folders)
    assert {path.name for path in plugin.source_folder().glob("*.lua")} < names(folders.plugins / "msra")
    profile = folders.configuration / "profiles" / "Remote Assistance"
    assert {"preferences", "colorfilters", "dfilter_buttons"} < names(profile)
    assert msra.__version__ in said and str(folders.plugins) in said and str(profile) in said
    said = plugin.uninstall(folders)
    assert str(folders.plugins) in said and str(profile) in said
    assert names(folders.plugins) == names(profile.parent) == set()


def test_foreign_plugin_files_are_an_error(folders: plugin.Folders) -> None:
    """Nothing is installed then, the profile neither."""
    foreign = folders.plugins / "msra" / "msra.lua"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("-- mine")
    with pytest.raises(plugin.PluginError, match=r"msra\.lua"):
        plugin.install(folders)
    assert foreign.read_text() == "-- mine" and names(foreign.parent) == {"msra.lua"}
    assert not folders.configuration.exists()


def test_a_changed_profile_is_kept(folders: plugin.Folders) -> None:
    """Wireshark writes the user's settings there: the plugin can be brought up to date all the same."""
    plugin.install(folders)
    preferences = folders.profile.folder / "preferences"
    preferences.write_text("mine")
    for said in (plugin.install(folders), plugin.uninstall(folders)):
        assert "kept: preferences" in said
    assert names(folders.profile.folder) == {"preferences"} and preferences.read_text() == "mine"


def test_nothing_to_uninstall(folders: plugin.Folders) -> None:
    with pytest.raises(plugin.PluginError, match="no plugin"):
        plugin.uninstall(folders)


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, folders: plugin.Folders) -> None:
    (tmp_path / "plugins").write_text("")
    with pytest.raises(plugin.PluginError, match="cannot be written"):
        plugin.install(folders)


def test_the_folders_are_those_of_tshark() -> None:
    """Wireshark itself says where it looks."""
    tshark = shutil.which("tshark")
    assert tshark
    said = subprocess.run([tshark, "-G", "folders"], capture_output=True, text=True, check=True).stdout
    folders = plugin.personal_folders()
    assert f"\t{folders.plugins}\n" in said and f"\t{folders.configuration}\n" in said


@pytest.mark.parametrize(
    ("platform", "plugins", "configuration"),
    [
        ("linux", "home/.local/lib/wireshark/plugins", "xdg/wireshark"),
        ("darwin", "home/.local/lib/wireshark/plugins", "xdg/wireshark"),
        ("win32", "roaming/Wireshark/plugins", "roaming/Wireshark"),
    ],
)
def test_the_folders_without_tshark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, plugins: str, configuration: str
) -> None:
    """[Wireshark User's Guide, B.1 and B.4] the folders by system."""
    for name, folder in (("PATH", "empty"), ("HOME", "home"), ("XDG_CONFIG_HOME", "xdg"), ("APPDATA", "roaming")):
        monkeypatch.setenv(name, os.fspath(tmp_path / folder))
    monkeypatch.setattr(sys, "platform", platform)
    assert plugin.personal_folders() == plugin.Folders(tmp_path / plugins, tmp_path / configuration)
