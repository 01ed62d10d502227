"""The Wireshark plugin that travels with this package: where it is, and putting it and its profile into Wireshark."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msra
from msra.installed_files import InstalledFiles
from msra.wireshark import find_tshark

ENTRY = "msra.lua"
PROFILE = "Remote Assistance"
_PLUGINS, _CONFIGURATION = "Personal Lua Plugins:", "Personal configuration:"


class PluginError(Exception):
    """The plugin cannot be installed or removed; the text is one clear sentence."""


class Folders(NamedTuple):
    """Wireshark's personal folders: Lua plugins, and the configuration with its profiles."""

    plugins: Path
    configuration: Path

    @property
    def plugin(self) -> InstalledFiles:
        """What is installed of the plugin."""
        return InstalledFiles(self.plugins / "msra")

    @property
    def profile(self) -> InstalledFiles:
        """What is installed of the profile."""
        return InstalledFiles(self.configuration / "profiles" / PROFILE)


def source_folder() -> Path:
    """The folder that holds the plugin: inside the installed package, or in a checkout beside it."""
    package = Path(__file__).parent
    for folder in (package / "dissector", package.parent.parent / "dissector"):
        if (folder / ENTRY).is_file():
            return folder
    raise PluginError("the plugin's files are missing from this installation; install the package again")


def script() -> Path:
    """The file to give to `tshark -X lua_script:`."""
    return source_folder() / ENTRY


def modules() -> list[Path]:
    """The files of the plugin."""
    return sorted(source_folder().glob("*.lua"))


def install(folders: Folders | None = None) -> str:
    """Copy the plugin and the profile into Wireshark's personal folders; returns what was done, in sentences.

    A plugin file that was not written by this is an error. A file of the profile that the user changed stays as it is:
    Wireshark writes its settings there.
    """
    folders = folders or personal_folders()
    source = source_folder()
    scripts, settings = modules(), sorted((source / "profile").iterdir())
    plugin, profile = folders.plugin, folders.profile
    try:
        if foreign := plugin.foreign(scripts):
            raise PluginError(
                f"{plugin.folder} has files that this command did not write: {', '.join(foreign)}; move them away"
            )
        before = plugin.version
        plugin.install(scripts, msra.__version__)
        kept = profile.install(settings, msra.__version__)
    except OSError as error:
        raise PluginError(f"{error.filename or plugin.folder}: it cannot be written: {error.strerror}") from error
    instead = f", in place of {before}" if before not in (None, msra.__version__) else ""
    return (
        f"MS-RA plugin {msra.__version__} is installed in {plugin.folder}{instead}\n"
        f"The profile '{PROFILE}' is in {profile.folder}\n{_kept(kept)}Restart Wireshark to use them."
    )


def uninstall(folders: Folders | None = None) -> str:
    """Remove the files that `install` wrote, and only those."""
    folders = folders or personal_folders()
    said: list[str] = []
    for what, files in (("plugin", folders.plugin), ("profile", folders.profile)):
        try:
            kept = files.remove()
        except OSError as error:
            raise PluginError(f"{files.folder}: the {what} cannot be removed: {error.strerror}") from error
        if kept is not None:
            said.append(f"The MS-RA {what} was removed from {files.folder}\n{_kept(kept)}")
    if not said:
        raise PluginError(f"{folders.plugin.folder} holds no plugin that this command installed")
    return "".join(said).rstrip()


def _kept(names: Sequence[str]) -> str:
    return f"Files that were changed since were kept: {', '.join(names)}\n" if names else ""


def personal_folders() -> Folders:
    """What tshark says, else where Wireshark has them on this system (Wireshark User's Guide, B.1 and B.4)."""
    said = _folders_of_tshark()
    if not {_PLUGINS, _CONFIGURATION} <= said.keys():
        said = _usual_folders() | said
    return Folders(said[_PLUGINS], said[_CONFIGURATION])


def _usual_folders() -> dict[str, Path]:
    try:
        home = Path.home()
    except RuntimeError as error:
        raise PluginError("this user has no home folder, where Wireshark would look for plugins; set HOME") from error
    if sys.platform == "win32":
        configuration = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming") / "Wireshark"
        return {_PLUGINS: configuration / "plugins", _CONFIGURATION: configuration}
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "wireshark"
    old = home / ".wireshark"
    if old.is_dir() and not configuration.is_dir():
        configuration = old  # where Wireshark has them since before 2.0, it leaves them
    return {_PLUGINS: home / ".local" / "lib" / "wireshark" / "plugins", _CONFIGURATION: configuration}


def _folders_of_tshark() -> dict[str, Path]:
    """By label; none if there is no tshark, or it says nothing."""
    tshark = find_tshark()
    if tshark is None:
        return {}
    try:
        listing = subprocess.run(  # noqa: S603
            [tshark, "-G", "folders"], capture_output=True, encoding="utf-8", errors="replace", check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found = (line.partition("\t") for line in listing.stdout.splitlines())
    return {label.strip(): Path(path.strip()) for label, _, path in found if path.strip()}
