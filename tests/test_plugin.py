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


SYSTEMS = [
    # platform, Personal Lua Plugins and Personal configuration without tshark, line ends of tshark
    ("linux", "home/.local/lib/wireshark/plugins", "xdg/wireshark", "\n"),
    ("darwin", "home/.local/lib/wireshark/plugins", "xdg/wireshark", "\n"),
    ("win32", "roaming/Wireshark/plugins", "roaming/Wireshark", "\r\n"),
]
on_each_system = pytest.mark.parametrize(("platform", "plugins", "configuration", "line_end"), SYSTEMS)


def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, listing: str | None = None) -> None:
    """Another system, with folders of its own, and with a tshark that says this of its folders, or with none."""
    for name, folder in (("PATH", "empty"), ("HOME", "home"), ("XDG_CONFIG_HOME", "xdg"), ("APPDATA", "roaming")):
        monkeypatch.setenv(name, os.fspath(tmp_path / folder))
    program = None
    if listing is not None:
        (tmp_path / "listing").write_bytes(listing.encode())
        program = tmp_path / "tshark"
        program.write_text(f'#!/bin/sh\n[ "$*" = "-G folders" ] && exec /bin/cat "{tmp_path}/listing"\n')
        program.chmod(0o755)
    monkeypatch.setattr(plugin, "find_tshark", lambda: None if program is None else os.fspath(program))
    monkeypatch.setattr(sys, "platform", platform)


@on_each_system
def test_the_folders_without_tshark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, plugins: str, configuration: str, line_end: str
) -> None:
    """[Wireshark User's Guide, B.1 and B.4] the folders by system."""
    system(tmp_path, monkeypatch, platform)
    assert plugin.personal_folders() == plugin.Folders(tmp_path / plugins, tmp_path / configuration), line_end


@on_each_system
def test_install_and_uninstall_on_each_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, plugins: str, configuration: str, line_end: str
) -> None:
    """What is asked for nowhere else: where everything goes, the version, and that nothing stays behind."""
    system(tmp_path, monkeypatch, platform)
    said = plugin.install()
    assert f"MS-RA plugin {msra.__version__} is installed in {tmp_path / plugins / 'msra'}\n" in said, line_end
    assert (tmp_path / plugins / "msra" / "msra.lua").read_bytes() == plugin.script().read_bytes()
    assert (tmp_path / configuration / "profiles" / "Remote Assistance" / "preferences").is_file()
    plugin.uninstall()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@on_each_system
def test_tshark_knows_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, plugins: str, configuration: str, line_end: str
) -> None:
    """A user may have moved the folders; spaces, and letters of any language, stay as they are."""
    there = tmp_path / "J\u00f6rg Smith" / plugins
    lines = ["Temp:                \t/tmp", f"Personal configuration:\t{tmp_path / 'elsewhere'}",
             "Personal Plugins:\t/x/4.4", f"Personal Lua Plugins:\t{there}", "Global Lua Plugins:\t/y"]  # fmt: skip
    system(tmp_path, monkeypatch, platform, line_end.join([*lines, ""]))
    assert plugin.personal_folders() == plugin.Folders(there, tmp_path / "elsewhere"), configuration


@pytest.mark.parametrize("listing", ["", "no folders here\n", "Personal configuration:\t\n"])
def test_a_tshark_that_does_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listing: str) -> None:
    system(tmp_path, monkeypatch, "linux", listing)
    assert plugin.personal_folders().configuration == tmp_path / "xdg" / "wireshark"


def test_a_tshark_that_cannot_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system(tmp_path, monkeypatch, "linux")
    monkeypatch.setattr(plugin, "find_tshark", lambda: os.fspath(tmp_path))
    assert plugin.personal_folders().configuration == tmp_path / "xdg" / "wireshark"


def test_the_old_configuration_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wireshark goes on with ~/.wireshark where there is no newer one."""
    system(tmp_path, monkeypatch, "linux")
    (tmp_path / "home" / ".wireshark").mkdir(parents=True)
    assert plugin.personal_folders().configuration == tmp_path / "home" / ".wireshark"
    (tmp_path / "xdg" / "wireshark").mkdir(parents=True)
    assert plugin.personal_folders().configuration == tmp_path / "xdg" / "wireshark"


def test_an_older_version_is_replaced_and_named(folders: plugin.Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msra, "__version__", "0.0.1")
    assert "in place of" not in plugin.install(folders)
    monkeypatch.undo()
    assert (
        f"MS-RA plugin {msra.__version__} is installed in {folders.plugin.folder}, in place of 0.0.1"
        in plugin.install(folders)
    )


def test_wireshark_loads_what_was_installed(tmp_path: Path) -> None:
    """The real one, from the real folders of a new user."""
    environment = {"HOME": os.fspath(tmp_path), "PATH": os.environ["PATH"], "LC_ALL": "C"}
    script = "from msra import plugin; print(plugin.install())"
    python_path = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", script], env={**environment, "PYTHONPATH": python_path}, check=True)
    capture = Path(__file__).parent.parent / "pcaps" / "v2_err61_passwords_dont_match.pcapng"
    done = subprocess.run(
        ["tshark", "-n", "-r", os.fspath(capture), "-Y", "msra.result"], capture_output=True, text=True, env=environment
    )
    assert "PASSWORDS_DONT_MATCH (61)" in done.stdout, done.stderr
